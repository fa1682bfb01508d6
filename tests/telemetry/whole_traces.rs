//! Whether the spans that a collector got are whole traces: the checks, and their own tests.

use std::collections::{BTreeMap, BTreeSet};

use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::trace::v1::Span;

/// A request as its client knows it.
#[derive(Debug, Clone)]
pub struct Known {
    pub trace_id: String,
    pub status: u16,
    /// The caller's span, for a request of a trusted peer.
    pub parent: Option<String>,
}

/// An attribute of a span as a text; empty when it is not there.
pub fn attribute(span: &Span, name: &str) -> String {
    let found = span.attributes.iter().find(|attribute| attribute.key == name);
    let value = found.and_then(|attribute| attribute.value.as_ref()?.value.as_ref());
    match value {
        Some(any_value::Value::StringValue(text)) => text.clone(),
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        Some(other) => format!("{other:?}"),
        None => String::new(),
    }
}

/// The spans by their traces.
pub fn by_trace(spans: &[Span]) -> BTreeMap<String, Vec<&Span>> {
    let mut traces: BTreeMap<String, Vec<&Span>> = BTreeMap::new();
    for span in spans {
        traces.entry(hex::encode(&span.trace_id)).or_default().push(span);
    }
    traces
}

/// What is wrong: ids given twice, orphans, traces with more or less than one topmost span, answers
/// without their trace, settlements that lead to nowhere.
pub fn faults(spans: &[Span], known: &[Known]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for span in spans.iter().filter(|span| !seen.insert(&span.span_id)) {
        faults.push(format!("{} is the id of two spans", hex::encode(&span.span_id)));
    }
    let traces = by_trace(spans);
    let callers: BTreeMap<&str, &str> = known
        .iter()
        .filter_map(|one| Some((one.trace_id.as_str(), one.parent.as_deref()?)))
        .collect();
    for (trace_id, spans) in &traces {
        let caller = callers.get(trace_id.as_str()).copied().unwrap_or_default();
        faults.extend(faults_of_trace(trace_id, spans, caller));
    }
    faults.extend(known.iter().filter_map(|one| fault_of_answer(one, &traces)));
    faults.extend(spans.iter().filter_map(|span| fault_of_settlement(span, spans)));
    faults
}

fn faults_of_trace(trace_id: &str, spans: &[&Span], caller: &str) -> Vec<String> {
    let ids: BTreeSet<&[u8]> = spans.iter().map(|span| &span.span_id[..]).collect();
    let is_topmost = |span: &&&Span| hex::encode(&span.parent_span_id) == caller;
    let orphans =
        spans.iter().filter(|span| !is_topmost(span) && !ids.contains(&span.parent_span_id[..]));
    let orphans = orphans.map(|span| format!("{trace_id}: {} is an orphan", span.name));
    let topmost = spans.iter().filter(is_topmost).count();
    let topmost = (topmost != 1).then(|| format!("{trace_id}: {topmost} topmost spans"));
    orphans.chain(topmost).collect()
}

/// The topmost span of a trace is the request, with the status that its client saw.
fn fault_of_answer(known: &Known, traces: &BTreeMap<String, Vec<&Span>>) -> Option<String> {
    let Some(spans) = traces.get(&known.trace_id) else {
        return Some(format!("{known:?} has no trace"));
    };
    let said = |span: &&Span| attribute(span, "http.response.status_code");
    let told = spans.iter().filter(|span| said(span) == known.status.to_string()).count();
    (told != 1).then(|| format!("{known:?} is told {told} times"))
}

fn fault_of_settlement(span: &Span, spans: &[Span]) -> Option<String> {
    if span.name != "orders.settle" {
        return None;
    }
    let [link] = &span.links[..] else {
        return Some(format!("a settlement with {} links", span.links.len()));
    };
    let origin = spans
        .iter()
        .find(|span| (&span.trace_id, &span.span_id) == (&link.trace_id, &link.span_id));
    let name = origin.map_or("nothing", |span| &span.name);
    (name != "POST /v1/orders").then(|| format!("a settlement leads to {name}"))
}

/// The traces that settlements lead back to.
pub fn settled(spans: &[Span]) -> BTreeSet<String> {
    let settlements = spans.iter().filter(|span| span.name == "orders.settle");
    let links = settlements.flat_map(|span| &span.links);
    links.map(|link| hex::encode(&link.trace_id)).collect()
}

// The checks see what they are for -------------------------------------------------------------

fn span(trace: u8, id: u8, parent: u8, name: &str) -> Span {
    let id_of = |id: u8| if id == 0 { Vec::new() } else { vec![id; 8] };
    Span {
        trace_id: vec![trace; 16],
        span_id: id_of(id),
        parent_span_id: id_of(parent),
        name: name.into(),
        ..Span::default()
    }
}

fn answered(mut span: Span, status: i64) -> Span {
    use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
    let value = Some(AnyValue { value: Some(any_value::Value::IntValue(status)) });
    let key = "http.response.status_code".to_owned();
    span.attributes.push(KeyValue { key, value, ..KeyValue::default() });
    span
}

fn linked(mut span: Span, trace: u8, id: u8) -> Span {
    use opentelemetry_proto::tonic::trace::v1::span::Link;
    let (trace_id, span_id) = (vec![trace; 16], vec![id; 8]);
    span.links.push(Link { trace_id, span_id, ..Link::default() });
    span
}

/// A placed order, its settlement, and a request of a trusted peer whose span is 9.
fn sound() -> (Vec<Span>, Vec<Known>) {
    let spans = vec![
        answered(span(1, 1, 0, "POST /v1/orders"), 202),
        span(1, 2, 1, "orders.place"),
        span(1, 3, 2, "db.write"),
        linked(span(2, 4, 0, "orders.settle"), 1, 1),
        answered(span(3, 5, 9, "GET /v1/orders"), 200),
        span(3, 6, 5, "db.read"),
    ];
    let known = [(1, 202, None), (3, 200, Some(hex::encode([9; 8])))];
    let known = known.map(|(trace, status, parent)| Known {
        trace_id: hex::encode([trace; 16]),
        status,
        parent,
    });
    (spans, known.to_vec())
}

#[test]
fn whole_traces_have_no_faults() {
    let (spans, known) = sound();
    assert_eq!(faults(&spans, &known), [""; 0]);
    assert_eq!(settled(&spans), [hex::encode([1; 16])].into());
}

#[test]
fn every_planted_fault_is_found() {
    type Plant = fn(&mut Vec<Span>);
    let plants: [(Plant, &str); 8] = [
        (|spans| drop(spans.remove(1)), "db.write is an orphan"),
        (|spans| drop(spans.remove(0)), "0 topmost spans"),
        (|spans| drop(spans.remove(4)), "db.read is an orphan"),
        (|spans| spans.push(span(1, 7, 0, "db.read")), "2 topmost spans"),
        (|spans| spans.push(span(3, 7, 0, "db.read")), "db.read is an orphan"),
        (|spans| spans.push(spans[2].clone()), "is the id of two spans"),
        (|spans| spans[3].links[0].span_id = vec![8; 8], "a settlement leads to nothing"),
        (|spans| spans.truncate(4), "has no trace"),
    ];
    for (plant, expected) in plants {
        let (mut spans, known) = sound();
        plant(&mut spans);
        let found = faults(&spans, &known);
        assert!(found.iter().any(|fault| fault.contains(expected)), "{expected}: {found:?}");
    }
}
