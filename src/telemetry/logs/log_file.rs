//! The log of a server: the queue, the file behind it, and the handles to both.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tracing::Level;

use super::counts::{Counts, LogCounts};
use super::layer::{LineSink, SCHEMA_VERSION};
use super::names::LogNames;
use super::queue::{LogQueue, QueueGuard, QueueOptions};
use super::rolling::{OpenError, Period, Reopen, RollingOptions, RollingWriter};
use crate::config::{Logs, Rotate};
use crate::kernel::Clock;

/// The name of the active file; those put aside are named after it.
pub(super) const LOG_FILE: &str = "docket.log";

/// The log of a server. Dropping it ends it; [`drain`](Self::drain) before loses nothing.
pub(in crate::telemetry) struct LogFile {
    queue: LogQueue,
    reopen: Reopen,
    _guard: QueueGuard,
}

impl LineSink for LogQueue {
    fn push(&self, level: Level, line: &[u8]) {
        Self::push(self, level, line);
    }
}

impl LogFile {
    /// Opens the log in this directory.
    ///
    /// # Errors
    /// When another process writes it, or the directory cannot be written.
    pub(in crate::telemetry) fn open(
        directory: &Path,
        config: &Logs,
        service: &str,
    ) -> Result<Self, OpenError> {
        let counts = Arc::new(Counts::default());
        let options = rolling(directory, LOG_FILE, config);
        let writer = RollingWriter::open(options, Clock::System, Arc::clone(&counts))?;
        let reopen = writer.reopener();
        let queue = QueueOptions { lines_max: config.queue_lines, ..QueueOptions::default() };
        let service = service.to_owned();
        let loss_line = move |lost| loss_line(&service, lost);
        let (queue, guard) = LogQueue::start(writer, queue, counts, loss_line);
        Ok(Self { queue, reopen, _guard: guard })
    }

    /// Where lines are put.
    pub(in crate::telemetry) fn sink(&self) -> Arc<dyn LineSink> {
        Arc::new(self.queue.clone())
    }

    /// Has the file opened anew, after somebody else moved it away.
    pub(in crate::telemetry) fn reopen(&self) {
        self.reopen.ask();
    }

    /// Waits until all lines are in the file, for at most `most`.
    pub(in crate::telemetry) fn drain(&self, most: Duration) -> bool {
        self.queue.drain(most)
    }

    /// Reads the counters, as often as somebody asks.
    pub(in crate::telemetry) fn counts(&self) -> impl Fn() -> LogCounts + Send + Sync + use<> {
        let queue = self.queue.clone();
        move || queue.counts()
    }
}

/// The line that stands in the place of those that are missing.
fn loss_line(service: &str, lost: u64) -> Vec<u8> {
    let line = serde_json::json!({
        "timestamp": Clock::System.now(),
        "severity": "WARN",
        "message": "log lines were lost: the queue was full or the disk did not take them",
        "service": service,
        "schema_version": SCHEMA_VERSION,
        "module": "telemetry",
        "target": "docket::telemetry",
        "lost": lost,
    });
    format!("{line}\n").into_bytes()
}

/// How many bytes the log in this directory takes, with all that was put aside; 0 when there is
/// none.
pub(in crate::telemetry) fn log_bytes(directory: &Path) -> u64 {
    let names = LogNames::new(directory, LOG_FILE);
    let active = fs::metadata(names.active()).map_or(0, |file| file.len());
    let aside = names.backups().unwrap_or_default();
    active + aside.iter().map(|backup| backup.bytes).sum::<u64>()
}

/// How a file in the log directory is rotated and kept.
pub(in crate::telemetry) fn rolling(directory: &Path, name: &str, config: &Logs) -> RollingOptions {
    RollingOptions {
        directory: directory.to_owned(),
        name: name.to_owned(),
        bytes_max: config.file_bytes,
        period: match config.rotate {
            Rotate::Never => Period::Never,
            Rotate::Hourly => Period::Hourly,
            Rotate::Daily => Period::Daily,
        },
        files_max: config.keep_files,
        age_max: config.keep(),
        total_bytes_max: config.keep_bytes,
        compress: config.gzip,
    }
}
