//! Log lines: JSON to a rotated file, readable lines to a terminal.
//!
//! Must stay true: whoever logs never waits for a disk; a line is whole or not there at all; what
//! is lost, suppressed or redacted is counted; no secret gets into a line.

mod active;
mod archive;
mod buffer;
mod counts;
mod fields;
mod filter;
mod inherited;
mod json;
mod layer;
mod lines;
mod log_file;
mod lookup;
mod names;
mod panic;
mod platform;
mod queue;
mod rolling;
mod sampling;
mod scan;
mod search;
mod tail;
mod terminal;
mod trouble;
#[cfg(test)]
mod volume;

pub(super) use counts::{Counts, LEVELS, LineCounts, LogCounts, Rotation};
pub use fields::LINE_KEYS;
pub(super) use filter::switched;
pub use filter::{FilterError, LevelSwitch};
pub(super) use layer::{LineLayer, LineOptions, LineSink};
pub(super) use log_file::{LogFile, log_bytes, rolling};
pub use lookup::{LogSearch, search_logs};
pub(super) use panic::tell_panics;
pub(super) use rolling::RollingWriter;
pub use scan::{LogScan, ScanReport, scan_logs};
pub use search::Found;
pub(super) use tail::tail;
pub use tail::{TailFilter, TailLine, Tailed, last_lines, lines_after};
pub(super) use terminal::Terminal;
