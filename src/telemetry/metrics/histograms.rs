//! Histograms for a reader: buckets that do not overlap, with the exemplars of those that have one.

use prometheus::proto::{Metric, MetricType};

use super::exemplar::ExemplarTable;
use super::{METRICS, gathered};
use crate::kernel::Timestamp;

/// A histogram with all its series.
#[derive(Debug, Clone)]
pub struct HistogramView {
    /// Its name on the page of metrics.
    pub name: String,
    /// One per combination of labels.
    pub series: Vec<SeriesView>,
}

/// A series of a histogram.
#[derive(Debug, Clone)]
pub struct SeriesView {
    /// The values of its labels, in the order of their names.
    pub labels: Vec<String>,
    /// In the order of their bounds.
    pub buckets: Vec<BucketView>,
    /// How many observations there were.
    pub count: u64,
    /// The sum of what was observed.
    pub sum: f64,
}

/// A bucket of a series.
#[derive(Debug, Clone)]
pub struct BucketView {
    /// The bound that what is in it exceeds.
    pub above: f64,
    /// The bound that it does not exceed; infinite for the last one.
    pub bound: f64,
    /// How many observations are in it.
    pub count: u64,
    /// One of them that leads to a kept trace.
    pub exemplar: Option<ExemplarView>,
}

/// An observation and where it was made.
#[derive(Debug, Clone)]
pub struct ExemplarView {
    /// 32 hexadecimal digits.
    pub trace_id: String,
    /// 16 hexadecimal digits.
    pub span_id: String,
    /// What was observed.
    pub value: f64,
    /// When.
    pub at: Timestamp,
}

/// The histograms of these names as they are now, without series that nothing was observed in.
#[must_use]
pub fn histograms(names: &[&str]) -> Vec<HistogramView> {
    let families = gathered();
    let named = names.iter().filter_map(|name| {
        let family = families.iter().find(|family| family.name() == *name)?;
        (family.get_field_type() == MetricType::HISTOGRAM).then_some(family)
    });
    let view = |family: &prometheus::proto::MetricFamily| {
        let table = METRICS.page.exemplars.get(family.name()).map(AsRef::as_ref);
        let series = family.get_metric().iter().map(|metric| SeriesView::of(metric, table));
        let series = series.filter(|series| series.count > 0).collect();
        HistogramView { name: family.name().to_owned(), series }
    };
    named.map(view).collect()
}

impl SeriesView {
    fn of(metric: &Metric, table: Option<&ExemplarTable>) -> Self {
        let histogram = metric.get_histogram();
        let count = histogram.get_sample_count();
        let finite = histogram.get_bucket().iter().filter(|one| one.upper_bound().is_finite());
        let bounds = finite
            .map(|bucket| (bucket.upper_bound(), bucket.cumulative_count()))
            .chain([(f64::INFINITY, count)]);
        let (mut above, mut below) = (0.0, 0);
        let mut buckets = Vec::new();
        for (place, (bound, cumulative)) in bounds.enumerate() {
            let exemplar = table.and_then(|table| table.find(metric.get_label(), place));
            let exemplar = exemplar.map(|found| ExemplarView {
                trace_id: found.trace_id.to_string(),
                span_id: found.span_id.to_string(),
                value: found.value,
                at: found.at,
            });
            let count = u64::saturating_sub(cumulative, below);
            buckets.push(BucketView { above, bound, count, exemplar });
            (above, below) = (bound, cumulative);
        }
        let labels = metric.get_label().iter().map(|label| label.value().to_owned()).collect();
        Self { labels, buckets, count, sum: histogram.get_sample_sum() }
    }

    /// About what the share `q` of all observations does not exceed: within its bucket they are
    /// taken to lie evenly, and of the last bucket its lower bound is all that is known.
    #[must_use]
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let wanted = q * float(self.count);
        let mut below = 0.0;
        for bucket in self.buckets.iter().filter(|bucket| bucket.count > 0) {
            let here = float(bucket.count);
            if below + here >= wanted {
                let width = bucket.bound - bucket.above;
                let inside = ((wanted - below) / here).clamp(0.0, 1.0);
                return Some(bucket.above + if width.is_finite() { width * inside } else { 0.0 });
            }
            below += here;
        }
        None
    }
}

#[expect(clippy::cast_precision_loss, reason = "a counter beyond 2^52 has lost nothing by it")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(buckets: &[(f64, u64)]) -> SeriesView {
        let mut above = 0.0;
        let bucket = |(bound, count): &(f64, u64)| {
            let bucket = BucketView { above, bound: *bound, count: *count, exemplar: None };
            above = *bound;
            bucket
        };
        let buckets: Vec<_> = buckets.iter().map(bucket).collect();
        let count = buckets.iter().map(|bucket| bucket.count).sum();
        SeriesView { labels: Vec::new(), buckets, count, sum: 0.0 }
    }

    #[test]
    fn a_quantile_lies_in_the_bucket_that_it_is_in() {
        let series = series(&[(1.0, 50), (2.0, 40), (4.0, 0), (f64::INFINITY, 10)]);
        for (q, expected) in [(0.25, 0.5), (0.5, 1.0), (0.7, 1.5), (0.9, 2.0), (0.99, 4.0)] {
            assert_eq!(series.quantile(q), Some(expected), "{q}");
        }
    }

    #[test]
    fn nothing_observed_has_no_quantile() {
        assert_eq!(series(&[(1.0, 0), (f64::INFINITY, 0)]).quantile(0.5), None);
    }

    #[test]
    fn what_was_observed_is_seen() {
        super::super::http_request("GET", "/seen", 200, std::time::Duration::from_millis(7));
        let found = histograms(&["http_server_request_duration_seconds", "no_such"]);
        assert_eq!(found.len(), 1);
        let seen = found[0].series.iter().find(|one| one.labels.contains(&"/seen".into())).unwrap();
        assert_eq!((seen.count, seen.buckets[1].count), (1, 1));
        assert_eq!((seen.buckets[1].above, seen.buckets[1].bound), (0.005, 0.01));
    }
}
