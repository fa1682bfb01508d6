//! What the log writer did and what it could not do: counters shared by its parts, read by metrics.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

use tracing::Level;

/// Why the active file was put aside or opened anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// The next line would have exceeded the size.
    Size,
    /// A UTC boundary passed.
    Time,
    /// The process found a file of an earlier period at its start.
    Start,
    /// Somebody else moved or removed the file, or asked for it by
    /// [`Reopen`](super::rolling::Reopen).
    Reopen,
}

impl Rotation {
    /// All reasons, in the order of [`LogCounts::rotations`].
    pub const ALL: [Self; 4] = [Self::Size, Self::Time, Self::Start, Self::Reopen];

    /// The word for it in metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Size => "size",
            Self::Time => "time",
            Self::Start => "start",
            Self::Reopen => "reopen",
        }
    }
}

/// All levels, in the order in which lines are counted by level.
pub const LEVELS: [Level; 5] = [Level::TRACE, Level::DEBUG, Level::INFO, Level::WARN, Level::ERROR];

fn rank(level: Level) -> usize {
    LEVELS.iter().position(|known| *known == level).unwrap_or_default()
}

/// Lines by level, as in [`LEVELS`].
#[derive(Debug, Default)]
pub(in crate::telemetry) struct LineCounts {
    rendered: [AtomicU64; LEVELS.len()],
    suppressed: [AtomicU64; LEVELS.len()],
}

impl LineCounts {
    pub(super) fn rendered(&self, level: Level) {
        self.rendered[rank(level)].fetch_add(1, Relaxed);
    }

    pub(super) fn suppressed(&self, level: Level) {
        self.suppressed[rank(level)].fetch_add(1, Relaxed);
    }

    /// Severity, lines rendered, lines suppressed by sampling.
    pub(in crate::telemetry) fn read(&self) -> [(&'static str, u64, u64); LEVELS.len()] {
        std::array::from_fn(|level| {
            let read = |counts: &[AtomicU64]| counts[level].load(Relaxed);
            (LEVELS[level].as_str(), read(&self.rendered), read(&self.suppressed))
        })
    }
}

/// A reading of the counters. Lines pushed = written + dropped + lost, less the lines that tell
/// of losses, once the queue is empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LogCounts {
    /// Whole lines that reached the file.
    pub lines: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Lines refused because the queue was full, by level as in [`LEVELS`].
    pub dropped: [u64; 5],
    /// Lines that were taken and then lost to I/O errors.
    pub lost: u64,
    /// Operations on files that failed: writes, rotations, compressions, removals.
    pub io_errors: u64,
    /// How often a file was put aside, by reason as in [`Rotation::ALL`].
    pub rotations: [u64; 4],
    /// Lines that wait in the queue now.
    pub queue_lines: usize,
    /// Whether the last write failed, so that lines are being lost now.
    pub failing: bool,
}

/// The counters themselves; one set per log file.
#[derive(Debug, Default)]
pub(in crate::telemetry) struct Counts {
    lines: AtomicU64,
    bytes: AtomicU64,
    dropped: [AtomicU64; 5],
    lost: AtomicU64,
    io_errors: AtomicU64,
    rotations: [AtomicU64; 4],
    failing: AtomicBool,
}

impl Counts {
    /// Whether the file took what it was given last.
    pub(super) fn took(&self, all: bool) {
        self.failing.store(!all, Relaxed);
    }

    pub(super) fn written(&self, lines: u64, bytes: u64) {
        self.lines.fetch_add(lines, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
    }

    pub(super) fn dropped(&self, level: Level) {
        self.dropped[rank(level)].fetch_add(1, Relaxed);
    }

    pub(super) fn lost(&self, lines: u64) {
        self.lost.fetch_add(lines, Relaxed);
    }

    /// Takes back a lost line: the one that tells of losses is none itself.
    pub(super) fn forgive_line(&self) {
        let _ = self.lost.fetch_update(Relaxed, Relaxed, |lost| lost.checked_sub(1));
    }

    pub(super) fn io_failed(&self) {
        self.io_errors.fetch_add(1, Relaxed);
    }

    pub(super) fn rotated(&self, reason: Rotation) {
        self.rotations[reason as usize].fetch_add(1, Relaxed);
    }

    /// Lines that are in no file: dropped or lost.
    pub(super) fn missing(&self) -> u64 {
        let dropped: u64 = self.dropped.iter().map(|count| count.load(Relaxed)).sum();
        dropped + self.lost.load(Relaxed)
    }

    /// The counters now; the queue's length is the queue's to add.
    pub(in crate::telemetry) fn read(&self) -> LogCounts {
        LogCounts {
            lines: self.lines.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            dropped: std::array::from_fn(|index| self.dropped[index].load(Relaxed)),
            lost: self.lost.load(Relaxed),
            io_errors: self.io_errors.load(Relaxed),
            rotations: std::array::from_fn(|index| self.rotations[index].load(Relaxed)),
            queue_lines: 0,
            failing: self.failing.load(Relaxed),
        }
    }
}
