//! Log lines: which are written, where to, and how long they are kept.

use std::time::Duration;

use serde::Deserialize;

/// Log lines.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logs {
    /// Whether lines go to `<data_dir>/logs/docket.log`.
    pub enabled: bool,
    /// Which targets and levels: `info,docket::orders=debug`.
    pub filter: String,
    /// Whether lines also go to standard error.
    pub terminal: bool,
    /// The share of successful requests whose lines are written, 0 to 1, by trace. Warnings and
    /// errors are written always.
    pub sample_ratio: f64,
    /// Bytes at which the file is rotated.
    pub file_bytes: u64,
    /// How often it is rotated whatever its size, in UTC.
    pub rotate: Rotate,
    /// Rotated files that are kept.
    pub keep_files: usize,
    /// Days that a rotated file is kept.
    keep_days: u64,
    /// Bytes of all rotated files together.
    pub keep_bytes: u64,
    /// Whether rotated files are gzipped, all but the newest.
    pub gzip: bool,
    /// Lines that may wait to be written; more are dropped and counted.
    pub queue_lines: usize,
}

/// How often a file is rotated whatever its size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rotate {
    /// By size only.
    Never,
    /// At every full hour, UTC.
    Hourly,
    /// At midnight, UTC.
    Daily,
}

impl Logs {
    /// How long a rotated file is kept.
    #[must_use]
    pub fn keep(&self) -> Duration {
        Duration::from_secs(self.keep_days * 24 * 3600)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if !(0.0..=1.0).contains(&self.sample_ratio) {
            return Err("logs.sample_ratio must be 0 to 1".into());
        }
        if self.file_bytes < 64 * 1024 {
            return Err("logs.file_bytes must be at least 65536: one line may have that".into());
        }
        if self.queue_lines < 100 {
            return Err("logs.queue_lines must be at least 100".into());
        }
        Ok(())
    }
}
