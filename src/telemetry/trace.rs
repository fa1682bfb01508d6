//! Trace ids: every span belongs to a trace of the W3C Trace Context form.

use opentelemetry::Context;
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

/// A tracer whose spans have ids and go nowhere.
pub(super) fn tracer() -> SdkTracer {
    SdkTracerProvider::builder().build().tracer("docket")
}

/// The trace of the span that is entered now, as 32 hexadecimal digits.
///
/// Reads the OpenTelemetry context and never the span itself: a log line from within span
/// start-up would otherwise wait for a lock that its own thread holds.
#[must_use]
pub fn current_trace_id() -> Option<String> {
    Context::map_current(|context| {
        let span = context.span();
        let ids = span.span_context();
        ids.is_valid().then(|| ids.trace_id().to_string())
    })
}
