//! The traces of the last while as a list: what each came to, without its spans.

use std::collections::HashMap;
use std::time::Duration;

use super::keep::Keep;
use super::pipeline;
use super::store::Store;
use super::trace::Trace;
use super::view::{timestamp, whole_micros};
use crate::kernel::Timestamp;

/// Which traces are listed.
#[derive(Debug, Clone, Default)]
pub struct TraceFilter {
    /// Their topmost span's name contains this, whatever the case.
    pub name: String,
    /// Whether a span of them failed.
    pub failed: Option<bool>,
    /// They took longer.
    pub slower_than: Duration,
    /// Why they are kept.
    pub kept_because: Option<Keep>,
    /// Without those that are only remembered.
    pub only_kept: bool,
    /// So many at most, the newest.
    pub limit: usize,
}

/// A trace in a list.
#[derive(Debug, Clone)]
pub struct TraceBrief {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// The name of its topmost span.
    pub name: String,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, in microseconds.
    pub duration_us: u64,
    /// How many spans it has.
    pub span_count: usize,
    /// Whether a span of it failed.
    pub failed: bool,
    /// Why it is kept; `None` for one that is only remembered for a while.
    pub kept_because: Option<Keep>,
}

/// What is remembered, and what of it was asked for.
#[derive(Debug, Clone, Default)]
pub struct RecentTraces {
    /// Newest first.
    pub traces: Vec<TraceBrief>,
    /// How many the filter lets through.
    pub matching: usize,
    /// How many are remembered.
    pub remembered: usize,
}

/// The traces of the last while that a filter lets through.
#[must_use]
pub fn recent_traces(filter: &TraceFilter) -> RecentTraces {
    pipeline().map(|pipeline| listed(&pipeline.store, filter)).unwrap_or_default()
}

/// What a filter lets through of a store.
pub(super) fn listed(store: &Store, filter: &TraceFilter) -> RecentTraces {
    let all = store.all();
    let mut names = Names::of(&filter.name);
    let mut found: Vec<&Trace> = all.iter().map(AsRef::as_ref).collect();
    found.retain(|trace| filter.takes(trace) && names.take(name_of(trace)));
    let matching = found.len();
    // Of tens of thousands few are shown: only these are put in order.
    let newest =
        |trace: &&Trace| std::cmp::Reverse((trace.brief.started, trace.trace_id.to_bytes()));
    if matching > filter.limit {
        found.select_nth_unstable_by_key(filter.limit, newest);
        found.truncate(filter.limit);
    }
    found.sort_unstable_by_key(newest);
    let traces = found.into_iter().map(TraceBrief::of).collect();
    RecentTraces { traces, matching, remembered: all.len() }
}

impl TraceFilter {
    fn takes(&self, trace: &Trace) -> bool {
        let brief = &trace.brief;
        let kept = match self.kept_because {
            Some(keep) => trace.kept == Some(keep),
            None => trace.kept.is_some() || !self.only_kept,
        };
        kept && brief.took >= self.slower_than
            && self.failed.is_none_or(|failed| failed == brief.failed)
    }
}

/// Which names contain a text, whatever the case. Thousands of traces share a few names.
struct Names<'a> {
    text: String,
    seen: HashMap<&'a str, bool>,
}

impl<'a> Names<'a> {
    fn of(text: &str) -> Self {
        Self { text: text.to_lowercase(), seen: HashMap::new() }
    }

    fn take(&mut self, name: &'a str) -> bool {
        let text = &self.text;
        let takes = || text.is_empty() || name.to_lowercase().contains(text);
        *self.seen.entry(name).or_insert_with(takes)
    }
}

fn name_of(trace: &Trace) -> &str {
    trace.root().map_or("", |root| root.name.as_ref())
}

impl TraceBrief {
    fn of(trace: &Trace) -> Self {
        Self {
            trace_id: trace.trace_id.to_string(),
            name: name_of(trace).to_owned(),
            started_at: timestamp(trace.brief.started),
            duration_us: whole_micros(trace.brief.took),
            span_count: trace.spans.len(),
            failed: trace.brief.failed,
            kept_because: trace.kept,
        }
    }
}
