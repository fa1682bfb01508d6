//! Problem documents (RFC 9457): how an [`Error`] looks to a client.
//!
//! An error becomes a response that carries its [`Refusal`] as an extension; the pipeline, which
//! knows the request's ids, writes the body. So there is one place that renders problems, also for
//! those that actix makes by itself.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, HttpResponseBuilder, ResponseError};
use serde_json::{Map, Value, json};

use crate::error::{Error, FieldError, Refusal};

const RETRY_AFTER_S: u32 = 1;

impl ResponseError for Error {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(refusal(self).status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let refusal = refusal(self);
        if refusal.status == 500 {
            tracing::error!(error = %self, "a request failed");
        }
        let mut response = HttpResponse::new(self.status_code());
        response.extensions_mut().insert(refusal);
        response
    }
}

/// What the client is told; nothing of the inside of a failure.
fn refusal(error: &Error) -> Refusal {
    match error {
        Error::Refused(refusal) => (**refusal).clone(),
        Error::Unavailable(detail) => {
            let mut refusal = Refusal::new(503, "unavailable", *detail);
            refusal.retry_after_s = Some(RETRY_AFTER_S);
            refusal
        }
        Error::Contention(_) | Error::Internal { .. } => of_status(500),
    }
}

/// The problem for a status that came without one.
#[must_use]
pub fn of_status(status: u16) -> Refusal {
    let (code, detail) = match status {
        400 => ("bad_request", "The request cannot be read."),
        404 => ("not_found", "There is nothing at this address."),
        405 => ("method_not_allowed", "This address does not take this method."),
        408 => ("request_timeout", "The request took too long; it may or may not have had effect."),
        413 => ("body_too_large", "The body is larger than this server takes."),
        414 => ("uri_too_long", "The address is longer than this server takes."),
        415 => ("unsupported_media_type", "Send the body as application/json."),
        503 => ("unavailable", "The server cannot take this now; try again shortly."),
        500.. => (
            "internal",
            "Something went wrong on our side. Nothing more is known here; the request id leads \
             to it.",
        ),
        _ => ("refused", "The request is refused."),
    };
    Refusal::new(status, code, detail)
}

/// The response with its problem document.
pub(super) fn render(refusal: &Refusal, request_id: &str, trace_id: Option<&str>) -> HttpResponse {
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponseBuilder::new(status);
    response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
    if let Some(seconds) = refusal.retry_after_s {
        response.insert_header((header::RETRY_AFTER, seconds.to_string()));
    }
    if refusal.status == 401 {
        response.insert_header((header::WWW_AUTHENTICATE, "Bearer realm=\"docket\""));
    }
    response.body(document(refusal, Some(request_id), trace_id).to_string())
}

/// The problem document itself.
pub(super) fn document(
    refusal: &Refusal,
    request_id: Option<&str>,
    trace_id: Option<&str>,
) -> Value {
    let title = StatusCode::from_u16(refusal.status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .unwrap_or("Refused");
    let mut document = json!({
        "type": format!("urn:docket:problem:{}", refusal.code),
        "title": title,
        "status": refusal.status,
        "detail": refusal.detail,
        "code": refusal.code,
        "request_id": request_id,
        "trace_id": trace_id,
        "errors": refusal.errors.iter().map(field_error).collect::<Vec<_>>(),
    });
    if let Value::Object(members) = &mut document {
        members.extend(refusal.members.clone());
    }
    document
}

fn field_error(error: &FieldError) -> Value {
    let mut members = Map::new();
    members.insert("field".into(), error.field.clone().into());
    members.insert("code".into(), error.code.into());
    members.insert("detail".into(), error.detail.clone().into());
    members.extend(error.members.clone());
    Value::Object(members)
}
