//! The page of a product.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;

use super::card::Card;
use crate::catalog;
use crate::db::Db;
use crate::error::{Error, Refusal};
use crate::inventory;
use crate::kernel::Currency;
use crate::web::frame::Frame;
use crate::web::page::page;
use crate::web::picture::Pictures;
use crate::web::visitor::{Visitor, cart_units};

#[derive(Template)]
#[template(path = "shop/product.html")]
struct ProductPage {
    frame: Frame,
    currency: Currency,
    card: Card,
}

/// Shows a product.
pub(super) async fn show(
    visitor: Visitor,
    sku: Path<String>,
    db: Data<Arc<Db>>,
    pictures: Data<Pictures>,
) -> Result<HttpResponse, Error> {
    let (sku, currency) = (sku.into_inner(), visitor.shop.currency);
    let secret = visitor.secret.clone();
    let (product, available, units) = db
        .read(move |conn| {
            let found = catalog::on_shelf(conn, &[&sku], currency)?.into_iter().next();
            let product = found.ok_or_else(|| Refusal::not_found("product"))?;
            let available = inventory::available(conn, &[&product.sku])?;
            Ok((product, available, cart_units(conn, secret.as_ref())?))
        })
        .await?;
    let card = Card::of(product, &available, &pictures);
    page(StatusCode::OK, &ProductPage { frame: visitor.frame(units), currency, card })
}
