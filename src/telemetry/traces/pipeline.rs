//! The way of every span: into its trace, and when that is decided, to the store and the exporters.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry::trace::TraceId;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;

use super::keep::{Keep, Slow};
use super::pending::{Decided, Early, Fate, Pending};
use super::processor::redact_span;
use super::queue::ExportQueue;
use super::store::Store;
use super::trace::{Trace, bytes_of};
use crate::config::Traces;
use crate::telemetry::metrics::PendingExemplar;

/// What the pipeline did so far.
#[derive(Debug, Default)]
pub(in crate::telemetry) struct Counts {
    pub(in crate::telemetry) spans_ended: AtomicU64,
    pub(in crate::telemetry) spans_kept: AtomicU64,
    /// Of ordinary traces that are not kept.
    pub(in crate::telemetry) spans_dropped: AtomicU64,
    /// Of rounds that found nothing to do.
    pub(in crate::telemetry) spans_idle: AtomicU64,
    /// Ended after their root, when their trace was decided.
    pub(in crate::telemetry) spans_late: AtomicU64,
    /// By reason, in the order of [`Keep::ALL`].
    pub(in crate::telemetry) kept: [AtomicU64; Keep::ALL.len()],
    pub(in crate::telemetry) dropped: AtomicU64,
    pub(in crate::telemetry) idle: AtomicU64,
    pub(in crate::telemetry) cut_short_bytes: AtomicU64,
    pub(in crate::telemetry) cut_short_age: AtomicU64,
}

/// The way of every span.
pub(in crate::telemetry) struct Pipeline {
    pending: Mutex<Pending>,
    pub(super) store: Store,
    pub(in crate::telemetry) counts: Counts,
    pub(in crate::telemetry) exporters: Vec<Arc<ExportQueue>>,
    pub(super) attribute_value_max: usize,
    /// The share of ordinary traces that is kept.
    pub(in crate::telemetry) sample_ratio: f64,
    /// What the process is, as exported traces say it.
    pub(super) resource: Resource,
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipeline").finish_non_exhaustive()
    }
}

impl Pipeline {
    pub(super) fn new(config: &Traces, exporters: Vec<Arc<ExportQueue>>) -> Self {
        let slow = Slow::of(config);
        let pending = Pending::new(config.pending_bytes, config.pending_most(), slow);
        Self {
            pending: Mutex::new(pending),
            store: Store::new(config.store_bytes),
            counts: Counts::default(),
            exporters,
            attribute_value_max: config.attribute_value_max,
            sample_ratio: config.sample_ratio,
            resource: Resource::builder_empty().build(),
        }
    }

    pub(super) fn of_process(self, resource: &Resource) -> Self {
        Self { resource: resource.clone(), ..self }
    }

    fn pending(&self) -> MutexGuard<'_, Pending> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn begin(&self, trace_id: TraceId, sampled: Option<Keep>) {
        self.pending().begin(trace_id, sampled);
    }

    pub(super) fn end(&self, span: SpanData) {
        self.counts.spans_ended.fetch_add(1, Ordering::Relaxed);
        let mut decided = Vec::new();
        let in_time = self.pending().end(span, &mut decided);
        self.counts.spans_late.fetch_add(u64::from(!in_time), Ordering::Relaxed);
        decided.into_iter().for_each(|decided| self.deal_with(decided));
    }

    fn deal_with(&self, decided: Decided) {
        self.count(&decided);
        let Decided { trace_id, mut spans, exemplars, fate, .. } = decided;
        let kept = match fate {
            Fate::Idle => return,
            Fate::Passing => None,
            Fate::Kept(keep) => Some(keep),
        };
        if spans.is_empty() {
            return;
        }
        // Nothing that could be a secret gets further than here.
        spans.iter_mut().for_each(|span| redact_span(span, self.attribute_value_max));
        let bytes = spans.iter().map(bytes_of).sum();
        let trace = Arc::new(Trace::new(trace_id, spans, kept, bytes));
        self.store.add(&trace);
        if kept.is_some() {
            exemplars.into_iter().for_each(PendingExemplar::publish);
            self.exporters.iter().for_each(|exporter| exporter.push(&trace));
        }
    }

    fn count(&self, decided: &Decided) {
        let counts = &self.counts;
        let one = |counter: &AtomicU64| {
            counter.fetch_add(1, Ordering::Relaxed);
        };
        match decided.early.filter(|_| decided.first) {
            Some(Early::Bytes) => one(&counts.cut_short_bytes),
            Some(Early::Age) => one(&counts.cut_short_age),
            None => {}
        }
        let (traces, spans) = match decided.fate {
            Fate::Idle => (&counts.idle, &counts.spans_idle),
            Fate::Passing => (&counts.dropped, &counts.spans_dropped),
            Fate::Kept(keep) => (&counts.kept[keep as usize], &counts.spans_kept),
        };
        // A trace that was decided early comes a second time, with the rest of its spans.
        traces.fetch_add(u64::from(decided.first), Ordering::Relaxed);
        spans.fetch_add(decided.spans.len() as u64, Ordering::Relaxed);
    }

    /// Decides all that runs, with what is there of it: the process ends.
    pub(super) fn end_all(&self) {
        let mut decided = Vec::new();
        self.pending().end_all(&mut decided);
        decided.into_iter().for_each(|decided| self.deal_with(decided));
    }

    pub(super) fn hold(&self, trace_id: TraceId, exemplar: PendingExemplar) {
        self.pending().hold(trace_id, exemplar);
    }

    pub(super) fn mark(&self, trace_id: TraceId, keep: Keep) {
        self.pending().mark(trace_id, keep);
    }

    pub(super) fn stay_open(&self, trace_id: TraceId) {
        self.pending().stay_open(trace_id);
    }

    pub(super) fn idle(&self, trace_id: TraceId) {
        self.pending().idle(trace_id);
    }

    /// Whether this trace still runs.
    pub(super) fn runs(&self, trace_id: TraceId) -> bool {
        self.pending().runs(trace_id)
    }

    /// Bytes that running traces, and finished ones, may take.
    pub(in crate::telemetry) fn bytes_most(&self) -> (usize, usize) {
        (self.pending().bytes_most(), self.store.bytes_most())
    }

    /// Traces that run, and their bytes.
    pub(in crate::telemetry) fn pending_size(&self) -> (usize, usize) {
        self.pending().size()
    }

    /// Kept traces that made room for newer ones.
    pub(in crate::telemetry) fn evicted(&self) -> &AtomicU64 {
        &self.store.evicted
    }

    /// Traces that are remembered, and their bytes.
    pub(in crate::telemetry) fn store_size(&self) -> (usize, usize) {
        self.store.size()
    }
}
