//! How the telemetry itself is, for a reader: what came in, what went out, what was lost, how full
//! it is.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::logs::{LEVELS, LogCounts};
use super::redact;
use super::sinks::{Sinks, live};
use super::traces::Pipeline;
use crate::kernel::Timestamp;

/// How the telemetry is.
#[derive(Debug, Clone, Default)]
pub struct TelemetryHealth {
    /// Those who get the kept traces.
    pub exporters: Vec<ExporterHealth>,
    /// Traces; `None` when nothing is traced.
    pub traces: Option<TracesHealth>,
    /// The log's file; `None` when there is none.
    pub log: Option<LogHealth>,
    /// Lines by severity: made, and left out by sampling.
    pub lines: Vec<(&'static str, u64, u64)>,
    /// The share of ordinary requests whose lines are written.
    pub line_ratio: f64,
    /// Values that were masked, by rule.
    pub redactions: Vec<(&'static str, u64)>,
}

/// How an exporter is.
#[derive(Debug, Clone)]
pub struct ExporterHealth {
    /// Its kind: `otlp_http`.
    pub name: &'static str,
    /// Spans that its destination took.
    pub sent: u64,
    /// Spans that it did not take.
    pub failed: u64,
    /// Spans for which there was no room.
    pub dropped: u64,
    /// Spans that wait.
    pub waiting: u64,
    /// Spans that may wait.
    pub waiting_most: u64,
    /// Whether the last export failed.
    pub failing: bool,
    /// When its destination last took spans.
    pub last_success: Option<Timestamp>,
}

/// What becomes of traces.
#[derive(Debug, Clone)]
pub struct TracesHealth {
    /// The share of ordinary traces that is kept.
    pub ratio: f64,
    /// Spans that ended.
    pub spans_ended: u64,
    /// Those of kept traces.
    pub spans_kept: u64,
    /// Those of ordinary ones that are only remembered.
    pub spans_passed: u64,
    /// Those of rounds that found nothing to do.
    pub spans_idle: u64,
    /// Those that ended after their trace was decided.
    pub spans_late: u64,
    /// Traces decided before their end, for their size or their age.
    pub cut_short: u64,
    /// Kept traces that made room for newer ones.
    pub evicted: u64,
    /// Traces that run.
    pub running: u64,
    /// Their bytes, and how many there may be.
    pub running_bytes: (u64, u64),
    /// Traces that are remembered.
    pub remembered: u64,
    /// Their bytes, and how many there may be.
    pub remembered_bytes: (u64, u64),
}

/// How the log's file is.
#[derive(Debug, Clone)]
pub struct LogHealth {
    /// Lines in it since the start.
    pub lines: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Lines that wait to be written.
    pub waiting: u64,
    /// Lines for which there was no room, by severity.
    pub dropped: Vec<(&'static str, u64)>,
    /// Lines that the disk did not take.
    pub lost: u64,
    /// Operations on files that failed.
    pub io_errors: u64,
    /// How often a file was begun anew.
    pub rotations: u64,
    /// Whether lines are being lost now.
    pub failing: bool,
}

/// How the telemetry of this process is; `None` before it has started.
#[must_use]
pub fn health() -> Option<TelemetryHealth> {
    live().map(of)
}

fn of(sinks: &Sinks) -> TelemetryHealth {
    let pipeline = sinks.traces.as_deref();
    TelemetryHealth {
        exporters: pipeline.map(exporters).unwrap_or_default(),
        traces: pipeline.map(traces),
        log: sinks.log.as_ref().map(|read| log(&read())),
        lines: sinks.lines.read().to_vec(),
        line_ratio: sinks.line_ratio,
        redactions: redact::counts().to_vec(),
    }
}

fn exporters(pipeline: &Pipeline) -> Vec<ExporterHealth> {
    let exporter = |queue: &std::sync::Arc<super::traces::ExportQueue>| {
        let counts = &queue.counts;
        let last = Some(counts.last_success.load(Relaxed)).filter(|last| *last != 0);
        ExporterHealth {
            name: queue.name,
            sent: read(&counts.exported),
            failed: read(&counts.failed),
            dropped: read(&counts.dropped),
            waiting: counts.waiting.load(Relaxed) as u64,
            waiting_most: queue.spans_most as u64,
            failing: counts.failing.load(Relaxed),
            last_success: last.map(Timestamp::from_micros),
        }
    };
    pipeline.exporters.iter().map(exporter).collect()
}

fn traces(pipeline: &Pipeline) -> TracesHealth {
    let counts = &pipeline.counts;
    let (running, running_bytes) = pipeline.pending_size();
    let (remembered, remembered_bytes) = pipeline.store_size();
    let (running_most, remembered_most) = pipeline.bytes_most();
    TracesHealth {
        ratio: pipeline.sample_ratio,
        spans_ended: read(&counts.spans_ended),
        spans_kept: read(&counts.spans_kept),
        spans_passed: read(&counts.spans_dropped),
        spans_idle: read(&counts.spans_idle),
        spans_late: read(&counts.spans_late),
        cut_short: read(&counts.cut_short_bytes) + read(&counts.cut_short_age),
        evicted: read(pipeline.evicted()),
        running: running as u64,
        running_bytes: (running_bytes as u64, running_most as u64),
        remembered: remembered as u64,
        remembered_bytes: (remembered_bytes as u64, remembered_most as u64),
    }
}

fn log(counts: &LogCounts) -> LogHealth {
    let dropped = LEVELS.into_iter().zip(counts.dropped);
    LogHealth {
        lines: counts.lines,
        bytes: counts.bytes,
        waiting: counts.queue_lines as u64,
        dropped: dropped.map(|(level, dropped)| (level.as_str(), dropped)).collect(),
        lost: counts.lost,
        io_errors: counts.io_errors,
        rotations: counts.rotations.iter().sum(),
        failing: counts.failing,
    }
}

fn read(counter: &AtomicU64) -> u64 {
    counter.load(Relaxed)
}
