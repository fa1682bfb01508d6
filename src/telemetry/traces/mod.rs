//! Spans on their way out: assembled into traces, kept or not, remembered, exported.

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

/// A tracer whose spans have ids and go nowhere.
pub(super) fn tracer() -> SdkTracer {
    SdkTracerProvider::builder().build().tracer("docket")
}
