//! Histograms and counters whose samples point at a trace.
//!
//! They wrap the types of the `prometheus` crate, whose data model has no place for exemplars, and
//! keep beside each series one slot per bucket. An exemplar must name a trace that can be looked
//! up, and whether a trace is kept is decided at its end: so an observation makes a
//! [`PendingExemplar`], which waits with its trace and is published or dropped with it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use opentelemetry::trace::{SpanId, TraceId};
use prometheus::core::{Collector, Desc};
use prometheus::proto::{LabelPair, MetricFamily};
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts};

use super::super::context::{SpanIds, current_ids};
use super::super::traces;
use crate::kernel::{Clock, Timestamp};

/// One observation and the span in which it was made.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Exemplar {
    pub(super) trace_id: TraceId,
    pub(super) span_id: SpanId,
    pub(super) value: f64,
    pub(super) at: Timestamp,
}

/// Read and written with `try_lock` only: an observation never waits, a busy slot is passed over.
type Slot = Mutex<Option<Exemplar>>;

/// An exemplar whose trace is not decided yet. Dropping it forgets it.
#[derive(Debug)]
pub(in crate::telemetry) struct PendingExemplar {
    series: Arc<[Slot]>,
    slot: usize,
    exemplar: Exemplar,
}

impl PendingExemplar {
    /// The trace is kept: the exemplar may be shown. Traces end in any order, so an exemplar
    /// gives way to a younger one, as a scraper that refuses older ones expects.
    pub(in crate::telemetry) fn publish(self) {
        let Some(Ok(mut shown)) = self.series.get(self.slot).map(Mutex::try_lock) else { return };
        if shown.is_none_or(|shown| shown.at <= self.exemplar.at) {
            *shown = Some(self.exemplar);
        }
    }
}

/// The exemplars of one metric, for all of its series.
#[derive(Debug)]
pub(super) struct ExemplarTable {
    labels: Vec<String>,
    /// Upper bounds of the buckets but the last one's; none for a counter.
    bounds: Vec<f64>,
    series: RwLock<HashMap<String, Arc<[Slot]>>>,
}

impl ExemplarTable {
    fn new(labels: &[&str], bounds: &[f64]) -> Arc<Self> {
        let labels = labels.iter().map(|name| (*name).to_owned()).collect();
        Arc::new(Self { labels, bounds: bounds.to_vec(), series: RwLock::default() })
    }

    /// The exemplar of a bucket (0 for a counter) of the series with these labels.
    pub(super) fn find(&self, labels: &[LabelPair], bucket: usize) -> Option<Exemplar> {
        let value_of = |name: &String| labels.iter().find(|label| label.name() == name);
        let values: Option<Vec<&str>> =
            self.labels.iter().map(|name| value_of(name).map(LabelPair::value)).collect();
        let series = self.series.read().unwrap_or_else(PoisonError::into_inner);
        let slots = series.get(&key(&values?))?;
        slots.get(bucket)?.try_lock().ok().and_then(|slot| *slot)
    }

    /// Hands the observation to the trace that is entered now, if there is one.
    fn hold(&self, values: &[&str], value: f64) {
        if let Some(ids) = current_ids() {
            traces::hold_exemplar(ids.trace_id, self.pending(values, value, ids));
        }
    }

    fn pending(&self, values: &[&str], value: f64, ids: SpanIds) -> PendingExemplar {
        let (trace_id, span_id) = (ids.trace_id, ids.span_id);
        let exemplar = Exemplar { trace_id, span_id, value, at: Clock::System.now() };
        let slot = self.bounds.partition_point(|bound| *bound < value);
        PendingExemplar { series: self.slots(values), slot, exemplar }
    }

    fn slots(&self, values: &[&str]) -> Arc<[Slot]> {
        let key = key(values);
        let known = self.series.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        known.unwrap_or_else(|| {
            let mut series = self.series.write().unwrap_or_else(PoisonError::into_inner);
            let slots = || (0..=self.bounds.len()).map(|_| Slot::default()).collect();
            Arc::clone(series.entry(key).or_insert_with(slots))
        })
    }
}

/// Label values are words of closed sets: none has this separator in it.
fn key(values: &[&str]) -> String {
    values.join("\u{1f}")
}

/// A histogram vector with exemplars.
#[derive(Clone)]
pub(super) struct ExemplarHistogramVec {
    inner: HistogramVec,
    table: Arc<ExemplarTable>,
}

impl ExemplarHistogramVec {
    pub(super) fn new(opts: HistogramOpts, labels: &[&str]) -> prometheus::Result<Self> {
        let table = ExemplarTable::new(labels, &opts.buckets);
        Ok(Self { inner: HistogramVec::new(opts, labels)?, table })
    }

    /// Counts `value` in, on behalf of the span that is entered now.
    pub(super) fn observe(&self, values: &[&str], value: f64) {
        self.inner.with_label_values(values).observe(value);
        self.table.hold(values, value);
    }

    pub(super) fn inner(&self) -> &HistogramVec {
        &self.inner
    }

    pub(super) fn table(&self) -> Arc<ExemplarTable> {
        Arc::clone(&self.table)
    }
}

impl Collector for ExemplarHistogramVec {
    fn desc(&self) -> Vec<&Desc> {
        self.inner.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.inner.collect()
    }
}

/// A counter vector with exemplars.
#[derive(Clone)]
pub(super) struct ExemplarCounterVec {
    inner: IntCounterVec,
    table: Arc<ExemplarTable>,
}

impl ExemplarCounterVec {
    pub(super) fn new(opts: Opts, labels: &[&str]) -> prometheus::Result<Self> {
        let table = ExemplarTable::new(labels, &[]);
        Ok(Self { inner: IntCounterVec::new(opts, labels)?, table })
    }

    /// Counts one, on behalf of the span that is entered now.
    pub(super) fn inc(&self, values: &[&str]) {
        self.inner.with_label_values(values).inc();
        self.table.hold(values, 1.0);
    }

    pub(super) fn inner(&self) -> &IntCounterVec {
        &self.inner
    }

    pub(super) fn table(&self) -> Arc<ExemplarTable> {
        Arc::clone(&self.table)
    }
}

impl Collector for ExemplarCounterVec {
    fn desc(&self) -> Vec<&Desc> {
        self.inner.desc()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.inner.collect()
    }
}

#[cfg(test)]
impl ExemplarHistogramVec {
    /// Observes in a span with these ids; the exemplar is the caller's to publish or drop.
    pub(super) fn observe_in(&self, ids: SpanIds, values: &[&str], value: f64) -> PendingExemplar {
        self.inner.with_label_values(values).observe(value);
        self.table.pending(values, value, ids)
    }
}

#[cfg(test)]
impl ExemplarCounterVec {
    /// Counts in a span with these ids; the exemplar is the caller's to publish or drop.
    pub(super) fn inc_in(&self, ids: SpanIds, values: &[&str]) -> PendingExemplar {
        self.inner.with_label_values(values).inc();
        self.table.pending(values, 1.0, ids)
    }
}

#[cfg(test)]
mod tests {
    use prometheus::histogram_opts;

    use super::*;

    fn ids(trace: u8) -> SpanIds {
        let (trace_id, span_id) =
            (TraceId::from_bytes([trace; 16]), SpanId::from_bytes([trace; 8]));
        SpanIds { trace_id, span_id, sampled: true }
    }

    fn histogram() -> ExemplarHistogramVec {
        let opts = histogram_opts!("took_seconds", "Time", vec![0.1, 1.0]);
        ExemplarHistogramVec::new(opts, &["route", "method"]).unwrap()
    }

    /// What a page would show of the only series.
    fn shown(histogram: &ExemplarHistogramVec, bucket: usize) -> Option<Exemplar> {
        let families = histogram.collect();
        histogram.table.find(families[0].get_metric()[0].get_label(), bucket)
    }

    #[test]
    fn an_exemplar_is_shown_only_once_it_is_published() {
        let histogram = histogram();
        let pending = histogram.observe_in(ids(1), &["/", "GET"], 0.5);
        assert_eq!(histogram.inner.with_label_values(&["/", "GET"]).get_sample_count(), 1);
        assert_eq!(shown(&histogram, 1), None);
        pending.publish();
        let exemplar = shown(&histogram, 1).unwrap();
        assert_eq!((exemplar.trace_id, exemplar.value), (ids(1).trace_id, 0.5));
        drop(histogram.observe_in(ids(2), &["/", "GET"], 0.6));
        assert_eq!(shown(&histogram, 1), Some(exemplar), "a dropped trace leaves no exemplar");
    }

    #[test]
    fn a_value_belongs_to_the_bucket_whose_bound_it_does_not_exceed() {
        let histogram = histogram();
        for (value, bucket) in [(0.0, 0), (0.1, 0), (0.100_1, 1), (1.0, 1), (1.1, 2), (99.0, 2)] {
            histogram.observe_in(ids(3), &["/", "GET"], value).publish();
            assert_eq!(shown(&histogram, bucket).unwrap().value, value);
        }
    }

    #[test]
    fn a_trace_that_ends_late_does_not_replace_a_younger_exemplar() {
        let histogram = histogram();
        let older = histogram.observe_in(ids(4), &["/", "GET"], 0.5);
        let mut younger = histogram.observe_in(ids(5), &["/", "GET"], 0.6);
        younger.exemplar.at = Timestamp::from_micros(older.exemplar.at.micros() + 1);
        younger.publish();
        older.publish();
        assert_eq!(shown(&histogram, 1).unwrap().trace_id, ids(5).trace_id);
    }

    #[test]
    fn a_busy_slot_is_passed_over() {
        let histogram = histogram();
        let pending = histogram.observe_in(ids(6), &["/", "GET"], 0.5);
        let slots = Arc::clone(&pending.series);
        let busy = slots[1].lock().unwrap();
        pending.publish();
        assert_eq!(shown(&histogram, 1), None, "reading passes it over as well");
        drop(busy);
        assert_eq!(shown(&histogram, 1), None);
    }

    #[test]
    fn each_series_has_exemplars_of_its_own() {
        let counter = ExemplarCounterVec::new(Opts::new("done_total", "Done"), &["how"]).unwrap();
        counter.inc_in(ids(7), &["well"]).publish();
        counter.inc(&["badly"]);
        let families = counter.collect();
        let of = |how: &str| {
            let of = families[0].get_metric().iter().find(|one| one.get_label()[0].value() == how);
            counter.table.find(of.unwrap().get_label(), 0)
        };
        assert_eq!(of("well").unwrap().value, 1.0);
        assert_eq!(of("badly"), None, "without a trace nothing is held");
    }
}
