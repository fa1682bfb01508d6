//! Where this process's telemetry goes, and whether it gets there: told at the start, and whenever
//! somebody asks.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};

use super::logs::{LineCounts, LogCounts};
use super::traces::{ExportCounts, Pipeline};
use crate::kernel::Timestamp;

/// How one sink is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SinkHealth {
    /// `log_file`, `terminal`, `trace_store`, or the kind of an exporter.
    pub name: &'static str,
    /// What is wrong with it now, if anything.
    pub trouble: Option<String>,
}

/// The sinks that are live.
pub(super) struct Sinks {
    pub(super) log: Option<Box<dyn Fn() -> LogCounts + Send + Sync>>,
    pub(super) terminal: bool,
    /// `None` when nothing is traced.
    pub(super) traces: Option<Arc<Pipeline>>,
    /// Lines that were made.
    pub(super) lines: Arc<LineCounts>,
    /// The share of ordinary requests whose lines are written.
    pub(super) line_ratio: f64,
}

/// Sinks are a matter of the whole process.
static SINKS: OnceLock<Sinks> = OnceLock::new();

/// The sinks of this process; none before telemetry has started. A sink in trouble loses telemetry
/// and counts it, and is no reason to refuse an order.
#[must_use]
pub fn sinks() -> Vec<SinkHealth> {
    SINKS.get().map(Sinks::health).unwrap_or_default()
}

/// The sinks of this process themselves.
pub(super) fn live() -> Option<&'static Sinks> {
    SINKS.get()
}

impl Sinks {
    /// From now on these are the sinks of the process; says so in the log.
    pub(super) fn publish(self) {
        let names: Vec<_> = self.health().into_iter().map(|sink| sink.name).collect();
        tracing::info!(sinks = names.join(" "), "telemetry is live");
        let _ = SINKS.set(self);
    }

    fn health(&self) -> Vec<SinkHealth> {
        let fine = |name| SinkHealth { name, trouble: None };
        let log = self.log.iter().map(|read| log_file(&read()));
        let terminal = self.terminal.then(|| fine("terminal"));
        let store = self.traces.iter().map(|_| fine("trace_store"));
        let exporters = self.traces.iter().flat_map(|pipeline| &pipeline.exporters);
        let exporters = exporters.map(|queue| exporter(queue.name, &queue.counts));
        log.chain(terminal).chain(store).chain(exporters).collect()
    }
}

fn log_file(counts: &LogCounts) -> SinkHealth {
    let trouble = counts.failing.then(|| {
        format!("the last lines could not be written; {} are lost since the start", counts.lost)
    });
    SinkHealth { name: "log_file", trouble }
}

fn exporter(name: &'static str, counts: &ExportCounts) -> SinkHealth {
    let trouble = counts.failing.load(Relaxed).then(|| match counts.last_success.load(Relaxed) {
        0 => "the last export failed, and none has succeeded since the start".to_owned(),
        last => {
            let last = Timestamp::from_micros(last);
            format!("the last export failed; the last one that succeeded was at {last}")
        }
    });
    SinkHealth { name, trouble }
}
