//! What every page tells the browser to refuse.

use actix_web::ResponseError;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;

use crate::error::Error;
use crate::http::same_site;

/// Scripts, styles and pictures of this host only, and none written into a page.
const CONTENT_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

/// A secret address must not travel to other sites. `no-referrer` would hide from ourselves where
/// forms come from as well.
const ALWAYS: [(&str, &str); 6] = [
    ("content-security-policy", CONTENT_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=()"),
];

/// Refuses what would change something for a page of another site.
///
/// # Errors
/// What the handler's answer came to.
pub(super) async fn same_site_only(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let safe = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    // What is no page is refused for that, in the words of the API.
    let page = request.match_pattern().is_some_and(|pattern| !pattern.starts_with("/v1"));
    if page
        && !safe
        && let Err(refusal) = same_site(request.request())
    {
        return Ok(request.into_response(Error::from(refusal).error_response()));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// Adds the headers.
///
/// # Errors
/// What the handler's answer came to.
pub(super) async fn add(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}
