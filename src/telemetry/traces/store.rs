//! The traces of the last while, for whoever has an id and wants to see.
//!
//! Kept traces have three quarters of the room, the others the rest: what nobody will ask for
//! makes no room by pushing out what somebody might.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use opentelemetry::trace::TraceId;

use super::trace::Trace;

/// The traces of the last while.
pub(super) struct Store {
    remembered: Mutex<Remembered>,
    /// Kept traces that made room for newer ones.
    pub(super) evicted: AtomicU64,
}

struct Remembered {
    traces: HashMap<TraceId, Arc<Trace>>,
    kept: Shelf,
    passing: Shelf,
}

/// Traces in the order in which they ended, within so many bytes.
struct Shelf {
    order: VecDeque<TraceId>,
    bytes: usize,
    bytes_most: usize,
}

impl Shelf {
    fn new(bytes_most: usize) -> Self {
        Self { order: VecDeque::new(), bytes: 0, bytes_most }
    }
}

impl Store {
    pub(super) fn new(bytes_most: usize) -> Self {
        let passing = bytes_most / 4;
        let remembered = Mutex::new(Remembered {
            traces: HashMap::new(),
            kept: Shelf::new(bytes_most - passing),
            passing: Shelf::new(passing),
        });
        Self { remembered, evicted: AtomicU64::new(0) }
    }

    /// Remembers a trace, together with what is there of it already.
    pub(super) fn add(&self, trace: &Arc<Trace>) {
        let mut remembered = self.remembered();
        let trace = match remembered.take(trace.trace_id) {
            None => Arc::clone(trace),
            Some(before) => {
                let spans = before.spans.iter().chain(&trace.spans).cloned().collect();
                let kept = trace.kept.or(before.kept);
                Arc::new(Trace::new(trace.trace_id, spans, kept, before.bytes + trace.bytes))
            }
        };
        let evicted = remembered.put(trace);
        self.evicted.fetch_add(evicted, Ordering::Relaxed);
    }

    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The trace, when it is remembered.
    pub(super) fn find(&self, trace_id: TraceId) -> Option<Arc<Trace>> {
        self.remembered().traces.get(&trace_id).cloned()
    }

    /// All that are remembered, in no order. Only handles are copied while others wait.
    pub(super) fn all(&self) -> Vec<Arc<Trace>> {
        self.remembered().traces.values().cloned().collect()
    }

    /// Bytes that kept traces and the others may take together.
    pub(super) fn bytes_most(&self) -> usize {
        let remembered = self.remembered();
        remembered.kept.bytes_most + remembered.passing.bytes_most
    }

    /// Traces and their bytes.
    pub(super) fn size(&self) -> (usize, usize) {
        let remembered = self.remembered();
        (remembered.traces.len(), remembered.kept.bytes + remembered.passing.bytes)
    }
}

impl Remembered {
    fn shelf(&mut self, trace: &Trace) -> &mut Shelf {
        if trace.kept.is_some() { &mut self.kept } else { &mut self.passing }
    }

    /// Its place in the order stays: what is put back later may go when that place comes up.
    fn take(&mut self, trace_id: TraceId) -> Option<Arc<Trace>> {
        let trace = self.traces.remove(&trace_id)?;
        self.shelf(&trace).bytes -= trace.bytes;
        Some(trace)
    }

    /// Answers how many kept traces had to make room.
    fn put(&mut self, trace: Arc<Trace>) -> u64 {
        let keeps = trace.kept.is_some();
        let shelf = self.shelf(&trace);
        shelf.bytes += trace.bytes;
        shelf.order.push_back(trace.trace_id);
        self.traces.insert(trace.trace_id, trace);
        let removed = self.make_room(keeps);
        if keeps { removed } else { 0 }
    }

    fn make_room(&mut self, keeps: bool) -> u64 {
        let mut removed = 0;
        loop {
            let shelf = if keeps { &mut self.kept } else { &mut self.passing };
            if shelf.bytes <= shelf.bytes_most {
                return removed;
            }
            let Some(oldest) = shelf.order.pop_front() else { return removed };
            let here = self.traces.get(&oldest).is_some_and(|old| old.kept.is_some() == keeps);
            if here {
                self.take(oldest);
                removed += 1;
            }
        }
    }
}
