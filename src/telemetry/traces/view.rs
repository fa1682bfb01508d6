//! A trace for a reader: plain values, and the tree.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{SpanId, SpanKind, Status};
use opentelemetry::{Array, KeyValue, Value};
use opentelemetry_sdk::trace::SpanData;
use serde::Serialize;
use serde_json::Map;
use utoipa::ToSchema;

use super::keep::Keep;
use super::trace::Trace;
use crate::kernel::Timestamp;

/// Spans of a trace that are shown, the first ones.
const SPANS_MOST: usize = 5_000;

/// A finished trace.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TraceView {
    /// 32 hexadecimal digits (W3C Trace Context).
    pub trace_id: String,
    /// Why it was kept and exported; null for one that is only remembered for a while.
    pub kept_because: Option<Keep>,
    /// When its first span began.
    pub started_at: Timestamp,
    /// From the beginning of its first span to the end of its last, in microseconds.
    pub duration_us: u64,
    /// How many spans it has; more than are shown when there are more than 5,000.
    pub span_count: usize,
    /// Its topmost spans in this process, each with those inside it, in the order of time.
    pub spans: Vec<SpanView>,
}

/// A span, with those inside it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SpanView {
    /// 16 hexadecimal digits.
    pub span_id: String,
    /// The span above it; for a topmost span the caller's, if there is one.
    pub parent_span_id: Option<String>,
    /// What was done: `POST /v1/orders`, `inventory.reserve`.
    pub name: String,
    /// `server`, `client`, `internal`, `producer` or `consumer`.
    pub kind: &'static str,
    /// When it began.
    pub started_at: Timestamp,
    /// From its beginning to its end, in microseconds.
    pub duration_us: u64,
    /// `unset`, `ok` or `error`.
    pub status: &'static str,
    /// What is known of it.
    #[schema(value_type = Object)]
    pub attributes: Map<String, serde_json::Value>,
    /// Spans of other traces that it has to do with.
    pub links: Vec<SpanLink>,
    /// The spans inside it.
    #[schema(no_recursion)]
    pub children: Vec<SpanView>,
}

/// A span of another trace.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SpanLink {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 hexadecimal digits.
    pub span_id: String,
}

impl TraceView {
    pub(super) fn of(trace: &Trace) -> Self {
        let mut spans: Vec<&SpanData> = trace.spans.iter().collect();
        spans.sort_by_key(|span| (span.start_time, span.end_time));
        let started = spans.iter().map(|span| span.start_time).min();
        let ended = spans.iter().map(|span| span.end_time).max();
        let started = started.unwrap_or(SystemTime::UNIX_EPOCH);
        Self {
            trace_id: trace.trace_id.to_string(),
            kept_because: trace.kept,
            started_at: timestamp(started),
            duration_us: micros(started, ended.unwrap_or(started)),
            span_count: spans.len(),
            spans: tree(&spans),
        }
    }
}

/// Spans by the one above them, in the order of time.
type Children<'a> = HashMap<SpanId, Vec<&'a SpanData>>;

/// Topmost is whatever has no parent here: nothing is lost when a parent is.
fn tree(spans: &[&SpanData]) -> Vec<SpanView> {
    let here: HashSet<SpanId> = spans.iter().map(|span| span.span_context.span_id()).collect();
    let mut children = Children::new();
    let mut topmost = Vec::new();
    for span in spans.iter().take(SPANS_MOST) {
        if here.contains(&span.parent_span_id) {
            children.entry(span.parent_span_id).or_default().push(span);
        } else {
            topmost.push(*span);
        }
    }
    topmost.into_iter().map(|span| SpanView::of(span, &children)).collect()
}

/// The attribute in which a span says what module it is of.
pub(super) const MODULE: &str = "app.module";

impl SpanView {
    /// The module that it is of.
    #[must_use]
    pub fn module(&self) -> &str {
        module(self.attributes.get(MODULE).and_then(|name| name.as_str()), &self.name)
    }

    fn of(span: &SpanData, all: &Children<'_>) -> Self {
        let id = span.span_context.span_id();
        let inside = all.get(&id).into_iter().flatten();
        let parent = span.parent_span_id;
        Self {
            span_id: id.to_string(),
            parent_span_id: (parent != SpanId::INVALID).then(|| parent.to_string()),
            name: span.name.to_string(),
            kind: kind(&span.span_kind),
            started_at: timestamp(span.start_time),
            duration_us: micros(span.start_time, span.end_time),
            status: match span.status {
                Status::Unset => "unset",
                Status::Ok => "ok",
                Status::Error { .. } => "error",
            },
            attributes: attributes(&span.attributes),
            links: span.links.iter().map(|link| SpanLink::of(&link.span_context)).collect(),
            children: inside.map(|child| Self::of(child, all)).collect(),
        }
    }
}

impl SpanLink {
    fn of(ids: &opentelemetry::trace::SpanContext) -> Self {
        Self { trace_id: ids.trace_id().to_string(), span_id: ids.span_id().to_string() }
    }
}

fn kind(kind: &SpanKind) -> &'static str {
    match kind {
        SpanKind::Client => "client",
        SpanKind::Server => "server",
        SpanKind::Producer => "producer",
        SpanKind::Consumer => "consumer",
        SpanKind::Internal => "internal",
    }
}

fn attributes(attributes: &[KeyValue]) -> Map<String, serde_json::Value> {
    let pairs = attributes.iter();
    pairs.map(|pair| (pair.key.to_string(), json(&pair.value))).collect()
}

fn json(value: &Value) -> serde_json::Value {
    match value {
        Value::Bool(value) => (*value).into(),
        Value::I64(value) => (*value).into(),
        Value::F64(value) => (*value).into(),
        Value::String(value) => value.as_str().into(),
        Value::Array(Array::Bool(values)) => values.clone().into(),
        Value::Array(Array::I64(values)) => values.clone().into(),
        Value::Array(Array::F64(values)) => values.clone().into(),
        Value::Array(Array::String(values)) => values.iter().map(|value| value.as_str()).collect(),
        other => other.to_string().into(),
    }
}

pub(super) fn timestamp(time: SystemTime) -> Timestamp {
    let since = micros(SystemTime::UNIX_EPOCH, time);
    Timestamp::from_micros(i64::try_from(since).unwrap_or(i64::MAX))
}

fn micros(from: SystemTime, to: SystemTime) -> u64 {
    whole_micros(to.duration_since(from).unwrap_or_default())
}

pub(super) fn whole_micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// The module that a span is of: the one that it names, or the one that its name begins with, as
/// `db` for `db.write`.
pub(super) fn module<'t>(named: Option<&'t str>, name: &'t str) -> &'t str {
    let plain =
        |word: &&str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let begins = name.split_once('.').map(|(module, _)| module).filter(plain);
    named.or(begins).unwrap_or("other")
}
