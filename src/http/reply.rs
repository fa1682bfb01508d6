//! An answer as it goes out and as it is saved under an idempotency key: byte for byte the same.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;

use super::problem;
use crate::error::{Error, Refusal};

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`, and `Location` and `ETag` where there are any.
    pub headers: Vec<(String, String)>,
    /// The body's text.
    pub body: String,
    /// Whether this is the saved answer of an earlier request.
    pub replayed: bool,
}

impl Reply {
    /// A JSON answer.
    ///
    /// # Errors
    /// [`Error::Internal`] when the value cannot be written as JSON: a defect.
    pub fn json(status: u16, value: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_string(value)
            .map_err(|failure| Error::internal("writing an answer", failure))?;
        let headers = vec![("content-type".into(), "application/json".into())];
        Ok(Self { status, headers, body, replayed: false })
    }

    /// A refusal as an answer that is kept; both ids lead to the request that got it first.
    #[must_use]
    pub fn problem(refusal: &Refusal, request_id: Option<&str>, trace_id: Option<&str>) -> Self {
        let headers = vec![("content-type".into(), "application/problem+json".into())];
        let body = problem::document(refusal, request_id, trace_id).to_string();
        Self { status: refusal.status, headers, body, replayed: false }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Adds the `ETag` of a versioned thing.
    #[must_use]
    pub fn etag(self, version: i64) -> Self {
        self.header("etag", format!("\"{version}\""))
    }
}

impl Responder for Reply {
    type Body = actix_web::body::BoxBody;

    fn respond_to(self, _request: &HttpRequest) -> HttpResponse {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        for (name, value) in self.headers {
            response.insert_header((name, value));
        }
        if self.replayed {
            response.insert_header(("idempotency-replayed", "true"));
        }
        response.body(self.body)
    }
}
