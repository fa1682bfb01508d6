//! The routes of the catalogue.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{get, put};
use serde::Deserialize;
use utoipa_actix_web::service_config::ServiceConfig;

use super::error::CatalogRefusal;
use super::get;
use super::model::{Product, ProductDetails, ProductInput, Sku};
use super::put::put;
use super::search::search;
use crate::db::Db;
use crate::error::{Error, Refusal};
use crate::http::scopes::{CatalogRead, CatalogWrite};
use crate::http::{Call, Command, Cursor, Page, Paging, Params, Problem, Reply, Text};
use crate::kernel::Currency;

/// Registers the routes.
pub fn routes(config: &mut ServiceConfig) {
    config.service(put_product).service(read_product).service(search_products);
}

/// Create or replace a product.
///
/// What is left out is empty afterwards; prices in other currencies stay. The same body again
/// changes nothing.
#[utoipa::path(
    tag = "catalog",
    params(
        ("sku" = String, Path, description = "1 to 64 of A-Z a-z 0-9 . _ -"),
        ("If-Match" = Option<String>, Header, description = "The ETag of the version to replace"),
    ),
    request_body = ProductDetails,
    security(("api_key" = ["catalog:write"])),
    responses(
        (status = 200, description = "Replaced", body = Product),
        (status = 201, description = "Created", body = Product),
        (status = 400, body = Problem),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 412, body = Problem),
        (status = 422, body = Problem),
    )
)]
#[put("/v1/products/{sku}")]
async fn put_product(
    command: Command<CatalogWrite, ProductDetails>,
    db: Data<Arc<Db>>,
    sku: Path<String>,
) -> Result<Reply, Error> {
    let sku: Sku = sku.parse().map_err(|_| CatalogRefusal::InvalidSku)?;
    let location = format!("/v1/products/{sku}");
    let input = ProductInput { sku, details: command.body };
    let if_match = command.if_match;
    let done = db.write(&command.origin, move |tx| put(tx, &input, if_match)).await?;
    let reply = Reply::json(if done.created { 201 } else { 200 }, &done.product)?;
    let reply = reply.etag(done.product.version);
    Ok(if done.created { reply.header("location", location) } else { reply })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadQuery {
    currency: Option<String>,
}

/// A product.
#[utoipa::path(
    tag = "catalog",
    params(
        ("sku" = String, Path),
        ("currency" = Option<String>, Query, description = "Which price to show as `price`"),
    ),
    security(("api_key" = ["catalog:read"])),
    responses(
        (status = 200, body = Product),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 422, body = Problem),
    )
)]
#[get("/v1/products/{sku}")]
async fn read_product(
    _call: Call<CatalogRead>,
    db: Data<Arc<Db>>,
    sku: Path<String>,
    params: Params<ReadQuery>,
) -> Result<Reply, Error> {
    let sku: Sku = sku.parse().map_err(|_| CatalogRefusal::UnknownProduct)?;
    let currency = read_currency(params.read()?.currency.as_deref())?;
    let found = db.look_up(move |conn| get::product(conn, sku.as_str(), currency)).await?;
    let product = found.ok_or(CatalogRefusal::UnknownProduct)?;
    Ok(Reply::json(200, &product)?.etag(product.version))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SearchQuery {
    q: Option<String>,
    currency: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

/// Products, newest first: all of them, or those that contain every word of `q`.
#[utoipa::path(
    tag = "catalog",
    params(
        ("q" = Option<String>, Query, description = "Words in name, brand, category or SKU"),
        ("currency" = Option<String>, Query, description = "Which price to show as `price`"),
        ("limit" = Option<i64>, Query, description = "1 to 200, default 50"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    security(("api_key" = ["catalog:read"])),
    responses(
        (status = 200, body = Page<Product>),
        (status = 400, body = Problem),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 422, body = Problem),
    )
)]
#[get("/v1/products")]
async fn search_products(
    _call: Call<CatalogRead>,
    db: Data<Arc<Db>>,
    params: Params<SearchQuery>,
) -> Result<Reply, Error> {
    let SearchQuery { q, currency, limit, cursor } = params.read()?;
    let words = Text::<0, 200>::check(q.unwrap_or_default())
        .map_err(|reason| Refusal::invalid("q", "invalid", reason))?;
    let currency = read_currency(currency.as_deref())?;
    let filters = format!("products with {}", words.as_str());
    let paging = Paging::read(limit.as_deref(), cursor.as_deref(), &filters)?;
    let wanted = paging.clone();
    let rows = db.read(move |conn| search(conn, words.as_str(), &wanted)).await?;
    let rows = rows.into_iter().map(|product| product.quoted_in(currency)).collect();
    let place = |row: &Product| Cursor { created_at: row.created_at, id: row.sku.clone() };
    Reply::json(200, &paging.page(rows, place))
}

fn read_currency(text: Option<&str>) -> Result<Option<Currency>, Refusal> {
    let invalid = |reason: crate::kernel::MoneyError| {
        Refusal::invalid("currency", "invalid", reason.to_string())
    };
    text.map(|text| text.parse().map_err(invalid)).transpose()
}
