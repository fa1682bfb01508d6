//! The pages: a shop to order from, a desk to run it from, and a window into it.
//!
//! Rendered on the server, whole without JavaScript and better with it; nothing comes from another
//! host. Pages call the doors of the other rooms and hold no rule of their own. Invariants: every
//! page forbids itself scripts and styles that are not this binary's ([`headers`]); nothing that
//! changes anything is taken from a page of another site; texts of people are escaped by the
//! templates; every word that a visitor reads stands in `templates/texts/`. Owns no table.

mod admin;
mod assets;
mod cookie;
mod error_page;
mod frame;
mod headers;
mod locale;
mod page;
mod picture;
mod shop;
mod texts;
mod visitor;
mod window;

use actix_web::middleware::{Compress, from_fn};
use actix_web::web;

use crate::kernel::Token;

pub use admin::SealKeys;
pub use picture::Pictures;
pub use visitor::ShopSettings;

/// Registers the pages. They come last: what nobody else answers is theirs to refuse.
pub fn routes(config: &mut web::ServiceConfig) {
    // Not compressed: the length of what is would tell of the secrets in it (BREACH).
    let desk = web::scope("/admin")
        .configure(admin::routes)
        .configure(window::routes)
        .default_service(web::to(error_page::unmatched))
        .wrap(from_fn(headers::same_site_only))
        .wrap(from_fn(error_page::show))
        .wrap(from_fn(headers::add));
    config.service(desk);
    let pages = web::scope("")
        .configure(assets::routes)
        .configure(shop::routes)
        .default_service(web::to(error_page::unmatched))
        .wrap(from_fn(headers::same_site_only))
        .wrap(from_fn(error_page::show))
        .wrap(from_fn(headers::add))
        .wrap(Compress::default());
    config.service(pages);
}

/// The route that takes files.
pub const UPLOADS: &str = "/admin/products/import";

/// Where a person sets a password, for who is told of it outside of the pages.
#[must_use]
pub fn set_up_address(host: &str, token: &Token) -> String {
    format!("http://{host}{}", admin::set_up_path(token))
}
