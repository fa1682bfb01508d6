//! Registering: every metric once, and every series of a closed set from the start, so that a rate
//! is right from the first event on.

use std::collections::HashMap;

use prometheus::core::{Collector, MetricVec, MetricVecBuilder};
use prometheus::process_collector::ProcessCollector;
use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType};
use prometheus::{
    Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec, Opts, Registry, Result,
};

use super::exemplar::{ExemplarCounterVec, ExemplarHistogramVec};
use super::label::{Label, combinations, names};
use super::openmetrics::Exemplars;

/// Bounds for what takes from a tenth of a millisecond to ten seconds.
pub(super) const SECONDS: &[f64] = &[
    0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// All metrics of a process, as their subjects register them.
#[derive(Default)]
pub(super) struct Registrar {
    pub(super) registry: Registry,
    pub(super) exemplars: Exemplars,
}

impl Registrar {
    pub(super) fn counter(&self, name: &str, help: &str) -> Result<IntCounter> {
        self.kept(IntCounter::new(name, help)?)
    }

    pub(super) fn counters(
        &self,
        name: &str,
        help: &str,
        labels: &[Label],
    ) -> Result<IntCounterVec> {
        self.kept(created(IntCounterVec::new(Opts::new(name, help), &names(labels))?, labels)?)
    }

    pub(super) fn gauge(&self, name: &str, help: &str) -> Result<IntGauge> {
        self.kept(IntGauge::new(name, help)?)
    }

    pub(super) fn gauges(&self, name: &str, help: &str, labels: &[Label]) -> Result<IntGaugeVec> {
        self.kept(created(IntGaugeVec::new(Opts::new(name, help), &names(labels))?, labels)?)
    }

    pub(super) fn times(&self, name: &str, help: &str, labels: &[Label]) -> Result<GaugeVec> {
        self.kept(created(GaugeVec::new(Opts::new(name, help), &names(labels))?, labels)?)
    }

    pub(super) fn histogram(&self, name: &str, help: &str, bounds: &[f64]) -> Result<Histogram> {
        self.kept(Histogram::with_opts(options(name, help, bounds))?)
    }

    pub(super) fn histograms(
        &self,
        name: &str,
        help: &str,
        bounds: &[f64],
        labels: &[Label],
    ) -> Result<HistogramVec> {
        let histograms = HistogramVec::new(options(name, help, bounds), &names(labels))?;
        self.kept(created(histograms, labels)?)
    }

    pub(super) fn exemplar_counters(
        &mut self,
        name: &str,
        help: &str,
        labels: &[Label],
    ) -> Result<ExemplarCounterVec> {
        let counters = ExemplarCounterVec::new(Opts::new(name, help), &names(labels))?;
        created(counters.inner().clone(), labels)?;
        self.exemplars.insert(name.into(), counters.table());
        self.kept(counters)
    }

    pub(super) fn exemplar_histograms(
        &mut self,
        name: &str,
        help: &str,
        bounds: &[f64],
        labels: &[Label],
    ) -> Result<ExemplarHistogramVec> {
        let histograms = ExemplarHistogramVec::new(options(name, help, bounds), &names(labels))?;
        created(histograms.inner().clone(), labels)?;
        self.exemplars.insert(name.into(), histograms.table());
        self.kept(histograms)
    }

    /// What the operating system knows of the process, and which binary it runs.
    pub(super) fn process(&self) -> Result<()> {
        self.registry.register(Box::new(ProcessCollector::for_self()))?;
        let build = Opts::new("docket_build_info", "The running binary; always 1")
            .const_labels(HashMap::from([("version".into(), env!("CARGO_PKG_VERSION").into())]));
        self.kept(Gauge::with_opts(build)?)?.set(1.0);
        Ok(())
    }

    /// Registers a collector and answers another handle on it.
    pub(super) fn kept<C: Collector + Clone + 'static>(&self, collector: C) -> Result<C> {
        self.registry.register(Box::new(collector.clone()))?;
        Ok(collector)
    }
}

fn options(name: &str, help: &str, bounds: &[f64]) -> HistogramOpts {
    HistogramOpts::new(name, help).buckets(bounds.to_vec())
}

fn created<B: MetricVecBuilder>(vector: MetricVec<B>, labels: &[Label]) -> Result<MetricVec<B>> {
    for values in combinations(labels) {
        vector.get_metric_with_label_values(&values)?;
    }
    Ok(vector)
}

/// A family put together by hand, for what is read when the page is made: one series per value of
/// the label, or one without a label.
pub(super) fn family<'a>(
    (name, help, kind): (&str, &str, MetricType),
    label: Option<&str>,
    series: impl IntoIterator<Item = (&'a str, f64)>,
) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(name.into());
    family.set_help(help.into());
    family.set_field_type(kind);
    let metric = |(word, value)| {
        let mut metric =
            Metric::from_label(label.map(|name| pair(name, word)).into_iter().collect());
        match kind {
            MetricType::COUNTER => metric.set_counter(counter(value)),
            _ => metric.set_gauge(gauge(value)),
        }
        metric
    };
    family.set_metric(series.into_iter().map(metric).collect());
    family
}

fn pair(name: &str, value: &str) -> LabelPair {
    let mut pair = LabelPair::default();
    pair.set_name(name.into());
    pair.set_value(value.into());
    pair
}

fn counter(value: f64) -> prometheus::proto::Counter {
    let mut counter = prometheus::proto::Counter::default();
    counter.set_value(value);
    counter
}

fn gauge(value: f64) -> prometheus::proto::Gauge {
    let mut gauge = prometheus::proto::Gauge::default();
    gauge.set_value(value);
    gauge
}
