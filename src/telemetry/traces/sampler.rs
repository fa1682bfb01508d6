//! The flag that a trace gets at its start: whether it is kept for certain.

use opentelemetry::Context;
use opentelemetry::KeyValue;
use opentelemetry::trace::{Link, SpanKind, TraceContextExt, TraceId, TraceState};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};

use crate::telemetry::ratio::Ratio;

/// Records every span, because what a trace is worth is known at its end. The sampled flag, which
/// log lines and gateways see, says only that the trace is kept whatever comes of it.
#[derive(Debug, Clone)]
pub(super) struct HeadSampler {
    pub(super) recording: bool,
    pub(super) ratio: Ratio,
}

impl ShouldSample for HeadSampler {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        _name: &str,
        _span_kind: &SpanKind,
        _attributes: &[KeyValue],
        _links: &[Link],
    ) -> SamplingResult {
        let inherited = parent.and_then(|parent| {
            let span = parent.span();
            let ids = span.span_context();
            ids.is_valid().then(|| (ids.is_sampled(), ids.trace_state().clone()))
        });
        let (sampled, trace_state) =
            inherited.unwrap_or_else(|| (self.ratio.takes(trace_id), TraceState::default()));
        let decision = match (self.recording, sampled) {
            (false, _) => SamplingDecision::Drop,
            (true, true) => SamplingDecision::RecordAndSample,
            (true, false) => SamplingDecision::RecordOnly,
        };
        SamplingResult { decision, attributes: Vec::new(), trace_state }
    }
}
