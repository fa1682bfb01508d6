//! What the telemetry says of itself. Traces and logs count in atomics of their own, for they must
//! not depend on a registry; a source of them is read whenever a page is made.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use prometheus::core::{Collector, Desc};
use prometheus::proto::{MetricFamily, MetricType};

use super::label::Label;
use super::registrar::family;

/// Tells its numbers when a page is made: quickly, without waiting, and without logging.
pub(in crate::telemetry) type Source = Box<dyn Fn(&mut Samples) + Send + Sync>;

/// What a source knows.
#[derive(Debug, Default)]
pub(in crate::telemetry) struct Samples(BTreeMap<(&'static str, &'static str), f64>);

impl Samples {
    /// The number of a metric without labels. Numbers of several sources add up.
    pub(in crate::telemetry) fn add(&mut self, metric: &'static str, number: f64) {
        self.add_for(metric, "", number);
    }

    /// The number of a metric for one value of its label. Numbers of several sources add up.
    pub(in crate::telemetry) fn add_for(
        &mut self,
        metric: &'static str,
        value: &'static str,
        number: f64,
    ) {
        debug_assert!(is_known(metric, value), "{metric} has no series `{value}`");
        *self.0.entry((metric, value)).or_default() += number;
    }

    /// The greatest of what several sources say, for one value of the label.
    pub(in crate::telemetry) fn most_for(
        &mut self,
        metric: &'static str,
        value: &'static str,
        number: f64,
    ) {
        debug_assert!(is_known(metric, value), "{metric} has no series `{value}`");
        let most = self.0.entry((metric, value)).or_default();
        *most = most.max(number);
    }
}

/// A metric as it is declared: name, help, and a label with its values. The name tells the type.
type Declared = (&'static str, &'static str, Option<Label>);

const SEVERITY: Option<Label> = Some(("severity", &["TRACE", "DEBUG", "INFO", "WARN", "ERROR"]));
const EXPORTER: Option<Label> = Some(("exporter", &["otlp_http", "otlp_grpc", "zipkin", "file"]));
const DECISION: Option<Label> = Some((
    "decision",
    &["error", "slow", "compensated", "unknown_outcome", "inbound", "ratio", "dropped", "idle"],
));
const UNKEPT: Option<Label> = Some(("reason", &["dropped", "idle", "late"]));
const CUT_SHORT: Option<Label> = Some(("reason", &["bytes", "age"]));
const ROTATION: Option<Label> = Some(("reason", &["size", "time", "start", "reopen"]));
const SIGNAL: Option<Label> =
    Some(("signal", &["error_share", "order_rate", "decline_share", "log_rate"]));
const DIRECTION: Option<Label> = Some(("direction", &["forward", "backward"]));
/// The rules are the redaction's own closed set: a series exists once its source names it.
const RULE: Option<Label> = Some(("rule", &[]));

const DECLARED: &[Declared] = &[
    ("telemetry_spans_ended_total", "Spans that ended", None),
    ("telemetry_traces_total", "Traces decided, by why they were kept or not", DECISION),
    ("telemetry_spans_kept_total", "Spans of traces that were kept", None),
    ("telemetry_spans_unkept_total", "Spans of other traces, by why; late: after the end", UNKEPT),
    (
        "telemetry_traces_cut_short_total",
        "Traces decided before their end, because of their size or their age",
        CUT_SHORT,
    ),
    (
        "telemetry_traces_evicted_total",
        "Kept traces that left the store of recent traces to make room",
        None,
    ),
    ("telemetry_pending_traces", "Traces that wait for their end", None),
    ("telemetry_pending_bytes", "Size of the traces that wait for their end", None),
    ("telemetry_trace_store_traces", "Traces in the store of recent traces", None),
    ("telemetry_trace_store_bytes", "Size of the store of recent traces", None),
    ("telemetry_spans_exported_total", "Spans that a destination took", EXPORTER),
    ("telemetry_spans_failed_total", "Spans that a destination did not take", EXPORTER),
    ("telemetry_spans_dropped_total", "Spans lost before export: the queue was full", EXPORTER),
    ("telemetry_export_queue_spans", "Spans that wait for export", EXPORTER),
    (
        "telemetry_export_last_success_timestamp_seconds",
        "When a destination last took spans; 0 before the first time",
        EXPORTER,
    ),
    ("telemetry_log_lines_total", "Log lines made, before any is dropped or lost", SEVERITY),
    ("telemetry_log_lines_dropped_total", "Log lines lost: the queue was full", SEVERITY),
    ("telemetry_log_lines_lost_total", "Log lines lost: the disk did not take them", None),
    ("telemetry_log_lines_suppressed_total", "Log lines left out by sampling", None),
    ("telemetry_redactions_total", "Values that were masked before they got out", RULE),
    ("telemetry_log_bytes_total", "Bytes of log lines written", None),
    ("telemetry_log_rotations_total", "Log files begun, by why", ROTATION),
    ("telemetry_log_write_errors_total", "Operations on log files that failed", None),
    ("telemetry_log_files_bytes", "What the log and all that was put aside of it take", None),
    ("telemetry_log_budget_bytes", "What they may take before the oldest is removed", None),
    ("disk_size_bytes", "Size of the disk that the data directory is on", None),
    ("disk_free_bytes", "What the process may still write there", None),
    (
        "disk_time_left_seconds",
        "Until nothing is free there, at the rate of the last day; +Inf when it does not fill",
        None,
    ),
    ("clock_jumps_total", "Jumps of the machine's clock by a second and more", DIRECTION),
    ("clock_last_jump_seconds", "The last of them; below 0 when it was set back", None),
    (
        "anomaly_score",
        "By how many spreads the last minute was off what is usual; anomalous from 6 on",
        SIGNAL,
    ),
    ("anomaly_expected", "What was expected of it: a share, or a number per minute", SIGNAL),
    ("telemetry_log_queue_lines", "Log lines that wait to be written", None),
];

fn is_known(metric: &str, value: &str) -> bool {
    DECLARED.iter().filter(|(name, ..)| *name == metric).any(|(_, _, label)| match label {
        None => value.is_empty(),
        Some((_, values)) => values.contains(&value) || (values.is_empty() && !value.is_empty()),
    })
}

/// All metrics of the telemetry; zeros for what no source tells.
#[derive(Clone)]
pub(super) struct Telemetry {
    descs: Arc<[Desc]>,
    sources: Arc<RwLock<Vec<Source>>>,
}

impl Telemetry {
    pub(super) fn new() -> prometheus::Result<Self> {
        let desc = |(name, help, label): &Declared| {
            let labels = label.iter().map(|(label, _)| (*label).to_owned()).collect();
            Desc::new((*name).into(), (*help).into(), labels, HashMap::new())
        };
        let descs = DECLARED.iter().map(desc).collect::<prometheus::Result<_>>()?;
        Ok(Self { descs, sources: Arc::default() })
    }

    pub(super) fn add_source(&self, source: Source) {
        self.sources.write().unwrap_or_else(PoisonError::into_inner).push(source);
    }

    fn samples(&self) -> Samples {
        let mut samples = Samples::default();
        for (name, _, label) in DECLARED {
            for value in label.map_or(&[""][..], |(_, values)| values) {
                samples.add_for(name, value, 0.0);
            }
        }
        for source in self.sources.read().unwrap_or_else(PoisonError::into_inner).iter() {
            source(&mut samples);
        }
        samples
    }
}

impl Collector for Telemetry {
    fn desc(&self) -> Vec<&Desc> {
        self.descs.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let samples = self.samples();
        let collected = |(name, help, label): &Declared| {
            let kind = match name.ends_with("_total") {
                true => MetricType::COUNTER,
                false => MetricType::GAUGE,
            };
            let of_metric = samples.0.iter().filter(|((metric, _), _)| metric == name);
            let series = of_metric.map(|((_, value), number)| (*value, *number));
            family((name, help, kind), label.map(|(label, _)| label), series)
        };
        DECLARED.iter().map(collected).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(telemetry: &Telemetry, metric: &str, label: &str) -> Option<f64> {
        let families = telemetry.collect();
        let family = families.iter().find(|family| family.name() == metric)?;
        let of_label = |found: &&prometheus::proto::Metric| match found.get_label() {
            [] => label.is_empty(),
            labels => labels[0].value() == label,
        };
        let found = family.get_metric().iter().find(of_label)?;
        Some(found.get_counter().get_value() + found.get_gauge().get_value())
    }

    #[test]
    fn every_series_is_there_before_any_source_is() {
        let telemetry = Telemetry::new().unwrap();
        for (name, _, label) in DECLARED {
            for word in label.map_or(&[""][..], |(_, values)| values) {
                assert_eq!(value(&telemetry, name, word), Some(0.0), "{name} {word}");
            }
        }
    }

    #[test]
    fn sources_are_read_when_a_page_is_made_and_add_up() {
        let telemetry = Telemetry::new().unwrap();
        for _ in 0..2 {
            telemetry.add_source(Box::new(|samples| {
                samples.add("telemetry_spans_ended_total", 3.0);
                samples.add("telemetry_pending_bytes", 0.5);
                samples.add_for("telemetry_traces_total", "slow", 2.0);
                samples.add_for("telemetry_redactions_total", "card", 1.0);
            }));
        }
        assert_eq!(value(&telemetry, "telemetry_spans_ended_total", ""), Some(6.0));
        assert_eq!(value(&telemetry, "telemetry_pending_bytes", ""), Some(1.0));
        assert_eq!(value(&telemetry, "telemetry_traces_total", "slow"), Some(4.0));
        assert_eq!(value(&telemetry, "telemetry_traces_total", "error"), Some(0.0));
        assert_eq!(value(&telemetry, "telemetry_redactions_total", "card"), Some(2.0));
    }

    #[test]
    #[should_panic(expected = "has no series")]
    fn a_source_cannot_open_a_closed_set() {
        Samples::default().add_for("telemetry_traces_total", "whatever", 1.0);
    }
}
