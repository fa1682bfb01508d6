//! From a template to an answer.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use askama::Template;

use crate::error::Error;

/// A page.
///
/// # Errors
/// [`Error::Internal`] when the template cannot be rendered: a defect.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Result<HttpResponse, Error> {
    let html = template.render().map_err(|failure| Error::internal("rendering a page", failure))?;
    Ok(HttpResponse::build(status)
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .body(html))
}

/// After a change: the page that shows it, so that loading it anew changes nothing (RFC 9110,
/// 15.4.4).
pub(super) fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, location)).finish()
}
