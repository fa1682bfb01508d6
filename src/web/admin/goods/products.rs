//! The catalogue as the desk sees it: every product, also those without a price here.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use askama::Template;
use serde::Deserialize;

use crate::catalog::{self, Product};
use crate::db::Db;
use crate::error::Error;
use crate::http::{Cursor, Page, Paging};
use crate::web::admin::desk::{Desk, Section};
use crate::web::admin::staff::{Anyone, Changers, Staff};
use crate::web::frame::Frame;
use crate::web::page::page;

const QUERY_CHARS: usize = 100;

#[derive(Debug, Deserialize)]
pub(super) struct Looking {
    #[serde(default)]
    q: String,
    cursor: Option<String>,
}

#[derive(Template)]
#[template(path = "admin/goods/products.html")]
struct ProductsPage {
    frame: Frame,
    desk: Desk,
    query: String,
    products: Vec<Product>,
    next: Option<String>,
    may_change: bool,
}

/// Lists products, newest first, or those that a search finds.
pub(super) async fn show(
    staff: Staff<Anyone>,
    looking: Query<Looking>,
    db: Data<Arc<Db>>,
) -> Result<HttpResponse, Error> {
    let Looking { q, cursor } = looking.into_inner();
    let query: String = q.trim().chars().take(QUERY_CHARS).collect();
    let paging = Paging::read(None, cursor.as_deref(), &format!("desk products {query}"))?;
    let (wanted, asked) = (paging.clone(), query.clone());
    let rows = db.read(move |conn| catalog::search(conn, &asked, &wanted)).await?;
    let place = |row: &Product| Cursor { created_at: row.created_at, id: row.sku.clone() };
    let Page { data, next_cursor } = paging.page(rows, place);
    let next = next_cursor.map(|cursor| next_page(&query, &cursor));
    let (frame, desk) = staff.surroundings(Section::Products);
    let may_change = staff.may::<Changers>();
    let shown = ProductsPage { frame, desk, query, products: data, next, may_change };
    page(StatusCode::OK, &shown)
}

fn next_page(query: &str, cursor: &str) -> String {
    let pairs = [("q", query), ("cursor", cursor)];
    let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
    format!("/admin/products?{query}")
}
