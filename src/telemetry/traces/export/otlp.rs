//! OTLP over HTTP and gRPC, by the `opentelemetry-otlp` crate, and its messages.

use std::collections::HashMap;

use opentelemetry_otlp::tonic_types::metadata::MetadataMap;
use opentelemetry_otlp::{
    Compression, Protocol, SpanExporter, WithExportConfig, WithHttpConfig, WithTonicConfig,
};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::trace::tonic::group_spans_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};

use super::Failure;
use crate::config::Exporter as Config;

/// Binary OTLP over HTTP.
pub(super) fn over_http(
    config: &Config,
    address: &str,
    resource: &Resource,
) -> Result<SpanExporter, Failure> {
    let headers = config.headers.iter();
    let headers: HashMap<String, String> =
        headers.map(|(name, value)| (name.clone(), value.expose().clone())).collect();
    let mut builder = SpanExporter::builder()
        .with_http()
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(address)
        .with_timeout(config.timeout())
        .with_headers(headers);
    if config.gzip {
        builder = builder.with_compression(Compression::Gzip);
    }
    let mut exporter = builder.build()?;
    exporter.set_resource(resource);
    Ok(exporter)
}

/// OTLP over gRPC. Must be made and used in a running runtime.
pub(super) fn over_grpc(
    config: &Config,
    address: &str,
    resource: &Resource,
) -> Result<SpanExporter, Failure> {
    let headers = config.headers.iter();
    let headers = headers.map(|(name, value)| (name.clone(), value.expose().clone())).collect();
    let headers = http_headers(headers)?;
    let mut builder = SpanExporter::builder()
        .with_tonic()
        .with_endpoint(address)
        .with_timeout(config.timeout())
        .with_metadata(MetadataMap::from_headers(headers));
    if config.gzip {
        builder = builder.with_compression(Compression::Gzip);
    }
    let mut exporter = builder.build()?;
    exporter.set_resource(resource);
    Ok(exporter)
}

fn http_headers(headers: HashMap<String, String>) -> Result<reqwest::header::HeaderMap, Failure> {
    reqwest::header::HeaderMap::try_from(&headers)
        .map_err(|failure| format!("a header of traces.exporters is not one: {failure}").into())
}

/// Spans as one OTLP request, for its JSON.
pub(in crate::telemetry::traces) fn to_otlp(
    spans: Vec<SpanData>,
    resource: &Resource,
) -> ExportTraceServiceRequest {
    let resource = ResourceAttributesWithSchema::from(resource);
    let resource_spans = group_spans_by_resource_and_scope(spans, &resource);
    ExportTraceServiceRequest { resource_spans }
}
