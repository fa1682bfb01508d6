//! The pipeline as its tracer sees it: what is kept, what is remembered, what is given up.

mod full;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use opentelemetry::trace::{
    Span as _, SpanContext, SpanId, SpanKind, Status, TraceContextExt, TraceFlags, TraceId,
    TraceState, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider, Span};

use super::keep::Keep;
use super::pipeline::Pipeline;
use super::processor::Processor;
use super::sampler::HeadSampler;
use super::view::TraceView;
use crate::config::{Config, Traces};
use crate::telemetry::ratio::Ratio;

fn config(settings: &[(&str, &str)]) -> Traces {
    let name = |name: &str| format!("DOCKET_TRACES__{name}");
    let settings = settings.iter().map(|(key, value)| (name(key), (*value).to_owned()));
    Config::load(None, settings.collect::<Vec<_>>()).unwrap().traces
}

/// A pipeline of its own, with a tracer into it.
struct Bench {
    tracer: SdkTracer,
    pipeline: Arc<Pipeline>,
}

fn bench(settings: &[(&str, &str)]) -> Bench {
    let config = config(settings);
    let pipeline = Arc::new(Pipeline::new(&config, Vec::new()));
    let sampler = HeadSampler { recording: true, ratio: Ratio::new(config.sample_ratio) };
    let provider = SdkTracerProvider::builder()
        .with_sampler(sampler)
        .with_span_processor(Processor(Arc::clone(&pipeline)))
        .build();
    Bench { tracer: provider.tracer("test"), pipeline }
}

impl Bench {
    fn root(&self, name: &'static str) -> Span {
        let builder = self.tracer.span_builder(name).with_kind(SpanKind::Server);
        self.tracer.build_with_context(builder, &Context::new())
    }

    /// A root with one child, both ended after `change` has seen them.
    fn trace(&self, change: impl FnOnce(&mut Span)) -> TraceId {
        let parent = Context::new().with_span(self.root("GET /"));
        let mut child = self.tracer.start_with_context("child", &parent);
        change(&mut child);
        child.end();
        parent.span().end();
        parent.span().span_context().trace_id()
    }

    fn kept(&self, trace_id: TraceId) -> Option<Keep> {
        self.view(trace_id).and_then(|trace| trace.kept_because)
    }

    fn view(&self, trace_id: TraceId) -> Option<TraceView> {
        self.pipeline.store.find(trace_id).map(|trace| TraceView::of(&trace))
    }
}

const NONE: (&str, &str) = ("SAMPLE_RATIO", "0.0");

#[test]
fn a_failed_trace_is_kept_and_an_ordinary_one_only_remembered() {
    let bench = bench(&[NONE]);
    let failed = bench.trace(|span| span.set_status(Status::error("no")));
    let ordinary = bench.trace(|_| {});
    assert_eq!(bench.kept(failed), Some(Keep::Error));
    assert_eq!(bench.kept(ordinary), None);
    assert_eq!(bench.view(ordinary).unwrap().spans[0].children[0].name, "child");
}

#[test]
fn a_trace_that_is_slow_for_its_route_is_kept() {
    let routes = ("SLOW_ROUTES_MS", "{ \"POST /slow\" = 3600000 }");
    let bench = bench(&[NONE, ("SLOW_MS", "0"), routes]);
    let timed = |name| {
        let mut root = bench.root(name);
        let ended = opentelemetry::time::now() + Duration::from_secs(2);
        root.end_with_timestamp(ended);
        bench.kept(root.span_context().trace_id())
    };
    assert_eq!(timed("POST /slow"), None);
    assert_eq!(timed("GET /"), Some(Keep::Slow));
}

#[test]
fn an_answer_that_stays_open_is_not_slow() {
    let bench = bench(&[NONE, ("SLOW_MS", "0")]);
    let open = |fails: bool| {
        let mut root = bench.root("GET /events");
        let trace_id = root.span_context().trace_id();
        bench.pipeline.stay_open(trace_id);
        if fails {
            root.set_status(Status::error("no"));
        }
        root.end_with_timestamp(opentelemetry::time::now() + Duration::from_secs(60));
        bench.kept(trace_id)
    };
    assert_eq!((open(false), open(true)), (None, Some(Keep::Error)));
}

#[test]
fn a_mark_keeps_and_an_idle_round_is_forgotten() {
    let bench = bench(&[("SAMPLE_RATIO", "1.0")]);
    let mark = |note: &dyn Fn(TraceId)| {
        let mut root = bench.root("job");
        let trace_id = root.span_context().trace_id();
        note(trace_id);
        root.end();
        trace_id
    };
    let marked = mark(&|id| bench.pipeline.mark(id, Keep::UnknownOutcome));
    let idle = mark(&|id| bench.pipeline.idle(id));
    let sampled = mark(&|_| {});
    assert_eq!(bench.kept(marked), Some(Keep::UnknownOutcome));
    assert!(bench.view(idle).is_none());
    assert_eq!(bench.kept(sampled), Some(Keep::Ratio));
}

#[test]
fn a_peers_flag_decides_for_its_trace_and_two_requests_of_it_are_one() {
    let bench = bench(&[("SAMPLE_RATIO", "1.0")]);
    let remote = |trace: u128, flags| {
        let ids = SpanContext::new(
            TraceId::from(trace),
            SpanId::from(7),
            flags,
            true,
            TraceState::default(),
        );
        Context::new().with_remote_span_context(ids)
    };
    let request = |parent: &Context| {
        let builder = self::SpanBuilderOf(&bench.tracer).server();
        bench.tracer.build_with_context(builder, parent)
    };
    let sampled = remote(1, TraceFlags::SAMPLED);
    let (mut first, mut second) = (request(&sampled), request(&sampled));
    first.end();
    assert!(bench.view(TraceId::from(1)).is_none(), "its other request still runs");
    second.end();
    assert_eq!(bench.kept(TraceId::from(1)), Some(Keep::Inbound));
    assert_eq!(bench.view(TraceId::from(1)).unwrap().spans.len(), 2);
    request(&remote(2, TraceFlags::default())).end();
    assert_eq!(bench.kept(TraceId::from(2)), None);
}

struct SpanBuilderOf<'a>(&'a SdkTracer);

impl SpanBuilderOf<'_> {
    fn server(&self) -> opentelemetry::trace::SpanBuilder {
        self.0.span_builder("GET /").with_kind(SpanKind::Server)
    }
}

#[test]
fn a_trace_over_the_bounds_is_decided_early_and_its_late_spans_follow() {
    let bench = bench(&[("SAMPLE_RATIO", "1.0"), ("PENDING_BYTES", "20000")]);
    let parent = Context::new().with_span(bench.root("POST /big"));
    for _ in 0..200 {
        let mut child = bench.tracer.start_with_context("child", &parent);
        child.set_attribute(KeyValue::new("filler", "x".repeat(200)));
        child.end();
    }
    parent.span().end();
    let trace_id = parent.span().span_context().trace_id();
    let counts = &bench.pipeline.counts;
    let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
    assert_eq!(read(&counts.cut_short_bytes), 1);
    assert_eq!(read(&counts.kept[Keep::Ratio as usize]), 1, "it is one trace");
    assert_eq!((read(&counts.spans_ended), read(&counts.spans_kept)), (201, 201));
    assert_eq!(bench.kept(trace_id), Some(Keep::Ratio));
    assert!(bench.pipeline.pending_size().1 < 20_000);
}

#[test]
fn the_store_stays_within_its_bytes_and_kept_traces_outlive_the_others() {
    let bench = bench(&[NONE, ("STORE_BYTES", "40000")]);
    let kept = bench.trace(|span| span.set_status(Status::error("no")));
    for _ in 0..100 {
        bench.trace(|span| span.set_attribute(KeyValue::new("filler", "x".repeat(500))));
    }
    let (traces, bytes) = bench.pipeline.store_size();
    assert!(bytes <= 40_000 && traces < 30, "{traces} traces, {bytes} bytes");
    assert_eq!(bench.kept(kept), Some(Keep::Error));
}

#[test]
fn baggage_is_copied_and_secrets_are_taken_out() {
    use opentelemetry::baggage::BaggageExt;
    let bench = bench(&[]);
    let context = Context::new().with_baggage([KeyValue::new("user_id", "u-17")]);
    let builder = SpanBuilderOf(&bench.tracer).server();
    let mut root = bench.tracer.build_with_context(builder, &context);
    root.set_attribute(KeyValue::new("card_number", "4111111111111111"));
    root.set_attribute(KeyValue::new("note", "paid with 4111 1111 1111 1111"));
    root.add_event("for 4111111111111111", vec![KeyValue::new("api_key", "k")]);
    root.set_status(Status::error("Bearer abc123DEF456ghi789 was refused"));
    root.end();
    let trace = bench.pipeline.store.find(root.span_context().trace_id()).unwrap();
    let told = format!("{:?}", trace.spans);
    assert!(told.contains("u-17"));
    // Shorter pieces are in an identifier now and then.
    for secret in ["4111 1111", "41111111", "abc123DEF456ghi789", "\"k\""] {
        assert!(!told.contains(secret), "{secret} in {told}");
    }
}
