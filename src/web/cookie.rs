//! The cookies of the pages: named `__Host-…`, so that a browser takes them from this very host
//! only (RFC 6265bis, 4.1.3.2), sees them sent over TLS or to itself, and keeps them from scripts.

use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time};

/// What opens the cart of a visitor.
pub(super) const CART: &str = "__Host-cart";

/// What a person at the desk is known by.
pub(super) const DESK: &str = "__Host-desk";

/// What a browser is known by that a person of the desk has signed in by.
pub(super) const BROWSER: &str = "__Host-browser";

/// What a browser kept under this name.
pub(super) fn read(request: &HttpRequest, name: &str) -> Option<String> {
    request.cookie(name).map(|cookie| cookie.value().to_owned())
}

/// A cookie for so many days.
pub(super) fn keep(name: &'static str, value: String, days: i64) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Lax)
        .max_age(time::Duration::days(days))
        .finish()
}

/// What has the browser forget a cookie.
pub(super) fn forget(name: &'static str) -> Cookie<'static> {
    keep(name, String::new(), 0)
}
