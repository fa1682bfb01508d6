//! Zipkin's JSON, version 2 (<https://zipkin.io/zipkin-api/>). The crate for it is deprecated,
//! loses the service name, and panics in asynchronous code: this is what is needed of it.

use std::collections::BTreeMap;
use std::time::SystemTime;

use opentelemetry::Key;
use opentelemetry::trace::{SpanId, SpanKind, Status};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;
use serde::Serialize;

use super::Failure;
use crate::config::Exporter as Config;

/// Posts batches to a Zipkin server.
pub(in crate::telemetry::traces) struct ZipkinExporter {
    client: reqwest::Client,
    address: String,
    service_name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ZipkinSpan<'a> {
    trace_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    parent_id: Option<String>,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    name: &'a str,
    timestamp: u128,
    duration: u128,
    local_endpoint: Endpoint<'a>,
    tags: BTreeMap<&'a str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Endpoint<'a> {
    service_name: &'a str,
}

impl ZipkinExporter {
    pub(super) fn new(
        config: &Config,
        address: &str,
        resource: &Resource,
    ) -> Result<Self, Failure> {
        let client = reqwest::Client::builder().timeout(config.timeout()).build()?;
        let service_name = resource
            .get(&Key::from_static_str("service.name"))
            .map_or_else(|| "docket".to_owned(), |name| name.to_string());
        Ok(Self { client, address: address.to_owned(), service_name })
    }

    /// # Errors
    /// When the server did not take the batch.
    pub(super) async fn export(&self, batch: &[SpanData]) -> Result<(), Failure> {
        let spans: Vec<_> = batch.iter().map(|span| self.convert(span)).collect();
        self.client.post(&self.address).json(&spans).send().await?.error_for_status()?;
        Ok(())
    }

    fn convert<'a>(&'a self, span: &'a SpanData) -> ZipkinSpan<'a> {
        let micros = |later: SystemTime, earlier: SystemTime| {
            later.duration_since(earlier).unwrap_or_default().as_micros()
        };
        let has_parent = span.parent_span_id != SpanId::INVALID;
        ZipkinSpan {
            trace_id: span.span_context.trace_id().to_string(),
            parent_id: has_parent.then(|| span.parent_span_id.to_string()),
            id: span.span_context.span_id().to_string(),
            kind: kind(&span.span_kind),
            name: &span.name,
            timestamp: micros(span.start_time, SystemTime::UNIX_EPOCH),
            // Zipkin takes 0 for unknown.
            duration: micros(span.end_time, span.start_time).max(1),
            local_endpoint: Endpoint { service_name: &self.service_name },
            tags: tags(span),
        }
    }
}

fn kind(kind: &SpanKind) -> Option<&'static str> {
    match kind {
        SpanKind::Client => Some("CLIENT"),
        SpanKind::Server => Some("SERVER"),
        SpanKind::Producer => Some("PRODUCER"),
        SpanKind::Consumer => Some("CONSUMER"),
        SpanKind::Internal => None,
    }
}

/// Attributes and status, as the OpenTelemetry specification maps them ("Zipkin").
fn tags(span: &SpanData) -> BTreeMap<&str, String> {
    let attributes = span.attributes.iter();
    let mut tags: BTreeMap<&str, String> =
        attributes.map(|attribute| (attribute.key.as_str(), attribute.value.to_string())).collect();
    tags.insert("otel.scope.name", span.instrumentation_scope.name().to_owned());
    match &span.status {
        Status::Error { description } => {
            tags.insert("otel.status_code", "ERROR".into());
            tags.insert("error", description.to_string());
        }
        Status::Ok => {
            tags.insert("otel.status_code", "OK".into());
        }
        Status::Unset => {}
    }
    tags
}
