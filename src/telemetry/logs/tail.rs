//! The last lines, numbered, for who follows the log as it is written.
//!
//! Must stay true: whoever logs never waits for a reader. Readers share one ring, bounded in lines
//! and bytes, and each has only its place in it: one that is too slow is told how many lines it
//! missed.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use tracing::Level;

const LINES_MOST: usize = 4_000;
const BYTES_MOST: usize = 4 << 20;

/// The last lines of this process.
static TAIL: LazyLock<Arc<Tail>> = LazyLock::new(Arc::default);

/// Which lines a reader wants.
#[derive(Debug, Clone)]
pub struct TailFilter {
    /// This level and graver ones.
    pub level: Level,
    /// The target begins with this.
    pub target: String,
    /// The line contains this, whatever the case.
    pub text: String,
}

/// A line of the tail.
#[derive(Debug, Clone)]
pub struct TailLine {
    /// Its number since the start of the process.
    pub number: u64,
    /// The line as it is in the file: one JSON object.
    pub text: String,
}

/// What a reader gets.
#[derive(Debug, Clone, Default)]
pub struct Tailed {
    /// Oldest first.
    pub lines: Vec<TailLine>,
    /// The number of the last line that was looked at: the place to go on from.
    pub last: u64,
    /// Lines that had left the ring before this reader came for them.
    pub lost: u64,
}

/// The newest lines that a filter lets through, `most` of them.
#[must_use]
pub fn last_lines(filter: &TailFilter, most: usize) -> Tailed {
    TAIL.after(None).chosen(filter, most)
}

/// The lines after a number that a filter lets through: of more than `most`, the newest, and the
/// others count as lost.
#[must_use]
pub fn lines_after(number: u64, filter: &TailFilter, most: usize) -> Tailed {
    let mut tailed = TAIL.after(Some(number)).chosen(filter, usize::MAX);
    let over = tailed.lines.len().saturating_sub(most);
    tailed.lines.drain(..over);
    tailed.lost += over as u64;
    tailed
}

/// The tail of this process.
pub(in crate::telemetry) fn tail() -> Arc<Tail> {
    Arc::clone(&TAIL)
}

/// The last lines.
#[derive(Default)]
pub(in crate::telemetry) struct Tail {
    ring: Mutex<Ring>,
    /// Somebody has read from it: from then on lines are rendered for it, also without a file.
    wanted: AtomicBool,
}

#[derive(Default)]
struct Ring {
    lines: VecDeque<(Level, Arc<[u8]>)>,
    bytes: usize,
    /// How many lines there were, ever.
    pushed: u64,
}

/// A copy of handles, to be looked through while others log on.
struct Piece {
    lines: Vec<(u64, Level, Arc<[u8]>)>,
    last: u64,
    lost: u64,
}

impl Tail {
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted.load(Relaxed)
    }

    pub(super) fn push(&self, level: Level, line: &[u8]) {
        let line: Arc<[u8]> = line.strip_suffix(b"\n").unwrap_or(line).into();
        let mut ring = self.ring();
        ring.bytes += line.len();
        ring.pushed += 1;
        ring.lines.push_back((level, line));
        while ring.lines.len() > LINES_MOST || ring.bytes > BYTES_MOST {
            let Some((_, oldest)) = ring.lines.pop_front() else { return };
            ring.bytes -= oldest.len();
        }
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The lines after a number. A number that was not given out yet is of another process: all
    /// lines are new to who has it.
    fn after(&self, number: Option<u64>) -> Piece {
        self.wanted.store(true, Relaxed);
        let ring = self.ring();
        let first = ring.pushed - ring.lines.len() as u64 + 1;
        let next =
            number.filter(|number| *number <= ring.pushed).map_or(first, |number| number + 1);
        let lost = first.saturating_sub(next);
        let skipped = usize::try_from(next.max(first) - first).unwrap_or(usize::MAX);
        let lines = (next.max(first)..).zip(ring.lines.iter().skip(skipped));
        let lines = lines.map(|(number, (level, line))| (number, *level, Arc::clone(line)));
        Piece { lines: lines.collect(), last: ring.pushed, lost }
    }
}

impl Piece {
    /// The newest of the lines that the filter lets through, oldest first.
    fn chosen(self, filter: &TailFilter, most: usize) -> Tailed {
        let text = filter.text.to_lowercase();
        let newest = self.lines.iter().rev();
        let chosen = newest.filter(|(_, level, line)| filter.takes(*level, line, &text));
        let mut lines: Vec<TailLine> = chosen
            .take(most)
            .map(|(number, _, line)| {
                let text = String::from_utf8_lossy(line).into_owned();
                TailLine { number: *number, text }
            })
            .collect();
        lines.reverse();
        Tailed { lines, last: self.last, lost: self.lost }
    }
}

impl TailFilter {
    fn takes(&self, level: Level, line: &[u8], text: &str) -> bool {
        if level > self.level {
            return false;
        }
        if self.target.is_empty() && text.is_empty() {
            return true;
        }
        let line = String::from_utf8_lossy(line);
        // Quotes inside of values are escaped: the first of these is the line's own.
        let target = line.split_once("\"target\":\"").is_some_and(|(_, rest)| {
            self.target.is_empty() || rest.starts_with(self.target.as_str())
        });
        target && (text.is_empty() || line.to_lowercase().contains(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all() -> TailFilter {
        TailFilter { level: Level::TRACE, target: String::new(), text: String::new() }
    }

    fn filled(lines: u64) -> Tail {
        let tail = Tail::default();
        for number in 1..=lines {
            let level = if number % 2 == 0 { Level::WARN } else { Level::INFO };
            let line = format!("{{\"message\":\"n {number}\",\"target\":\"docket::a{number}\"}}\n");
            tail.push(level, line.as_bytes());
        }
        tail
    }

    fn numbers(tailed: &Tailed) -> Vec<u64> {
        tailed.lines.iter().map(|line| line.number).collect()
    }

    #[test]
    fn a_reader_goes_on_where_it_was() {
        let tail = filled(5);
        let first = tail.after(None).chosen(&all(), 2);
        assert_eq!((numbers(&first), first.last, first.lost), (vec![4, 5], 5, 0));
        tail.push(Level::INFO, b"{\"target\":\"docket::b\"}\n");
        let next = tail.after(Some(first.last)).chosen(&all(), 100);
        assert_eq!((numbers(&next), next.lost), (vec![6], 0));
        assert_eq!(next.lines[0].text, "{\"target\":\"docket::b\"}");
        assert!(numbers(&tail.after(Some(6)).chosen(&all(), 100)).is_empty());
    }

    #[test]
    fn a_slow_reader_is_told_what_it_missed() {
        let lines = LINES_MOST as u64 + 100;
        let tail = filled(lines);
        let late = tail.after(Some(40)).chosen(&all(), usize::MAX);
        assert_eq!((late.lost, late.lines.len(), late.last), (60, LINES_MOST, lines));
        assert_eq!(late.lines[0].number, 101);
    }

    #[test]
    fn a_place_in_the_tail_of_another_process_begins_anew() {
        let tailed = filled(3).after(Some(900)).chosen(&all(), 100);
        assert_eq!((numbers(&tailed), tailed.lost), (vec![1, 2, 3], 0));
    }

    #[test]
    fn lines_are_chosen_by_level_target_and_text() {
        let tail = filled(20);
        let chosen = |filter| numbers(&tail.after(None).chosen(&filter, 100));
        assert_eq!(chosen(TailFilter { level: Level::WARN, ..all() }).len(), 10);
        let target = "docket::a1".to_owned();
        assert_eq!(chosen(TailFilter { target, ..all() }).len(), 11);
        assert_eq!(chosen(TailFilter { text: "N 2".into(), ..all() }), [2, 20]);
        assert_eq!(chosen(TailFilter { text: "nothing".into(), ..all() }), [0_u64; 0]);
    }

    #[test]
    fn the_ring_is_bounded_in_bytes() {
        let tail = Tail::default();
        for _ in 0..10 {
            tail.push(Level::INFO, &vec![b'x'; BYTES_MOST / 4]);
        }
        assert_eq!(tail.after(None).lines.len(), 4);
    }
}
