//! Traces that still run: their spans wait together until the last local root has ended.
//!
//! Must stay true: bounded in bytes and in time. A trace that is over either bound is decided with
//! what is there, and what comes of it afterwards follows that decision. Nothing here logs, since
//! a line from within would come back to the lock.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use opentelemetry::trace::TraceId;
use opentelemetry_sdk::trace::SpanData;

use super::keep::{Evidence, Keep, Slow};
use super::trace::{bytes_of, is_local_root};
use crate::kernel::Stopwatch;
use crate::telemetry::metrics::PendingExemplar;

/// Traces decided early that are still known, so that their late spans follow.
const EARLY_MOST: usize = 4_096;

/// What became of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is kept.
    Kept(Keep),
    /// It is remembered as long as there is room, and exported to nobody.
    Passing,
    /// A job looked for work and found none.
    Idle,
}

/// Why a trace was decided before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Early {
    Bytes,
    Age,
}

/// A decided trace, or the part of one that had ended.
pub(super) struct Decided {
    pub(super) trace_id: TraceId,
    pub(super) spans: Vec<SpanData>,
    pub(super) exemplars: Vec<PendingExemplar>,
    pub(super) fate: Fate,
    pub(super) early: Option<Early>,
    /// Whether this is all of the trace, or its first part.
    pub(super) first: bool,
}

struct Running {
    roots: u32,
    spans: Vec<SpanData>,
    exemplars: Vec<PendingExemplar>,
    evidence: Evidence,
    idle: bool,
    bytes: usize,
    /// Set once it was decided early.
    fate: Option<Fate>,
}

impl Running {
    fn fate(&self) -> Fate {
        let decided = self.evidence.verdict();
        self.fate.unwrap_or(match (decided, self.idle) {
            // What was only sampled is not worth keeping when nothing was done.
            (None | Some(Keep::Ratio), true) => Fate::Idle,
            (Some(keep), _) => Fate::Kept(keep),
            (None, false) => Fate::Passing,
        })
    }

    fn decide(&mut self, trace_id: TraceId, early: Option<Early>) -> Decided {
        let fate = self.fate();
        self.bytes = 0;
        Decided {
            trace_id,
            spans: std::mem::take(&mut self.spans),
            exemplars: std::mem::take(&mut self.exemplars),
            fate,
            early,
            first: self.fate.is_none(),
        }
    }
}

/// The running traces.
pub(super) struct Pending {
    traces: HashMap<TraceId, Running>,
    /// In the order of their beginning; those that have ended meanwhile are passed over.
    begun: VecDeque<(TraceId, Stopwatch)>,
    early: VecDeque<TraceId>,
    bytes: usize,
    bytes_most: usize,
    age_most: Duration,
    slow: Slow,
}

impl Pending {
    pub(super) fn new(bytes_most: usize, age_most: Duration, slow: Slow) -> Self {
        Self {
            traces: HashMap::new(),
            begun: VecDeque::new(),
            early: VecDeque::new(),
            bytes: 0,
            bytes_most,
            age_most,
            slow,
        }
    }

    /// Whether this trace still runs.
    pub(super) fn runs(&self, trace_id: TraceId) -> bool {
        self.traces.contains_key(&trace_id)
    }

    /// Bytes that may wait.
    pub(super) fn bytes_most(&self) -> usize {
        self.bytes_most
    }

    /// Running traces, and the bytes of what has ended of them.
    pub(super) fn size(&self) -> (usize, usize) {
        (self.traces.len(), self.bytes)
    }

    /// A local root begins. A second one of the same trace is waited for as well.
    pub(super) fn begin(&mut self, trace_id: TraceId, sampled: Option<Keep>) {
        let running = self.traces.entry(trace_id).or_insert_with(|| {
            self.begun.push_back((trace_id, Stopwatch::start()));
            Running {
                roots: 0,
                spans: Vec::new(),
                exemplars: Vec::new(),
                evidence: Evidence::sampled(sampled),
                idle: false,
                bytes: 0,
                fate: None,
            }
        });
        running.roots += 1;
    }

    /// A span has ended, which decides these traces. Answers false when its own is not running any
    /// more: it ended after its root.
    pub(super) fn end(&mut self, span: SpanData, decided: &mut Vec<Decided>) -> bool {
        let trace_id = span.span_context.trace_id();
        let Some(running) = self.traces.get_mut(&trace_id) else { return false };
        let is_root = is_local_root(&span);
        running.evidence.note(&span, is_root, &self.slow);
        let bytes = bytes_of(&span);
        running.bytes += bytes;
        self.bytes += bytes;
        running.spans.push(span);
        running.roots -= u32::from(is_root && running.roots > 0);
        if running.roots == 0 {
            self.finish(trace_id, decided);
        }
        self.hold_bounds(decided);
        true
    }

    fn finish(&mut self, trace_id: TraceId, decided: &mut Vec<Decided>) {
        let Some(mut running) = self.traces.remove(&trace_id) else { return };
        self.bytes -= running.bytes;
        decided.push(running.decide(trace_id, None));
    }

    fn hold_bounds(&mut self, decided: &mut Vec<Decided>) {
        while let Some((trace_id, since)) = self.begun.front() {
            let early = match self.traces.contains_key(trace_id) {
                false => None,
                true if self.bytes > self.bytes_most => Some(Early::Bytes),
                true if since.elapsed() > self.age_most => Some(Early::Age),
                true => return,
            };
            let trace_id = *trace_id;
            self.begun.pop_front();
            if let Some(early) = early {
                self.decide_early(trace_id, early, decided);
            }
        }
    }

    fn decide_early(&mut self, trace_id: TraceId, early: Early, decided: &mut Vec<Decided>) {
        let Some(running) = self.traces.get_mut(&trace_id) else { return };
        self.bytes -= running.bytes;
        let part = running.decide(trace_id, Some(early));
        running.fate = Some(part.fate);
        // What comes of it from now on has the same bounds.
        self.begun.push_back((trace_id, Stopwatch::start()));
        if part.first {
            self.early.push_back(trace_id);
        }
        decided.push(part);
        if self.early.len() > EARLY_MOST
            && let Some(oldest) = self.early.pop_front()
        {
            self.finish(oldest, decided);
        }
    }

    /// Decides all that runs, with what is there of it: the process ends.
    pub(super) fn end_all(&mut self, decided: &mut Vec<Decided>) {
        let running: Vec<TraceId> = self.traces.keys().copied().collect();
        running.into_iter().for_each(|trace_id| self.finish(trace_id, decided));
    }

    /// Published when the trace is kept. Without a running trace it is let go.
    pub(super) fn hold(&mut self, trace_id: TraceId, exemplar: PendingExemplar) {
        if let Some(running) = self.traces.get_mut(&trace_id) {
            let bytes = size_of::<PendingExemplar>();
            running.bytes += bytes;
            self.bytes += bytes;
            running.exemplars.push(exemplar);
        }
    }

    /// A reason to keep the trace.
    pub(super) fn mark(&mut self, trace_id: TraceId, keep: Keep) {
        if let Some(running) = self.traces.get_mut(&trace_id) {
            running.evidence.mark(keep);
        }
    }

    /// The answer of the trace stays open as long as its reader does.
    pub(super) fn stay_open(&mut self, trace_id: TraceId) {
        if let Some(running) = self.traces.get_mut(&trace_id) {
            running.evidence.stay_open();
        }
    }

    /// Nothing was done in the trace.
    pub(super) fn idle(&mut self, trace_id: TraceId) {
        if let Some(running) = self.traces.get_mut(&trace_id) {
            running.idle = true;
        }
    }
}
