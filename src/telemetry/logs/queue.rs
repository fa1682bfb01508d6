//! The bounded queue in front of a log file: whoever logs never waits for a disk.
//!
//! Always true: a line is written, counted as dropped, or counted as lost. The last tenth of the
//! queue is kept for warnings and errors, and after a loss one line in the file says how much.

use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use tracing::Level;
use tracing_appender::non_blocking::{NonBlocking, NonBlockingBuilder, WorkerGuard};

use super::counts::{Counts, LogCounts};
use crate::kernel::Stopwatch;

/// The name of the thread that writes. A panic there must not be logged through the queue, which
/// would lead it to the same panic again.
pub(in crate::telemetry) const WRITER_THREAD: &str = "docket-log";

const POLLED_EVERY: Duration = Duration::from_millis(1);
/// How long the end waits for the file to be let go.
const END_MOST: Duration = Duration::from_secs(1);

/// How much may wait for the disk.
#[derive(Debug, Clone, Copy)]
pub struct QueueOptions {
    /// Lines in the queue, at most.
    pub lines_max: usize,
    /// Their bytes, at most.
    pub bytes_max: usize,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self { lines_max: 64 << 10, bytes_max: 64 << 20 }
    }
}

/// What the two ends of the queue both know.
#[derive(Debug)]
struct Shared {
    options: QueueOptions,
    /// Lines in the queue.
    lines: AtomicUsize,
    /// Their bytes.
    bytes: AtomicUsize,
    /// Lines that were let in, ever.
    accepted: AtomicU64,
    /// Of these, how many have gone through the writer and its buffer.
    flushed: AtomicU64,
    /// The writer flushes at once when it has come so far: somebody waits.
    goal: AtomicU64,
    closed: AtomicBool,
    ended: AtomicBool,
    counts: Arc<Counts>,
}

impl Shared {
    /// Finds room for a line. Takes it first and looks then, so that threads do not wait for each
    /// other; two that meet at the brim may both be refused.
    fn admit(&self, level: Level, length: usize) -> bool {
        let lines = self.lines.fetch_add(1, SeqCst) + 1;
        let bytes = self.bytes.fetch_add(length, SeqCst) + length;
        // `ERROR < WARN < INFO` in `tracing`.
        let urgent = level <= Level::WARN;
        let share = |most: usize| if urgent { most } else { most - most / 10 };
        let admitted =
            lines <= share(self.options.lines_max) && bytes <= share(self.options.bytes_max);
        if !admitted {
            self.leave(length);
        }
        admitted
    }

    fn leave(&self, length: usize) {
        self.lines.fetch_sub(1, SeqCst);
        self.bytes.fetch_sub(length, SeqCst);
    }

    fn has_room(&self) -> bool {
        self.lines.load(SeqCst) <= self.options.lines_max / 2
    }
}

/// The end of the queue that takes lines; clones share it.
#[derive(Debug, Clone)]
pub(in crate::telemetry) struct LogQueue {
    sender: NonBlocking,
    shared: Arc<Shared>,
}

/// Keeps the writer's thread. Dropping it closes the queue and ends the thread, which lets the
/// file go; call [`LogQueue::drain`] before, for what still waits is lost after one second.
#[derive(Debug)]
pub(in crate::telemetry) struct QueueGuard {
    worker: Option<WorkerGuard>,
    shared: Arc<Shared>,
}

impl LogQueue {
    /// Starts the thread that writes. `counts` is the set of the writer, which counts the lines
    /// it loses itself; `loss_line` renders the line that says how many are missing.
    pub(in crate::telemetry) fn start<W: Write + Send + 'static>(
        writer: W,
        options: QueueOptions,
        counts: Arc<Counts>,
        loss_line: impl Fn(u64) -> Vec<u8> + Send + 'static,
    ) -> (Self, QueueGuard) {
        let shared = Arc::new(Shared {
            options,
            lines: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            accepted: AtomicU64::new(0),
            flushed: AtomicU64::new(0),
            goal: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            ended: AtomicBool::new(false),
            counts,
        });
        let worker = Worker {
            writer: Some(writer),
            shared: Arc::clone(&shared),
            loss_line: Box::new(loss_line),
            taken: 0,
            reported: 0,
            well: true,
        };
        let (sender, worker) = NonBlockingBuilder::default()
            // One more than lines can be in flight, for the word that ends the thread: it never
            // drops a line that we let in.
            .buffered_lines_limit(options.lines_max + 1)
            .thread_name(WRITER_THREAD)
            .finish(worker);
        (Self { sender, shared: Arc::clone(&shared) }, QueueGuard { worker: Some(worker), shared })
    }

    /// Puts a line, which ends in `\n`, into the queue. Never waits: without room it is dropped
    /// and counted.
    pub(in crate::telemetry) fn push(&self, level: Level, line: &[u8]) {
        if self.shared.closed.load(SeqCst) || !self.shared.admit(level, line.len()) {
            self.shared.counts.dropped(level);
            return;
        }
        self.shared.accepted.fetch_add(1, SeqCst);
        let _ = self.sender.clone().write_all(line);
    }

    /// Waits until all lines pushed so far are in the file, or counted as lost. False when that
    /// takes longer than `patience`. Blocks the thread.
    #[must_use]
    pub(in crate::telemetry) fn drain(&self, patience: Duration) -> bool {
        let goal = self.shared.accepted.load(SeqCst);
        self.shared.goal.fetch_max(goal, SeqCst);
        wait(patience, || self.shared.flushed.load(SeqCst) >= goal)
    }

    /// The counters now.
    #[must_use]
    pub(in crate::telemetry) fn counts(&self) -> LogCounts {
        LogCounts { queue_lines: self.shared.lines.load(SeqCst), ..self.shared.counts.read() }
    }
}

impl Drop for QueueGuard {
    fn drop(&mut self) {
        self.shared.closed.store(true, SeqCst);
        self.worker = None;
        wait(END_MOST, || self.shared.ended.load(SeqCst));
    }
}

fn wait(patience: Duration, done: impl Fn() -> bool) -> bool {
    let waiting = Stopwatch::start();
    while !done() {
        if waiting.elapsed() >= patience {
            return false;
        }
        std::thread::sleep(POLLED_EVERY);
    }
    true
}

/// The end of the queue that writes, on its own thread. It never fails and never panics, either
/// of which would harm the thread of the appender.
struct Worker<W> {
    /// `None` only while it is dropped.
    writer: Option<W>,
    shared: Arc<Shared>,
    loss_line: Box<dyn Fn(u64) -> Vec<u8> + Send>,
    /// Lines taken out of the queue, ever.
    taken: u64,
    /// Missing lines that the file tells of.
    reported: u64,
    /// Nothing went wrong since the last flush that went well.
    well: bool,
}

impl<W: Write> Worker<W> {
    fn guarded(&mut self, act: impl FnOnce(&mut W) -> io::Result<()>) -> bool {
        let Some(writer) = &mut self.writer else { return false };
        let outcome = catch_unwind(AssertUnwindSafe(|| act(writer)));
        if outcome.is_err() {
            self.shared.counts.io_failed();
            self.shared.counts.lost(1);
        }
        let went_well = matches!(outcome, Ok(Ok(())));
        self.well &= went_well;
        went_well
    }

    /// Puts the line about missing ones into the file, alone, to know what becomes of it.
    fn tell_of_losses(&mut self) {
        let missing = self.shared.counts.missing().saturating_sub(self.reported);
        if missing == 0 || !self.well || !self.shared.has_room() || !self.guarded(W::flush) {
            return;
        }
        let render = AssertUnwindSafe(|| (self.loss_line)(missing));
        let Ok(line) = catch_unwind(render) else { return };
        if self.guarded(|writer| writer.write_all(&line).and_then(|()| writer.flush())) {
            self.reported += missing;
        } else {
            self.shared.counts.forgive_line();
        }
    }

    fn flush_all(&mut self) {
        if self.guarded(W::flush) {
            self.well = true;
            self.tell_of_losses();
        }
        self.shared.flushed.store(self.taken, SeqCst);
    }
}

impl<W: Write> Write for Worker<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.shared.leave(line.len());
        self.tell_of_losses();
        self.guarded(|writer| writer.write_all(line));
        self.taken += 1;
        let goal = self.shared.goal.load(SeqCst);
        if self.taken >= goal && self.shared.flushed.load(SeqCst) < goal {
            self.flush_all();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.flush_all();
        Ok(())
    }
}

impl<W> Drop for Worker<W> {
    fn drop(&mut self) {
        let writer = self.writer.take();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(writer)));
        self.shared.ended.store(true, SeqCst);
    }
}

#[cfg(test)]
mod tests;
