//! Which span is entered now: every span belongs to a trace of the W3C Trace Context form.

use opentelemetry::Context;
use opentelemetry::trace::{SpanId, TraceContextExt, TraceId};

/// The ids of the span that is entered now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SpanIds {
    pub(super) trace_id: TraceId,
    pub(super) span_id: SpanId,
    /// Whether the trace is kept for certain; others are kept when they fail or turn out slow.
    pub(super) sampled: bool,
}

/// Reads the OpenTelemetry context and never the span itself: a log line from within span
/// start-up would otherwise wait for a lock that its own thread holds.
pub(super) fn current_ids() -> Option<SpanIds> {
    Context::map_current(|context| {
        let span = context.span();
        let ids = span.span_context();
        ids.is_valid().then(|| SpanIds {
            trace_id: ids.trace_id(),
            span_id: ids.span_id(),
            sampled: ids.is_sampled(),
        })
    })
}

/// The trace and the span that is entered now, as 32 and 16 hexadecimal digits.
#[must_use]
pub fn current_span() -> Option<(String, String)> {
    current_ids().map(|ids| (ids.trace_id.to_string(), ids.span_id.to_string()))
}
