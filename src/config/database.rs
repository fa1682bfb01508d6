//! The database.

use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;

use crate::kernel::Secret;

/// Fewer would sync the database file at every other commit, more leave a log of gigabytes.
const CHECKPOINT_PAGES: RangeInclusive<u32> = 16..=262_144;

/// Where the database is and how much of it is used at once.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// `sqlite://path` or `postgres://…`; empty for `docket.db` in the data directory.
    url: Secret<String>,
    /// Connections for reading.
    pub readers: u32,
    /// Connections for writing (PostgreSQL).
    pub writers: u32,
    /// Changes that may wait for the writer lane; one more is refused (SQLite).
    pub queue: usize,
    /// Changes in one commit at most (SQLite).
    pub batch: usize,
    /// Pages (4 KiB) of the write-ahead log that are worth copying into the database file (SQLite).
    pub checkpoint_pages: u32,
    /// Milliseconds to wait for a connection before a request is refused.
    pub wait_ms: u64,
}

impl Database {
    /// The address, with the default filled in.
    ///
    /// # Errors
    /// When it is neither a SQLite nor a PostgreSQL address.
    pub fn url(&self, data_dir: &Path) -> Result<String, String> {
        let url = self.url.expose();
        if url.is_empty() {
            return Ok(format!("sqlite://{}", data_dir.join("docket.db").display()));
        }
        let known = ["sqlite://", "postgres://", "postgresql://"];
        let spoken = known.iter().any(|scheme| url.starts_with(scheme));
        spoken
            .then(|| url.clone())
            .ok_or_else(|| "database.url must start with sqlite:// or postgres://".into())
    }

    /// How long to wait for a connection.
    #[must_use]
    pub fn wait(&self) -> Duration {
        Duration::from_millis(self.wait_ms)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let sizes = [self.readers as usize, self.writers as usize, self.queue, self.batch];
        if sizes.contains(&0) {
            return Err("database.readers, writers, queue and batch must be at least 1".into());
        }
        if !CHECKPOINT_PAGES.contains(&self.checkpoint_pages) {
            let (least, most) = CHECKPOINT_PAGES.into_inner();
            return Err(format!("database.checkpoint_pages must be {least} to {most}"));
        }
        Ok(())
    }
}
