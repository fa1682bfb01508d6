//! Made-up traces: deep, wide, overlapping, late, set back.

use serde_json::json;

use super::part::merged;
use super::*;

const START: i64 = 1_795_455_552_000_000;

/// A span from one microsecond of the trace to another, with those inside it.
fn span(name: &str, from: i64, took: u64, children: Vec<SpanView>) -> SpanView {
    SpanView {
        span_id: name.to_owned(),
        parent_span_id: None,
        name: name.to_owned(),
        kind: "internal",
        started_at: Timestamp::from_micros(START + from),
        duration_us: took,
        status: "unset",
        attributes: Map::new(),
        links: Vec::new(),
        children,
    }
}

fn with(mut span: SpanView, attributes: Value) -> SpanView {
    span.attributes = attributes.as_object().unwrap().clone();
    span
}

fn trace(duration_us: u64, spans: Vec<SpanView>) -> TraceView {
    TraceView {
        trace_id: "t".into(),
        kept_because: None,
        started_at: Timestamp::from_micros(START),
        duration_us,
        span_count: spans.len(),
        spans,
    }
}

fn waterfall(duration_us: u64, spans: Vec<SpanView>) -> Waterfall {
    Waterfall::of(&trace(duration_us, spans), &[])
}

fn row<'w>(waterfall: &'w Waterfall, name: &str) -> &'w Row {
    waterfall.rows.iter().find(|row| row.name == name).unwrap()
}

fn parts(parts: &[Part]) -> Vec<(u64, u64)> {
    parts.iter().map(|part| (part.from, part.to)).collect()
}

/// What holds of every waterfall.
#[track_caller]
fn is_sound(waterfall: &Waterfall) {
    let mut path: Vec<Part> = Vec::new();
    for row in &waterfall.rows {
        let all = row.own.iter().chain(&row.critical).chain(&row.wait).chain(&row.commit);
        for part in all.chain([&row.ran]) {
            assert!(part.from <= part.to && part.to <= waterfall.duration_us, "{row:?}");
        }
        assert!(row.own_us() <= row.ran.us(), "{row:?}");
        let own = row.critical.iter().all(|critical| {
            row.own.iter().any(|own| own.from <= critical.from && critical.to <= own.to)
        });
        assert!(own, "what is waited for is the span's own work: {row:?}");
        path.extend(&row.critical);
    }
    let whole: u64 = path.iter().map(|part| part.us()).sum();
    let root = waterfall.rows.iter().filter(|row| row.above.is_none()).map(|row| row.ran.us());
    assert_eq!(whole, root.max().unwrap_or_default(), "the path covers its span");
    assert_eq!(total(&merged(path)), whole, "and no moment twice");
}

#[test]
fn what_children_did_is_not_the_spans_own_time() {
    let inside = vec![span("a.one", 10, 30, vec![]), span("b.two", 60, 20, vec![])];
    let found = waterfall(100, vec![span("root", 0, 100, inside)]);
    is_sound(&found);
    assert_eq!(parts(&row(&found, "root").own), [(0, 10), (40, 60), (80, 100)]);
    assert_eq!(parts(&row(&found, "root").critical), [(0, 10), (40, 60), (80, 100)]);
    assert_eq!(row(&found, "a.one").critical_us(), 30);
    let modules: Vec<&str> = found.lanes.iter().map(|lane| lane.module.as_str()).collect();
    assert_eq!(modules, ["other", "a", "b"]);
    assert_eq!((found.lanes[1].own_us(), row(&found, "b.two").lane), (30, 2));
}

#[test]
fn of_children_that_overlap_the_one_that_ends_last_was_waited_for() {
    let inside = vec![
        span("early", 0, 50, vec![]),
        span("late", 20, 60, vec![]),
        span("hidden", 30, 10, vec![]),
    ];
    let found = waterfall(100, vec![span("root", 0, 100, inside)]);
    is_sound(&found);
    assert_eq!(parts(&row(&found, "late").critical), [(20, 80)]);
    assert_eq!(parts(&row(&found, "early").critical), [(0, 20)]);
    assert_eq!(row(&found, "hidden").critical, []);
    assert_eq!(row(&found, "root").own_us(), 20);
}

#[test]
fn a_child_that_ends_after_its_parent_is_cut_at_the_parents_end() {
    let inside = vec![span("child", 40, 100, vec![span("inner", 120, 10, vec![])])];
    let found = waterfall(140, vec![span("root", 0, 60, inside)]);
    is_sound(&found);
    let child = row(&found, "child");
    assert!(child.outlives && !row(&found, "inner").outlives);
    assert_eq!((child.ran, parts(&child.critical)), (Part { from: 40, to: 140 }, vec![(40, 60)]));
    assert_eq!(row(&found, "root").own_us(), 40);
}

#[test]
fn a_clock_that_was_set_back_puts_nothing_outside_the_trace() {
    // A child that begins before its parent and the trace, one far behind, one of no time.
    let inside = vec![
        span("before", -5_000, 10, vec![]),
        span("after", 9_000, 10, vec![]),
        span("none", 50, 0, vec![]),
        span("endless", 10, u64::MAX, vec![]),
    ];
    let found = waterfall(100, vec![span("root", 0, 100, inside)]);
    is_sound(&found);
    assert_eq!(row(&found, "before").ran, Part { from: 0, to: 10 });
    assert_eq!(row(&found, "after").ran.us(), 0);
}

#[test]
fn a_trace_of_nothing_is_nothing() {
    let found = waterfall(0, vec![]);
    is_sound(&found);
    assert_eq!((found.name(), found.rows.len(), found.lanes.len()), ("", 0, 0));
    is_sound(&waterfall(0, vec![span("moment", 0, 0, vec![])]));
}

#[test]
fn the_longest_of_several_topmost_spans_begins_the_path() {
    let spans = vec![span("short", 0, 10, vec![]), span("long", 20, 80, vec![])];
    let found = waterfall(100, spans);
    is_sound(&found);
    assert_eq!((row(&found, "short").critical_us(), row(&found, "long").critical_us()), (0, 80));
}

#[test]
fn waits_begin_with_the_span_and_commits_end_with_it() {
    let write = with(span("db.write", 10, 50, vec![]), json!({ "wait_us": 20, "commit_us": 15 }));
    let long = with(span("db.read", 70, 10, vec![]), json!({ "wait_us": 99, "commit_us": 0 }));
    let found = waterfall(100, vec![span("root", 0, 100, vec![write, long])]);
    is_sound(&found);
    let write = row(&found, "db.write");
    assert_eq!(
        (write.wait, write.commit),
        (Some(Part { from: 10, to: 30 }), Some(Part { from: 45, to: 60 }))
    );
    let long = row(&found, "db.read");
    assert_eq!((long.wait, long.commit), (Some(Part { from: 70, to: 80 }), None));
    assert_eq!(write.module, "db");
}

#[test]
fn lines_stand_at_their_moment_beside_their_span() {
    let line = |span: &str, trace: &str, at: i64| LogLine {
        at: Some(Timestamp::from_micros(START + at)),
        span_id: Some(span.into()),
        trace_id: Some(trace.into()),
        ..LogLine::default()
    };
    let lines = [
        line("child", "t", 30),
        line("child", "another", 30),
        line("gone", "t", 30),
        line("root", "t", -70),
        line("root", "t", 900),
    ];
    let spans = vec![span("root", 0, 100, vec![span("child", 10, 50, vec![])])];
    let found = Waterfall::of(&trace(100, spans), &lines);
    assert_eq!(row(&found, "child").lines, [(0, 30)]);
    assert_eq!(row(&found, "root").lines, [(3, 0), (4, 100)]);
}

/// A chain of spans, each inside the one before.
fn deep(spans: u64) -> SpanView {
    let mut inner = span("leaf", 0, 1, vec![]);
    for depth in 1..spans {
        inner = span("link", 0, depth + 1, vec![inner]);
    }
    inner
}

#[test]
fn a_deep_trace_is_walked_without_a_deep_stack() {
    let found = waterfall(2_000, vec![deep(2_000)]);
    is_sound(&found);
    assert_eq!((found.rows.len(), found.rows[1_999].depth), (2_000, 1_999));
    assert!(found.rows.iter().all(|row| row.critical_us() == 1));
}

#[test]
fn five_thousand_spans_side_by_side_are_quick() {
    let inside: Vec<SpanView> =
        (0..4_999).map(|n| span(&format!("m{}.x", n % 7), n * 2, 3, vec![])).collect();
    let took = crate::kernel::Stopwatch::start();
    let found = waterfall(10_000, vec![span("root", 0, 10_000, inside)]);
    assert!(took.elapsed().as_millis() < 500, "{:?}", took.elapsed());
    is_sound(&found);
    assert_eq!(found.rows.len(), 5_000);
}

#[test]
fn whatever_the_spans_say_the_waterfall_is_sound() {
    // Numbers that look like chance and are the same in every run.
    let mut seed = 7_u64;
    let mut next = |most: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % most
    };
    for _ in 0..200 {
        let mut spans: Vec<SpanView> = Vec::new();
        for number in 0..next(40) {
            let from = next(1_200).cast_signed() - 100;
            let mut one = span(&format!("s{number}"), from, next(900), vec![]);
            let taken = usize::try_from(next(spans.len() as u64 + 1)).unwrap();
            one.children = spans.split_off(spans.len() - taken);
            spans.push(one);
        }
        is_sound(&waterfall(1_000, spans));
    }
}
