//! The shop: looking around, the cart, the checkout, and the page of an order.

mod card;
mod cart;
mod catalogue;
mod checkout;
mod live;
mod order;
mod product;

use actix_web::web::{ServiceConfig, get, post};

/// Registers the pages of the shop.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/", get().to(catalogue::show))
        .route("/products/{sku}", get().to(product::show))
        .route("/cart", get().to(cart::show))
        .route("/cart/lines", post().to(cart::add))
        .route("/cart/lines/{sku}", post().to(cart::set))
        .service(
            actix_web::web::resource("/checkout")
                .route(get().to(checkout::show))
                .route(post().to(checkout::submit)),
        )
        .route("/orders/{link}", get().to(order::show))
        .route("/orders/{link}/events", get().to(live::events))
        .configure(super::picture::routes);
}
