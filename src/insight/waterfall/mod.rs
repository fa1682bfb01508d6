//! A trace as a waterfall: a row per span, what it did itself, what it waited for, and which of
//! all that time anybody waited for.
//!
//! Must stay true: whatever the spans say (a child that ends after its parent, a clock that was
//! set back, parts that overlap), every part lies inside its trace, a span's own time is never
//! more than its time, and the critical path's parts add up to the time of the span that it
//! begins with. Works without recursion: a trace may be as deep as it has spans.

mod part;
mod path;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::line::{LogLine, plain};
use crate::kernel::Timestamp;
use crate::telemetry::{Keep, SpanLink, SpanView, TraceView};

pub use part::Part;
use part::{left_over, merged, total};
use path::critical_path;

/// A trace as a waterfall.
#[derive(Debug, Clone)]
pub struct Waterfall {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// Why it is kept; `None` for one that is only remembered for a while.
    pub kept_because: Option<Keep>,
    /// When its first span began.
    pub started_at: Timestamp,
    /// From the beginning of its first span to the end of its last, in microseconds.
    pub duration_us: u64,
    /// How many spans it has; more than rows when there are too many to show.
    pub span_count: usize,
    /// Its spans, each after the one above it, in the order of time.
    pub rows: Vec<Row>,
    /// Its modules, in the order in which they first did something.
    pub lanes: Vec<Lane>,
}

/// A span.
#[derive(Debug, Clone)]
pub struct Row {
    /// 16 hexadecimal digits.
    pub span_id: String,
    /// What was done.
    pub name: String,
    /// `server`, `client`, `internal`, `producer` or `consumer`.
    pub kind: &'static str,
    /// The module that it is of.
    pub module: String,
    /// The place of its module's lane.
    pub lane: usize,
    /// Spans above it.
    pub depth: usize,
    /// The row of the span above it.
    pub above: Option<usize>,
    /// When it ran, from the beginning of the trace on.
    pub ran: Part,
    /// What of that was its own work, and not that of spans inside it.
    pub own: Vec<Part>,
    /// What of that somebody waited for: the critical path.
    pub critical: Vec<Part>,
    /// Waiting for a turn at the database.
    pub wait: Option<Part>,
    /// Making changes durable.
    pub commit: Option<Part>,
    /// Whether it failed.
    pub failed: bool,
    /// It went on after the span above it had ended.
    pub outlives: bool,
    /// What is known of it, as pairs.
    pub attributes: Vec<(String, String)>,
    /// Spans of other traces that it has to do with.
    pub links: Vec<SpanLink>,
    /// Its log lines: the place among all lines, and the moment in the trace.
    pub lines: Vec<(usize, u64)>,
}

/// What a module did itself in a trace.
#[derive(Debug, Clone)]
pub struct Lane {
    /// Its name.
    pub module: String,
    /// When it worked, without gaps that overlap.
    pub own: Vec<Part>,
    /// What of the critical path was its work.
    pub critical: Vec<Part>,
    /// How many of its spans failed.
    pub failed: usize,
}

impl Row {
    /// Its own time, in microseconds.
    #[must_use]
    pub fn own_us(&self) -> u64 {
        total(&self.own)
    }

    /// Its share of the critical path, in microseconds.
    #[must_use]
    pub fn critical_us(&self) -> u64 {
        total(&self.critical)
    }
}

impl Lane {
    /// How long it worked, in microseconds.
    #[must_use]
    pub fn own_us(&self) -> u64 {
        total(&self.own)
    }

    /// How much of that somebody waited for, in microseconds.
    #[must_use]
    pub fn critical_us(&self) -> u64 {
        total(&self.critical)
    }
}

impl Waterfall {
    /// A trace with the lines that were written in it.
    #[must_use]
    pub fn of(trace: &TraceView, lines: &[LogLine]) -> Self {
        let mut rows = rows(trace);
        let inside = children(&rows);
        for (place, inside) in inside.iter().enumerate() {
            let times: Vec<Part> = inside.iter().map(|child| rows[*child].ran).collect();
            rows[place].own = left_over(rows[place].ran, times);
        }
        for (place, part) in critical_path(&rows, &inside) {
            rows[place].critical.push(part);
        }
        rows.iter_mut().for_each(|row| row.critical.reverse());
        place_lines(&mut rows, trace, lines);
        let lanes = lanes(&mut rows);
        Self {
            trace_id: trace.trace_id.clone(),
            kept_because: trace.kept_because,
            started_at: trace.started_at,
            duration_us: trace.duration_us,
            span_count: trace.span_count,
            rows,
            lanes,
        }
    }

    /// The topmost span that began first.
    #[must_use]
    pub fn name(&self) -> &str {
        self.rows.first().map_or("", |row| row.name.as_str())
    }

    /// How many of its spans failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.rows.iter().filter(|row| row.failed).count()
    }

    /// The time of the critical path, in microseconds.
    #[must_use]
    pub fn critical_us(&self) -> u64 {
        self.rows.iter().map(Row::critical_us).sum()
    }
}

/// All spans, each right after the one above it and its earlier neighbours.
fn rows(trace: &TraceView) -> Vec<Row> {
    let mut waiting: Vec<(&SpanView, usize, Option<usize>)> =
        trace.spans.iter().rev().map(|span| (span, 0, None)).collect();
    let mut rows: Vec<Row> = Vec::new();
    while let Some((span, depth, above)) = waiting.pop() {
        let mut row = Row::of(span, trace, depth, above);
        row.outlives = above.is_some_and(|above| row.ran.to > rows[above].ran.to);
        let place = rows.len();
        rows.push(row);
        let inside = span.children.iter().rev();
        waiting.extend(inside.map(|child| (child, depth + 1, Some(place))));
    }
    rows
}

/// The rows right below each row, in the order of time.
fn children(rows: &[Row]) -> Vec<Vec<usize>> {
    let mut inside = vec![Vec::new(); rows.len()];
    for (place, row) in rows.iter().enumerate() {
        row.above.iter().for_each(|above| inside[*above].push(place));
    }
    inside
}

impl Row {
    fn of(span: &SpanView, trace: &TraceView, depth: usize, above: Option<usize>) -> Self {
        let from = offset(trace, span.started_at).min(trace.duration_us);
        let ran = Part { from, to: from.saturating_add(span.duration_us).min(trace.duration_us) };
        let micros = |key: &str| span.attributes.get(key).and_then(Value::as_u64);
        let wait = micros("wait_us").filter(|wait| *wait > 0);
        let commit = micros("commit_us").filter(|commit| *commit > 0);
        Self {
            span_id: span.span_id.clone(),
            name: span.name.clone(),
            kind: span.kind,
            module: span.module().to_owned(),
            lane: 0,
            depth,
            above,
            ran,
            own: Vec::new(),
            critical: Vec::new(),
            wait: wait.map(|us| Part { from, to: from.saturating_add(us).min(ran.to) }),
            commit: commit.map(|us| Part { from: ran.to.saturating_sub(us).max(from), to: ran.to }),
            failed: span.status == "error",
            outlives: false,
            attributes: pairs(&span.attributes),
            links: span.links.clone(),
            lines: Vec::new(),
        }
    }
}

fn pairs(attributes: &Map<String, Value>) -> Vec<(String, String)> {
    attributes.iter().map(|(name, value)| (name.clone(), plain(value))).collect()
}

/// Microseconds from the beginning of the trace to a moment.
fn offset(trace: &TraceView, moment: Timestamp) -> u64 {
    u64::try_from(moment.since(trace.started_at).as_micros()).unwrap_or(u64::MAX)
}

/// Lines beside the spans that they were written in. A line of a clock that was set back stands at
/// the edge.
fn place_lines(rows: &mut [Row], trace: &TraceView, lines: &[LogLine]) {
    let places: HashMap<String, usize> =
        rows.iter().enumerate().map(|(place, row)| (row.span_id.clone(), place)).collect();
    for (number, line) in lines.iter().enumerate() {
        let here = line.trace_id.as_deref() == Some(trace.trace_id.as_str());
        let place = line.span_id.as_ref().filter(|_| here).and_then(|id| places.get(id));
        if let (Some(place), Some(at)) = (place, line.at) {
            rows[*place].lines.push((number, offset(trace, at).min(trace.duration_us)));
        }
    }
}

/// The modules, each with its own work; rows get to know their lane.
fn lanes(rows: &mut [Row]) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for row in rows {
        let known = lanes.iter().position(|lane| lane.module == row.module);
        row.lane = known.unwrap_or_else(|| {
            let module = row.module.clone();
            lanes.push(Lane { module, own: Vec::new(), critical: Vec::new(), failed: 0 });
            lanes.len() - 1
        });
        let lane = &mut lanes[row.lane];
        lane.own.extend(&row.own);
        lane.critical.extend(&row.critical);
        lane.failed += usize::from(row.failed);
    }
    for lane in &mut lanes {
        lane.own = merged(std::mem::take(&mut lane.own));
        lane.critical = merged(std::mem::take(&mut lane.critical));
    }
    lanes
}
