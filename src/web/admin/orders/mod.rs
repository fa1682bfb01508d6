//! Orders at the desk: the list, one order with its timeline, and what is done about it.

mod act;
mod list;
mod show;
mod timeline;

use actix_web::web::{ServiceConfig, get, post};

/// Registers the pages.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/orders", get().to(list::show))
        .route("/orders/{id}", get().to(show::show))
        .route("/orders/{id}/cancel", post().to(act::cancel))
        .route("/orders/{id}/fulfil", post().to(act::fulfil))
        .route("/orders/{id}/payments/{payment}/{action}", post().to(act::money));
}
