//! Finding the lines of an id in the log of a server, from its directory.

use std::path::PathBuf;

use super::log_file::LOG_FILE;
use super::search::{Found, SearchLimits, search};
use crate::kernel::Timestamp;

/// Bytes of lines in one answer.
const ANSWER_MOST: usize = 8 << 20;

/// What is looked for in the log files.
#[derive(Debug, Clone)]
pub struct LogSearch {
    /// The directory of the log.
    pub directory: PathBuf,
    /// A line is found when it contains one of these.
    pub needles: Vec<String>,
    /// When the first of the lines may have been written: files put aside before are passed over.
    pub since: Option<Timestamp>,
    /// Lines in the answer, at most.
    pub lines_most: usize,
    /// Bytes of files to read, unpacked, at most.
    pub read_most: u64,
}

/// Looks for lines, also in rotated and packed files. Blocks the thread.
#[must_use]
pub fn search_logs(wanted: &LogSearch) -> Found {
    let limits = SearchLimits {
        lines_max: wanted.lines_most,
        bytes_max: ANSWER_MOST,
        read_bytes_max: wanted.read_most,
        since: wanted.since,
    };
    search(&wanted.directory, LOG_FILE, &wanted.needles, limits).unwrap_or_else(|failure| {
        let directory = wanted.directory.display();
        Found { skipped: vec![format!("{directory}: {failure}")], ..Found::default() }
    })
}
