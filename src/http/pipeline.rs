//! What happens around every handler: ids, the time limit, stopping, problem documents, the
//! canonical line.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::ConnectionType;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};
use futures_util::FutureExt;

use super::canonical_line::CanonicalLine;
use super::problem::{of_status, render};
use super::traffic::Traffic;
use super::unread::Held;
use crate::error::Refusal;
use crate::telemetry::metrics;

/// Limits on every request.
#[derive(Debug, Clone)]
pub struct Limits {
    /// From the first byte of the head to the last of the answer.
    pub request_timeout: Duration,
    /// The same for the route that takes files, named by its pattern.
    pub upload: (&'static str, Duration),
    /// From the head to the end of the body.
    pub body_timeout: Duration,
    /// Bytes of a body.
    pub body_bytes: usize,
    /// Requests that are worked on at once.
    pub requests: usize,
}

impl Limits {
    fn time_for(&self, request: &ServiceRequest) -> Duration {
        let (route, time) = self.upload;
        if route_of(request).as_deref() == Some(route) { time } else { self.request_timeout }
    }
}

/// The ids of a request, given by its root span.
#[derive(Debug, Clone, Default)]
pub(super) struct RequestIds {
    pub(super) request_id: String,
    pub(super) trace_id: Option<String>,
    pub(super) span_id: Option<String>,
}

pub(super) fn ids_of(request: &HttpRequest) -> RequestIds {
    request.extensions().get::<RequestIds>().cloned().unwrap_or_default()
}

/// The ids of a request and of its trace, for who reads an answer.
#[must_use]
pub fn request_ids(request: &HttpRequest) -> (String, Option<String>) {
    let ids = ids_of(request);
    (ids.request_id, ids.trace_id)
}

/// The middleware around every handler, inside the root span.
///
/// # Errors
/// Only with a problem document ready to be sent.
pub async fn answer(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let _active = metrics::active_request();
    let ids = ids_of(request.request());
    let route = route_of(&request).unwrap_or_else(|| "unmatched".into());
    let mut line = CanonicalLine::begin(request.request(), route);
    let body = Held::of(&mut request);
    let traffic = request.app_data::<web::Data<Traffic>>();
    let stopping = traffic.is_some_and(|traffic| traffic.is_stopping());
    let outcome = if stopping { Err(stopping_refusal()) } else { call(request, next).await };
    match outcome {
        Ok(response) => {
            let (mut response, code) = with_problem(response, &ids);
            add_ids(response.response_mut(), &ids);
            line.answered(response.status().as_u16(), code);
            Ok(response.map_body(|_, answer| body.until_sent(answer)))
        }
        Err(refusal) => {
            line.answered(refusal.status, refusal.code);
            let mut response = render(&refusal, &ids.request_id, ids.trace_id.as_deref());
            add_ids(&mut response, &ids);
            response.head_mut().set_connection_type(ConnectionType::Close);
            let response = response.map_body(|_, answer| body.until_sent(answer));
            Err(InternalError::from_response(refusal.detail, response).into())
        }
    }
}

/// The pattern of a request's route, once it was looked for.
#[derive(Clone)]
struct Route(Option<String>);

/// The pattern of the route, never the path. Looking for it goes through all patterns.
pub(super) fn route_of(request: &ServiceRequest) -> Option<String> {
    let known = request.extensions().get::<Route>().cloned();
    let Route(pattern) = known.unwrap_or_else(|| {
        let found = Route(request.match_pattern());
        request.extensions_mut().insert(found.clone());
        found
    });
    pattern
}

/// The handler's answer, or why there is none. The request must not be held on to: routing needs
/// it for itself.
async fn call(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Refusal> {
    let limits = request.app_data::<web::Data<Limits>>();
    let limit = limits.map_or(Duration::from_secs(30), |limits| limits.time_for(&request));
    // A panic was told by the hook; whoever asked gets an answer all the same.
    let answered = AssertUnwindSafe(async { next.call(request).await }).catch_unwind();
    match tokio::time::timeout(limit, answered).await {
        Ok(Ok(Ok(response))) => Ok(response.map_into_boxed_body()),
        Ok(Ok(Err(error))) => Err(of_status(error.as_response_error().status_code().as_u16())),
        Ok(Err(_panic)) => Err(of_status(500)),
        Err(_elapsed) => Err(of_status(408)),
    }
}

fn stopping_refusal() -> Refusal {
    let mut refusal = Refusal::new(503, "stopping", "The server is stopping; try another copy.");
    refusal.retry_after_s = Some(1);
    refusal
}

/// Every refusal leaves as a problem document, also those that actix itself made. Answers its code
/// as well, or an empty text.
fn with_problem(
    response: ServiceResponse<BoxBody>,
    ids: &RequestIds,
) -> (ServiceResponse<BoxBody>, &'static str) {
    let status = response.status();
    let refusal = response.response().extensions().get::<Refusal>().cloned();
    let made_elsewhere = status.is_client_error() || status.is_server_error();
    let kind = response.headers().get(actix_web::http::header::CONTENT_TYPE);
    let json = kind.is_some_and(|kind| kind.as_bytes().ends_with(b"json"));
    let page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let refusal = match refusal {
        // The page tells it already.
        Some(refusal) if page => return (response, refusal.code),
        Some(refusal) => refusal,
        None if made_elsewhere && !json && !page => of_status(status.as_u16()),
        None => return (response, ""),
    };
    let allow = response.headers().get(actix_web::http::header::ALLOW).cloned();
    let mut rendered = render(&refusal, &ids.request_id, ids.trace_id.as_deref());
    if let Some(allow) = allow {
        rendered.headers_mut().insert(actix_web::http::header::ALLOW, allow);
    }
    (response.into_response(rendered), refusal.code)
}

pub(super) fn add_ids(response: &mut HttpResponse, ids: &RequestIds) {
    let mut add = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    };
    add("x-request-id", &ids.request_id);
    if let Some(trace_id) = &ids.trace_id {
        add("x-trace-id", trace_id);
    }
}

/// The method as a label: an unknown one must not make a series of its own.
pub(super) fn method_label(request: &HttpRequest) -> &'static str {
    match request.method().as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "OTHER",
    }
}

#[cfg(test)]
mod tests {
    use actix_web::middleware::from_fn;
    use actix_web::{App, test};

    use super::*;

    async fn dies() -> HttpResponse {
        panic!("planted")
    }

    #[actix_web::test]
    async fn a_handler_that_panics_is_answered() {
        let app = App::new().route("/", web::get().to(dies)).wrap(from_fn(answer));
        let app = test::init_service(app).await;
        let request = test::TestRequest::get().uri("/").to_request();
        let refused = test::try_call_service(&app, request).await.unwrap_err();
        let response = refused.error_response();
        assert_eq!(response.status(), 500);
        let body = actix_web::body::to_bytes(response.into_body()).await.unwrap();
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem["code"], "internal");
    }
}
