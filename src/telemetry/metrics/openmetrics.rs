//! The text format of OpenMetrics 1.0: the one that carries exemplars.
//!
//! One line out of order fails a whole scrape, so the rules are kept to the letter: `TYPE`, `UNIT`,
//! `HELP`, then the samples of the family; a counter's family has no `_total` and its sample has;
//! bounds are canonical numbers; the last line is `# EOF`.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType};

use super::exemplar::{Exemplar, ExemplarTable};

/// The exemplars of each metric that has any, by its name.
pub(super) type Exemplars = BTreeMap<String, Arc<ExemplarTable>>;

/// A family's unit is the last word of its name.
const UNITS: &[&str] = &["seconds", "bytes"];

/// The page with all families.
pub(super) fn encode(families: &[MetricFamily], exemplars: &Exemplars) -> String {
    let mut page = String::new();
    for family in families {
        write_family(&mut page, family, exemplars.get(family.name()).map(Arc::as_ref));
    }
    page.push_str("# EOF\n");
    page
}

fn write_family(page: &mut String, family: &MetricFamily, table: Option<&ExemplarTable>) {
    let (name, kind) = name_and_type(family);
    line(page, format_args!("# TYPE {name} {kind}"));
    if let Some(unit) = unit(name) {
        line(page, format_args!("# UNIT {name} {unit}"));
    }
    line(page, format_args!("# HELP {name} {}", escaped(family.help())));
    for metric in family.get_metric() {
        let series = Series { name, labels: metric.get_label(), table };
        match family.get_field_type() {
            MetricType::COUNTER if kind == "counter" => {
                let value = number(metric.get_counter().get_value());
                series.write(page, "_total", None, &value, series.exemplar(0));
            }
            MetricType::HISTOGRAM => series.write_histogram(page, metric),
            MetricType::SUMMARY => series.write_summary(page, metric),
            of => series.write(page, "", None, &number(plain_value(metric, of)), None),
        }
    }
}

/// A counter that is not named `_total` would be another series in this format than in the classic
/// one, so it goes out as a number of unknown type. A test sees to it that there is none.
fn name_and_type(family: &MetricFamily) -> (&str, &'static str) {
    let name = family.name();
    match family.get_field_type() {
        MetricType::COUNTER => {
            name.strip_suffix("_total").map_or((name, "unknown"), |name| (name, "counter"))
        }
        MetricType::GAUGE => (name, "gauge"),
        MetricType::HISTOGRAM => (name, "histogram"),
        MetricType::SUMMARY => (name, "summary"),
        MetricType::UNTYPED => (name, "unknown"),
    }
}

fn unit(name: &str) -> Option<&'static str> {
    let last = name.rsplit('_').next()?;
    UNITS.iter().copied().find(|unit| *unit == last)
}

fn plain_value(metric: &Metric, kind: MetricType) -> f64 {
    match kind {
        MetricType::COUNTER => metric.get_counter().get_value(),
        _ => metric.get_gauge().get_value(),
    }
}

/// One series of a family.
struct Series<'a> {
    name: &'a str,
    labels: &'a [LabelPair],
    table: Option<&'a ExemplarTable>,
}

impl Series<'_> {
    fn exemplar(&self, bucket: usize) -> Option<Exemplar> {
        self.table.and_then(|table| table.find(self.labels, bucket))
    }

    fn write_histogram(&self, page: &mut String, metric: &Metric) {
        let histogram = metric.get_histogram();
        let count = histogram.get_sample_count();
        let finite =
            histogram.get_bucket().iter().filter(|bucket| bucket.upper_bound().is_finite());
        let buckets = finite
            .map(|bucket| (bucket.upper_bound(), bucket.cumulative_count()))
            .chain([(f64::INFINITY, count)]);
        for (index, (bound, count)) in buckets.enumerate() {
            let bound = ("le", number(bound));
            self.write(page, "_bucket", Some(bound), &count.to_string(), self.exemplar(index));
        }
        self.write(page, "_sum", None, &number(histogram.get_sample_sum()), None);
        self.write(page, "_count", None, &count.to_string(), None);
    }

    fn write_summary(&self, page: &mut String, metric: &Metric) {
        let summary = metric.get_summary();
        for quantile in summary.get_quantile() {
            let label = ("quantile", number(quantile.quantile()));
            self.write(page, "", Some(label), &number(quantile.value()), None);
        }
        self.write(page, "_sum", None, &number(summary.sample_sum()), None);
        self.write(page, "_count", None, &summary.sample_count().to_string(), None);
    }

    fn write(
        &self,
        page: &mut String,
        suffix: &str,
        extra: Option<(&str, String)>,
        value: &str,
        exemplar: Option<Exemplar>,
    ) {
        page.push_str(self.name);
        page.push_str(suffix);
        let own = self.labels.iter().map(|label| (label.name(), escaped(label.value())));
        let mut before = '{';
        for (name, value) in own.chain(extra) {
            put(page, format_args!("{before}{name}=\"{value}\""));
            before = ',';
        }
        page.push_str(if before == ',' { "} " } else { " " });
        page.push_str(value);
        if let Some(exemplar) = exemplar {
            write_exemplar(page, &exemplar);
        }
        page.push('\n');
    }
}

/// The two ids are 64 characters with their names, half of what an exemplar may have.
fn write_exemplar(page: &mut String, exemplar: &Exemplar) {
    let Exemplar { trace_id, span_id, value, at } = exemplar;
    let (seconds, millis) = (at.micros().div_euclid(1_000_000), at.micros().rem_euclid(1_000_000));
    put(page, format_args!(" # {{trace_id=\"{trace_id}\",span_id=\"{span_id}\"}} "));
    put(page, format_args!("{} {seconds}.{:03}", number(*value), millis / 1_000));
}

/// The canonical form of a float: `0.005`, `1.0`, `1e+06`, `+Inf`. Equal bounds must be equal texts
/// everywhere, or they are different series.
fn number(value: f64) -> String {
    if value.is_nan() {
        return "NaN".into();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.into();
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => format!("{value:?}"),
    }
}

/// Label values and help texts alike.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"")
}

fn line(page: &mut String, text: std::fmt::Arguments<'_>) {
    put(page, text);
    page.push('\n');
}

/// Writing to a `String` cannot fail.
fn put(page: &mut String, text: std::fmt::Arguments<'_>) {
    let _ = page.write_fmt(text);
}
