//! Refusals as pages, for people.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::admin;
use super::frame::Frame;
use super::page::page;
use super::visitor::Visitor;
use crate::error::{Error, Refusal};
use crate::http::{self, RouteTable, of_status, request_ids};

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'p> {
    frame: Frame,
    title: &'p str,
    detail: &'p str,
    request_id: &'p str,
}

/// The same for who works at the desk.
#[derive(Template)]
#[template(path = "admin/error.html")]
struct DeskErrorPage<'p> {
    frame: Frame,
    title: &'p str,
    detail: &'p str,
    request_id: &'p str,
}

/// Around all pages: what they refuse is told in words.
///
/// # Errors
/// What the handler's answer came to.
pub(super) async fn show(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let response = next.call(request).await?.map_into_boxed_body();
    let status = response.status();
    let page = response.headers().contains_key(header::CONTENT_TYPE);
    if page || !(status.is_client_error() || status.is_server_error()) {
        return Ok(response);
    }
    let refusal = response.response().extensions().get::<Refusal>().cloned();
    let refusal = refusal.unwrap_or_else(|| of_status(status.as_u16()));
    let shown = render(response.request(), &refusal)?;
    Ok(response.into_response(shown))
}

fn render(request: &HttpRequest, refusal: &Refusal) -> Result<HttpResponse, Error> {
    let frame = Visitor::of(request)?.frame(0);
    let (request_id, _) = request_ids(request);
    let key = format!("errors.{}", refusal.code);
    let title = if frame.texts.has(&key) { frame.t(&key) } else { frame.t("errors.title") };
    let title = title.to_owned();
    // Visitors are told what it means for them; who works at the desk, which thing it is about.
    let told = format!("errors.told.{}", refusal.code);
    let is_desk = admin::is_desk(request.path());
    let told = match !is_desk && frame.texts.has(&told) {
        true => frame.t(&told).to_owned(),
        false => frame.refused(refusal),
    };
    let detail = told.as_str();
    let (title, request_id) = (title.as_str(), &request_id);
    let status = actix_web::http::StatusCode::from_u16(refusal.status)
        .unwrap_or(actix_web::http::StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = match is_desk {
        true => page(status, &DeskErrorPage { frame, title, detail, request_id })?,
        false => page(status, &ErrorPage { frame, title, detail, request_id })?,
    };
    if let Some(seconds) = refusal.retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response.extensions_mut().insert(refusal.clone());
    Ok(response)
}

/// What nobody answers: a problem document under `/v1`, where programs ask, a page elsewhere.
pub(super) async fn unmatched(request: HttpRequest, table: web::Data<RouteTable>) -> HttpResponse {
    let for_people = !request.path().starts_with("/v1") && accepts_pages(&request);
    let refused = http::refuse_unmatched(request.clone(), table).await;
    let refusal = refused.extensions().get::<Refusal>().cloned();
    match refusal {
        Some(refusal) if for_people => render(&request, &refusal).unwrap_or(refused),
        _ => for_programs(refused),
    }
}

fn accepts_pages(request: &HttpRequest) -> bool {
    let accept = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// [`show`] leaves alone what has a type.
fn for_programs(mut response: HttpResponse) -> HttpResponse {
    let kind = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
