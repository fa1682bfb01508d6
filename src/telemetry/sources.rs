//! What the telemetry counts of itself, put on the page of metrics when it is asked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::logs::{LEVELS, LineCounts, LogCounts, Rotation};
use super::metrics::{Samples, register_source};
use super::redact;
use super::traces::{Keep, Pipeline};

/// Puts all of it on the page.
pub(super) fn register(
    pipeline: Arc<Pipeline>,
    lines: Arc<LineCounts>,
    log: Option<impl Fn() -> LogCounts + Send + Sync + 'static>,
) {
    register_source(Box::new(move |samples| {
        traces(&pipeline, samples);
        exporters(&pipeline, samples);
        for (severity, rendered, suppressed) in lines.read() {
            samples.add_for("telemetry_log_lines_total", severity, float(rendered));
            samples.add("telemetry_log_lines_suppressed_total", float(suppressed));
        }
        for (rule, count) in redact::counts() {
            samples.add_for("telemetry_redactions_total", rule, float(count));
        }
        if let Some(log) = &log {
            log_file(&log(), samples);
        }
    }));
}

fn traces(pipeline: &Pipeline, samples: &mut Samples) {
    let counts = &pipeline.counts;
    samples.add("telemetry_spans_ended_total", read(&counts.spans_ended));
    samples.add("telemetry_spans_kept_total", read(&counts.spans_kept));
    samples.add_for("telemetry_spans_unkept_total", "dropped", read(&counts.spans_dropped));
    samples.add_for("telemetry_spans_unkept_total", "idle", read(&counts.spans_idle));
    samples.add_for("telemetry_spans_unkept_total", "late", read(&counts.spans_late));
    for (keep, count) in Keep::ALL.into_iter().zip(&counts.kept) {
        samples.add_for("telemetry_traces_total", keep.as_str(), read(count));
    }
    samples.add_for("telemetry_traces_total", "dropped", read(&counts.dropped));
    samples.add_for("telemetry_traces_total", "idle", read(&counts.idle));
    samples.add_for("telemetry_traces_cut_short_total", "bytes", read(&counts.cut_short_bytes));
    samples.add_for("telemetry_traces_cut_short_total", "age", read(&counts.cut_short_age));
    samples.add("telemetry_traces_evicted_total", read(pipeline.evicted()));
    let (traces, bytes) = pipeline.pending_size();
    samples.add("telemetry_pending_traces", size(traces));
    samples.add("telemetry_pending_bytes", size(bytes));
    let (traces, bytes) = pipeline.store_size();
    samples.add("telemetry_trace_store_traces", size(traces));
    samples.add("telemetry_trace_store_bytes", size(bytes));
}

fn exporters(pipeline: &Pipeline, samples: &mut Samples) {
    for exporter in &pipeline.exporters {
        let (name, counts) = (exporter.name, &exporter.counts);
        samples.add_for("telemetry_spans_exported_total", name, read(&counts.exported));
        samples.add_for("telemetry_spans_failed_total", name, read(&counts.failed));
        samples.add_for("telemetry_spans_dropped_total", name, read(&counts.dropped));
        let waiting = counts.waiting.load(Ordering::Relaxed);
        samples.add_for("telemetry_export_queue_spans", name, size(waiting));
        let last = counts.last_success.load(Ordering::Relaxed);
        #[expect(clippy::cast_precision_loss, reason = "microseconds since 1970 are below 2^52")]
        let seconds = last as f64 / 1e6;
        samples.most_for("telemetry_export_last_success_timestamp_seconds", name, seconds);
    }
}

fn log_file(counts: &LogCounts, samples: &mut Samples) {
    for (level, dropped) in LEVELS.into_iter().zip(counts.dropped) {
        samples.add_for("telemetry_log_lines_dropped_total", level.as_str(), float(dropped));
    }
    for (reason, rotations) in Rotation::ALL.into_iter().zip(counts.rotations) {
        samples.add_for("telemetry_log_rotations_total", reason.as_str(), float(rotations));
    }
    samples.add("telemetry_log_lines_lost_total", float(counts.lost));
    samples.add("telemetry_log_bytes_total", float(counts.bytes));
    samples.add("telemetry_log_write_errors_total", float(counts.io_errors));
    samples.add("telemetry_log_queue_lines", size(counts.queue_lines));
}

fn read(counter: &AtomicU64) -> f64 {
    float(counter.load(Ordering::Relaxed))
}

#[expect(clippy::cast_precision_loss, reason = "a counter beyond 2^52 has lost nothing by it")]
fn float(count: u64) -> f64 {
    count as f64
}

fn size(count: usize) -> f64 {
    float(count as u64)
}
