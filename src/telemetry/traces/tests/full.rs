//! Lists over a store of recent traces: what they let through, and how long a full one takes.

use super::super::calls::counted;
use super::super::recent::{TraceFilter, listed};
use super::*;
use crate::kernel::Stopwatch;

fn filter() -> TraceFilter {
    TraceFilter { limit: 100, ..TraceFilter::default() }
}

impl Bench {
    fn listed(&self, filter: &TraceFilter) -> Vec<TraceId> {
        let found = listed(&self.pipeline.store, filter);
        assert_eq!(found.matching, found.traces.len(), "no list here is longer than its limit");
        found.traces.iter().map(|trace| TraceId::from_hex(&trace.trace_id).unwrap()).collect()
    }
}

#[test]
fn a_list_is_filtered_and_begins_with_the_newest() {
    let bench = bench(&[NONE]);
    let first = bench.trace(|_| {});
    let failed = bench.trace(|span| span.set_status(Status::error("no")));
    let mut slow = bench.root("POST /slow");
    slow.end_with_timestamp(opentelemetry::time::now() + Duration::from_millis(500));
    let slow = slow.span_context().trace_id();
    assert_eq!(bench.listed(&filter()), [slow, failed, first]);
    let of = |change: &dyn Fn(&mut TraceFilter)| {
        let mut filter = filter();
        change(&mut filter);
        bench.listed(&filter)
    };
    assert_eq!(of(&|filter| filter.failed = Some(true)), [failed]);
    assert_eq!(of(&|filter| filter.failed = Some(false)), [slow, first]);
    assert_eq!(of(&|filter| filter.slower_than = Duration::from_millis(400)), [slow]);
    assert_eq!(of(&|filter| filter.name = "post".into()), [slow]);
    assert_eq!(of(&|filter| filter.only_kept = true), [failed]);
    assert_eq!(of(&|filter| filter.kept_because = Some(Keep::Error)), [failed]);
    assert_eq!(of(&|filter| filter.kept_because = Some(Keep::Slow)), []);
    let cut = listed(&bench.pipeline.store, &TraceFilter { limit: 1, ..filter() });
    assert_eq!((cut.traces.len(), cut.matching, cut.remembered), (1, 3, 3));
    assert_eq!((cut.traces[0].name.as_str(), cut.traces[0].span_count), ("POST /slow", 1));
}

#[test]
fn a_full_store_is_listed_within_a_tenth_of_a_second() {
    let bench = bench(&[("SAMPLE_RATIO", "1.0")]);
    let (_, most) = bench.pipeline.bytes_most();
    let kept = most / 4 * 3;
    while bench.pipeline.store_size().1 < kept - 10_000 {
        bench.trace(|span| span.set_attribute(KeyValue::new("app.module", "orders")));
    }
    let filter = TraceFilter { name: "get".into(), ..filter() };
    let found = listed(&bench.pipeline.store, &filter);
    assert!(found.matching > 10_000 && found.traces.len() == 100, "{}", found.matching);
    let list = || {
        let took = Stopwatch::start();
        let _ = listed(&bench.pipeline.store, &filter);
        took.elapsed()
    };
    // The quickest of several: others use the machine as well. Unoptimised code takes its time.
    let quickest = (0..5).map(|_| list()).min().unwrap();
    let most = if cfg!(debug_assertions) { 400 } else { 100 };
    assert!(quickest < Duration::from_millis(most), "{quickest:?}");
    let map = counted(&bench.pipeline.store);
    assert_eq!((map.traces, map.calls[0].calls), (found.remembered, found.remembered));
}
