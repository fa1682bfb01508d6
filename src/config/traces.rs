//! Which traces are kept, for how long, and who gets them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::kernel::Secret;

/// Which traces are kept, for how long, and who gets them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Traces {
    /// Whether spans are recorded at all. Trace ids are given either way.
    pub enabled: bool,
    /// The share of ordinary traces that is kept, 0 to 1. Failed, slow, compensated and
    /// unknown-outcome traces are kept always.
    pub sample_ratio: f64,
    /// Milliseconds from which a trace counts as slow, unless its route says otherwise.
    slow_ms: u64,
    /// The same for single routes: `"POST /v1/orders" = 2500`.
    slow_routes_ms: BTreeMap<String, u64>,
    /// Bytes of traces that are still running.
    pub pending_bytes: usize,
    /// Seconds after which a trace that still runs is decided with what is there.
    pending_s: u64,
    /// Bytes of finished traces that are remembered, for `GET /v1/telemetry/{id}`.
    pub store_bytes: usize,
    /// Characters of one attribute's value.
    pub attribute_value_max: usize,
    /// Spans that may wait for one exporter; more are dropped and counted.
    pub queue_spans: usize,
    /// Spans in one export.
    pub batch_spans: usize,
    /// Milliseconds that spans wait for company.
    batch_delay_ms: u64,
    /// Milliseconds that one export may take, retries and all.
    export_timeout_ms: u64,
    /// Who gets the kept traces, each with a queue of its own.
    pub exporters: Vec<Exporter>,
}

/// Somebody who gets the kept traces.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exporter {
    /// In which way.
    pub kind: ExporterKind,
    /// Where to: an `http://` address. A `file` is always `<data_dir>/logs/traces.jsonl`.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// Headers of every request, for who needs to know a sender.
    #[serde(default)]
    pub headers: BTreeMap<String, Secret<String>>,
    /// Milliseconds that one request may take.
    #[serde(default = "ten_seconds")]
    timeout_ms: u64,
    /// Whether requests are gzipped.
    #[serde(default)]
    pub gzip: bool,
}

/// The ways to hand out traces.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExporterKind {
    /// OTLP over HTTP, binary.
    OtlpHttp,
    /// OTLP over gRPC.
    OtlpGrpc,
    /// Zipkin's JSON, version 2; in builds with the feature `zipkin`.
    Zipkin,
    /// A rotated file of OTLP's JSON, one request per line.
    File,
}

impl ExporterKind {
    /// Its name, in configuration and as a label.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OtlpHttp => "otlp_http",
            Self::OtlpGrpc => "otlp_grpc",
            Self::Zipkin => "zipkin",
            Self::File => "file",
        }
    }

    /// Where a collector on the same machine listens by default.
    #[must_use]
    pub fn default_endpoint(self) -> Option<&'static str> {
        match self {
            Self::OtlpHttp => Some("http://localhost:4318/v1/traces"),
            Self::OtlpGrpc => Some("http://localhost:4317"),
            Self::Zipkin => Some("http://localhost:9411/api/v2/spans"),
            Self::File => None,
        }
    }
}

fn ten_seconds() -> u64 {
    10_000
}

impl Exporter {
    /// How long one request may take.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms)
    }

    /// Where its requests go; `None` for a file.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        match self.kind {
            ExporterKind::File => None,
            kind => self.endpoint.as_deref().or(kind.default_endpoint()),
        }
    }

    fn check(&self) -> Result<(), String> {
        let kind = self.kind.as_str();
        if self.kind == ExporterKind::Zipkin && !cfg!(feature = "zipkin") {
            return Err("traces.exporters: this docket was built without the feature zipkin; \
                        Zipkin takes otlp_http too"
                .into());
        }
        if self.kind == ExporterKind::File && self.endpoint.is_some() {
            return Err(
                "traces.exporters: a file has no endpoint; it is logs/traces.jsonl in the \
                        data directory"
                    .into(),
            );
        }
        match self.address() {
            Some(address) if !address.starts_with("http://") => Err(format!(
                "traces.exporters: the endpoint of {kind} must start with http://: docket speaks \
                 to a collector on the machine or in the network, which speaks TLS for it"
            )),
            _ => Ok(()),
        }
    }
}

impl Traces {
    /// From when a trace counts as slow.
    #[must_use]
    pub fn slow(&self) -> Duration {
        Duration::from_millis(self.slow_ms)
    }

    /// From when the traces of single routes count as slow.
    pub fn slow_routes(&self) -> impl Iterator<Item = (&str, Duration)> {
        let routes = self.slow_routes_ms.iter();
        routes.map(|(route, most)| (route.as_str(), Duration::from_millis(*most)))
    }

    /// How long a trace may run before it is decided with what is there.
    #[must_use]
    pub fn pending_most(&self) -> Duration {
        Duration::from_secs(self.pending_s)
    }

    /// How long spans wait for company.
    #[must_use]
    pub fn batch_delay(&self) -> Duration {
        Duration::from_millis(self.batch_delay_ms)
    }

    /// How long one export may take.
    #[must_use]
    pub fn export_timeout(&self) -> Duration {
        Duration::from_millis(self.export_timeout_ms)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if !(0.0..=1.0).contains(&self.sample_ratio) {
            return Err("traces.sample_ratio must be 0 to 1".into());
        }
        if self.batch_spans == 0 || self.queue_spans < self.batch_spans {
            return Err("traces.batch_spans must be 1 to traces.queue_spans".into());
        }
        let files = self.exporters.iter().filter(|exporter| exporter.kind == ExporterKind::File);
        if files.count() > 1 {
            return Err("traces.exporters: one file of traces is enough".into());
        }
        self.exporters.iter().try_for_each(Exporter::check)
    }
}
