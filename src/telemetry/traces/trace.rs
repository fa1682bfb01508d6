//! A finished trace: what the store remembers and exporters hand out.

use std::time::{Duration, SystemTime};

use opentelemetry::trace::{SpanContext, SpanId, Status, TraceFlags, TraceId};
use opentelemetry::{KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;

use super::keep::Keep;

/// A finished trace, or what was finished of it when it was decided.
#[derive(Debug)]
pub(in crate::telemetry) struct Trace {
    pub(in crate::telemetry) trace_id: TraceId,
    pub(in crate::telemetry) spans: Vec<SpanData>,
    /// Why it is kept; `None` for one that is remembered only as long as there is room.
    pub(in crate::telemetry) kept: Option<Keep>,
    /// About how many bytes it takes.
    pub(in crate::telemetry) bytes: usize,
    pub(super) brief: Brief,
}

/// What a list says of a trace, worked out once: a list of thousands must not look at every span.
#[derive(Debug, Clone, Copy)]
pub(super) struct Brief {
    pub(super) started: SystemTime,
    pub(super) took: Duration,
    /// The place of its topmost span that began first.
    root: Option<usize>,
    pub(super) failed: bool,
}

impl Brief {
    fn of(spans: &[SpanData]) -> Self {
        let started = spans.iter().map(|span| span.start_time).min();
        let started = started.unwrap_or(SystemTime::UNIX_EPOCH);
        let ended = spans.iter().map(|span| span.end_time).max().unwrap_or(started);
        let places = spans.iter().enumerate();
        let topmost = places.min_by_key(|(_, span)| (!is_local_root(span), span.start_time));
        Self {
            started,
            took: ended.duration_since(started).unwrap_or_default(),
            root: topmost.map(|(place, _)| place),
            failed: spans.iter().any(|span| matches!(span.status, Status::Error { .. })),
        }
    }
}

impl Trace {
    /// Whoever gets a span of a kept trace finds its sampled flag set.
    pub(super) fn new(
        trace_id: TraceId,
        mut spans: Vec<SpanData>,
        kept: Option<Keep>,
        bytes: usize,
    ) -> Self {
        if kept.is_some() {
            spans.iter_mut().for_each(set_sampled);
        }
        let brief = Brief::of(&spans);
        Self { trace_id, spans, kept, bytes, brief }
    }

    /// Its topmost span that began first.
    pub(super) fn root(&self) -> Option<&SpanData> {
        self.spans.get(self.brief.root?)
    }
}

fn set_sampled(span: &mut SpanData) {
    let ids = &span.span_context;
    if !ids.is_sampled() {
        span.span_context = SpanContext::new(
            ids.trace_id(),
            ids.span_id(),
            ids.trace_flags() | TraceFlags::SAMPLED,
            ids.is_remote(),
            ids.trace_state().clone(),
        );
    }
}

/// Whether a span is the topmost of this process in its trace.
pub(super) fn is_local_root(span: &SpanData) -> bool {
    span.parent_span_id == SpanId::INVALID || span.parent_span_is_remote
}

/// About how many bytes a span takes, with the room that its lists were given to grow.
pub(super) fn bytes_of(span: &SpanData) -> usize {
    let events = span.events.iter().map(|event| 64 + attribute_bytes(&event.attributes));
    let links = span.links.iter().map(|link| 96 + attribute_bytes(&link.attributes));
    let status = match &span.status {
        Status::Error { description } => description.len(),
        _ => 0,
    };
    size_of::<SpanData>()
        + span.name.len()
        + status
        + attribute_bytes(&span.attributes)
        + events.sum::<usize>()
        + links.sum::<usize>()
}

fn attribute_bytes(attributes: &Vec<KeyValue>) -> usize {
    let bytes = |attribute: &KeyValue| match &attribute.value {
        Value::String(text) => text.as_str().len(),
        Value::Array(_) => 256,
        _ => 0,
    };
    attributes.capacity() * size_of::<KeyValue>() + attributes.iter().map(bytes).sum::<usize>()
}
