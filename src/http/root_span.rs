//! The root span of a request, by OpenTelemetry's HTTP conventions. Never a query string in it.

use actix_web::HttpMessage;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Version;
use actix_web::http::header::HeaderMap;
use tracing::{Span, field, info_span};
use tracing_actix_web::RootSpanBuilder;

use super::pipeline::{RequestIds, method_label, route_of};
use crate::kernel::Origin;
use crate::telemetry::{self, InboundHeaders};

/// Makes the root span, and with it the request's ids.
pub struct RootSpan;

struct Headers<'a>(&'a HeaderMap);

impl InboundHeaders for Headers<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.to_str().ok()
    }
}

impl RootSpanBuilder for RootSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let request_id = request_id(request);
        let span = new_span(request, &request_id);
        let peer = request.peer_addr().map(|address| address.ip());
        telemetry::begin_request(&span, &Headers(request.headers()), peer);
        let ids = span.in_scope(telemetry::current_span).unzip();
        let (trace_id, span_id) = ids;
        request.extensions_mut().insert(RequestIds { request_id, trace_id, span_id });
        span
    }

    fn on_request_end<B: MessageBody>(
        span: Span,
        outcome: &Result<ServiceResponse<B>, actix_web::Error>,
    ) {
        let status = match outcome {
            Ok(response) => response.status(),
            Err(error) => error.as_response_error().status_code(),
        };
        span.record("http.response.status_code", i64::from(status.as_u16()));
        if status.is_server_error() {
            span.record("otel.status_code", "ERROR");
            span.record("error.type", status.as_str());
        }
    }
}

/// A method that HTTP does not know names no span, or anybody could make new names without end.
fn new_span(request: &ServiceRequest, request_id: &str) -> Span {
    let method = method_label(request.request());
    let verb = if method == "OTHER" { "HTTP" } else { method };
    let route = route_of(request);
    let name = route.as_ref().map_or_else(|| verb.to_owned(), |route| format!("{verb} {route}"));
    let agent = request.headers().get("user-agent").and_then(|agent| agent.to_str().ok());
    info_span!(
        "request",
        "otel.name" = name,
        "otel.kind" = "server",
        "otel.status_code" = field::Empty,
        "app.module" = "http",
        "http.request.method" = if method == "OTHER" { "_OTHER" } else { method },
        "http.route" = route,
        "http.response.status_code" = field::Empty,
        "error.type" = field::Empty,
        "url.path" = shown_path(request.path(), route.as_deref()),
        "url.scheme" = "http",
        "network.protocol.version" = protocol_version(request.version()),
        "user_agent.original" = agent,
        request_id,
    )
}

/// Who knows such an address may do what it leads to: of these only the pattern is told.
const SECRET_PARTS: [&str; 2] = ["{token}", "{link}"];

/// An address that no route takes may be such a one with a slash too many: nothing of it is told.
fn shown_path<'p>(path: &'p str, route: Option<&'p str>) -> Option<&'p str> {
    match route {
        Some(route) if SECRET_PARTS.iter().any(|part| route.contains(part)) => Some(route),
        Some(_) => Some(path),
        None => None,
    }
}

fn protocol_version(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "1.0",
        Version::HTTP_2 => "2",
        _ => "1.1",
    }
}

/// The id of a request.
pub(super) fn request_id(request: &ServiceRequest) -> String {
    inbound_id(request).unwrap_or_else(Origin::new_request_id)
}

/// A caller may bring its own request id, when it is short and plain.
fn inbound_id(request: &ServiceRequest) -> Option<String> {
    let id = request.headers().get("x-request-id")?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    ((8..=64).contains(&id.len()) && id.bytes().all(plain)).then(|| id.to_owned())
}
