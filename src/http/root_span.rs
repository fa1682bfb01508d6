//! The root span of a request, by OpenTelemetry's HTTP conventions. Never a query string in it.

use actix_web::HttpMessage;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use tracing::{Span, field, info_span};
use tracing_actix_web::RootSpanBuilder;

use super::pipeline::RequestIds;
use crate::kernel::Origin;

/// Makes the root span, and with it the request's ids.
pub struct RootSpan;

impl RootSpanBuilder for RootSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let request_id = inbound_id(request).unwrap_or_else(Origin::new_request_id);
        let method = request.method().as_str();
        let route = request.match_pattern().unwrap_or_else(|| "unmatched".into());
        let span = info_span!(
            "request",
            "otel.name" = format!("{method} {route}"),
            "otel.kind" = "server",
            "http.request.method" = method,
            "http.route" = route,
            "url.path" = request.path(),
            "http.response.status_code" = field::Empty,
            "otel.status_code" = field::Empty,
            "app.module" = "http",
            request_id,
            trace_id = field::Empty,
        );
        let trace_id = span.in_scope(crate::telemetry::current_trace_id);
        span.record("trace_id", trace_id.as_deref());
        request.extensions_mut().insert(RequestIds { request_id, trace_id });
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
        span.record("http.response.status_code", status.as_u16());
        if status.is_server_error() {
            span.record("otel.status_code", "ERROR");
        }
    }
}

/// A caller may bring its own request id, when it is short and plain.
fn inbound_id(request: &ServiceRequest) -> Option<String> {
    let id = request.headers().get("x-request-id")?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    ((8..=64).contains(&id.len()) && id.bytes().all(plain)).then(|| id.to_owned())
}
