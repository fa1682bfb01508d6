//! Events become lines: one JSON object per event, and the same as text for a terminal.
//!
//! Rendering takes no lock but the short ones of the span registry, never logs, and works in
//! buffers of its own thread. An event that comes up while another is being rendered (from a
//! `Debug` that logs) gets buffers of its own.

use std::cell::Cell;
use std::sync::Arc;

use opentelemetry::Context as TraceContext;
use opentelemetry::baggage::BaggageExt;
use tracing::field::Field;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::counts::LineCounts;
use super::fields::{ALWAYS, Fields, Value, Visitor};
use super::inherited::{INHERITED_BYTES_MAX, Inherited, SpanFields, USER_ID, hands_down};
use super::json::{self, Moment};
use super::panic;
use super::sampling::{Sampling, Verdict};
use super::tail::Tail;
use super::terminal::Terminal;
use crate::kernel::Clock;
use crate::telemetry::context::{SpanIds, current_ids};

/// Takes finished lines, each ending in `\n`. Must not block and must not log.
pub(in crate::telemetry) trait LineSink: Send + Sync {
    /// Takes one line whole.
    fn push(&self, level: Level, line: &[u8]);
}

/// The version of what a line looks like. 1 had neither `schema_version` nor `module`. A new field
/// is no new version; a field that goes or means something else is.
pub(super) const SCHEMA_VERSION: u32 = 2;

/// What lines say and which of them are written.
pub(in crate::telemetry) struct LineOptions {
    /// The `service` of every line.
    pub(in crate::telemetry) service: String,
    /// Gives the time of every line.
    pub(in crate::telemetry) clock: Clock,
    /// The share of traces whose lines of `INFO` and below are written: 1.0 for all.
    pub(in crate::telemetry) sample_ratio: f64,
}

/// The layer that makes lines of events.
pub(in crate::telemetry) struct LineLayer {
    /// What stands between message and module in every line.
    service: Vec<u8>,
    clock: Clock,
    sampling: Sampling,
    counts: Arc<LineCounts>,
    file: Option<Arc<dyn LineSink>>,
    terminal: Option<Terminal>,
    /// For who follows the log as it is written.
    tail: Option<Arc<Tail>>,
}

impl LineLayer {
    /// Lines as JSON to `file`, and as text to `terminal`.
    pub(in crate::telemetry) fn new(
        options: LineOptions,
        file: Option<Arc<dyn LineSink>>,
        terminal: Option<Terminal>,
    ) -> Self {
        let mut service = b",\"service\":".to_vec();
        json::string(&mut service, &options.service, INHERITED_BYTES_MAX);
        let version = format!(",\"schema_version\":{SCHEMA_VERSION},\"module\":");
        service.extend_from_slice(version.as_bytes());
        let sampling = Sampling::new(options.sample_ratio);
        let (clock, counts) = (options.clock, Arc::default());
        Self { service, clock, sampling, counts, file, terminal, tail: None }
    }

    /// The same, with the last lines for who follows the log.
    pub(in crate::telemetry) fn followed(self, tail: Arc<Tail>) -> Self {
        Self { tail: Some(tail), ..self }
    }

    /// How many lines there were; goes on counting.
    pub(in crate::telemetry) fn counts(&self) -> Arc<LineCounts> {
        Arc::clone(&self.counts)
    }

    fn emit(&self, line: &mut Line, metadata: &Metadata<'_>, ids: Option<SpanIds>, sample: bool) {
        let (level, moment) = (*metadata.level(), Moment::of(self.clock.now()));
        self.counts.rendered(level);
        let written = self.file.is_some();
        let tail = self.tail.as_ref().filter(|tail| written || tail.is_wanted());
        if written || tail.is_some() {
            let rate = sample.then_some(self.sampling.rate.as_str());
            line.render_json(metadata, &moment, &self.service, (ids, rate));
        }
        self.file.iter().for_each(|file| file.push(level, &line.out));
        tail.iter().for_each(|tail| tail.push(level, &line.out));
        if let Some(terminal) = &self.terminal
            && metadata.target() != panic::TARGET
        {
            line.out.clear();
            terminal.render(&mut line.out, metadata, &moment, (&line.fields, &line.inherited));
            terminal.sink.push(level, &line.out);
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for LineLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if !hands_down(attributes.metadata()) {
            return;
        }
        let mut fields = SpanFields::default();
        fields.record(|visitor| attributes.record(visitor));
        if let Some(span) = context.span(id) {
            span.extensions_mut().replace(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let Some(span) = context.span(id).filter(|span| hands_down(span.metadata())) else {
            return;
        };
        // Values render themselves, which must not happen under the span's lock.
        let mut newer = SpanFields::default();
        newer.record(|visitor| values.record(visitor));
        let mut extensions = span.extensions_mut();
        match extensions.get_mut::<SpanFields>() {
            Some(fields) => fields.merge(newer),
            None => extensions.insert(newer),
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let (metadata, ids) = (event.metadata(), current_ids());
        let verdict = self.sampling.verdict(metadata, ids);
        if verdict == Verdict::Suppressed && !wants_always(event) {
            self.counts.suppressed(*metadata.level());
            return;
        }
        with_line(|line| {
            let fields = &mut line.fields;
            event.record(&mut Visitor(|field: &Field, value: Value<'_>| fields.put(field, value)));
            line.inherited.gather(context.event_scope(event));
            line.take_user();
            self.emit(line, metadata, ids, verdict == Verdict::Sample);
        });
    }
}

/// Whether the event says `always = true`.
fn wants_always(event: &Event<'_>) -> bool {
    let mut always = false;
    if event.metadata().fields().field(ALWAYS).is_some() {
        event.record(&mut Visitor(|field: &Field, value: Value<'_>| {
            always |= field.name() == ALWAYS && matches!(value, Value::Bool(true));
        }));
    }
    always
}

/// A line in the making.
#[derive(Default)]
struct Line {
    fields: Fields,
    inherited: Inherited,
    out: Vec<u8>,
    text: String,
}

impl Line {
    /// The user of the baggage, unless a span knows one.
    fn take_user(&mut self) {
        if self.inherited.has(USER_ID) {
            return;
        }
        self.out.clear();
        let (out, text) = (&mut self.out, &mut self.text);
        let found = TraceContext::map_current(|context| {
            let user = context.baggage().get("user_id");
            user.map(|user| Value::Text(user.as_str()).render("", out, text, INHERITED_BYTES_MAX))
        });
        if found.is_some() {
            self.inherited.offer(USER_ID, &self.out);
        }
    }

    fn render_json(
        &mut self,
        metadata: &Metadata<'_>,
        moment: &Moment,
        service: &[u8],
        (ids, sample_rate): (Option<SpanIds>, Option<&str>),
    ) {
        let out = &mut self.out;
        out.clear();
        out.extend_from_slice(b"{\"timestamp\":\"");
        moment.rfc_3339(out);
        out.extend_from_slice(b"\",\"severity\":\"");
        out.extend_from_slice(metadata.level().as_str().as_bytes());
        out.extend_from_slice(b"\",\"message\":");
        let message = &self.fields.message;
        out.extend_from_slice(if message.is_empty() { b"\"\"" } else { message });
        out.extend_from_slice(service);
        json::string(out, module_of(metadata.target()), INHERITED_BYTES_MAX);
        out.extend_from_slice(b",\"target\":");
        json::string(out, metadata.target(), INHERITED_BYTES_MAX);
        ids.iter().for_each(|ids| write_ids(out, ids));
        for (name, value) in self.inherited.iter() {
            if !self.fields.contains(name) {
                write_pair(out, name, value);
            }
        }
        out.extend_from_slice(&self.fields.bytes);
        sample_rate.iter().for_each(|rate| write_pair(out, "sample_rate", rate.as_bytes()));
        if self.fields.truncated {
            write_pair(out, "truncated", b"true");
        }
        out.extend_from_slice(b"}\n");
    }
}

/// The part of docket that speaks, `orders` for `docket::orders::place`; of another library, its
/// name.
pub(super) fn module_of(target: &str) -> &str {
    let (library, rest) = target.split_once("::").unwrap_or((target, ""));
    let module = rest.split("::").next().unwrap_or_default();
    if library == "docket" && !module.is_empty() { module } else { library }
}

fn write_pair(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
    out.extend_from_slice(value);
}

fn write_ids(out: &mut Vec<u8>, ids: &SpanIds) {
    out.extend_from_slice(b",\"trace_id\":\"");
    json::hex(out, &ids.trace_id.to_bytes());
    out.extend_from_slice(b"\",\"span_id\":\"");
    json::hex(out, &ids.span_id.to_bytes());
    out.extend_from_slice(b"\",\"trace_flags\":\"");
    out.extend_from_slice(if ids.sampled { b"01\"" } else { b"00\"" });
}

/// Runs with the thread's line, or with a new one when that is in use or gone.
fn with_line(render: impl FnOnce(&mut Line)) {
    thread_local! {
        static LINE: Cell<Option<Box<Line>>> = const { Cell::new(None) };
    }
    let mut line = LINE.try_with(Cell::take).ok().flatten().unwrap_or_default();
    line.fields.clear();
    line.inherited.clear();
    render(&mut line);
    let _ = LINE.try_with(|cell| cell.set(Some(line)));
}

#[cfg(test)]
mod tests;
