//! What the shop sells and how much of it there is: products, files of products, stock.

mod edit;
mod export;
mod import;
mod products;
mod stock;

use actix_web::web::{ServiceConfig, get, post, resource};

pub(super) use stock::SCARCE;

/// Registers the pages, under `/admin`.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/products", get().to(products::show))
        .route("/products/export.csv", get().to(export::download))
        .service(
            resource("/products/import")
                .route(get().to(import::show))
                .route(post().to(import::take)),
        )
        .route("/products/imports/{id}", get().to(import::progress))
        .service(resource("/product").route(get().to(edit::new)).route(post().to(edit::save)))
        .route("/product/{sku}", get().to(edit::show))
        .route("/stock", get().to(stock::list))
        .service(
            resource("/stock/{sku}").route(get().to(stock::show)).route(post().to(stock::adjust)),
        );
}
