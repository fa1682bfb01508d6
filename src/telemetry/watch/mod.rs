//! What goes wrong around the process and shows inside it: a clock that jumps, a disk that fills.

mod clock;
mod disk;

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use super::logs::log_bytes;
use super::metrics::{Samples, register_source};
use crate::config::Config;
use crate::kernel::{Clock, Stopwatch};
use clock::ClockWatch;
use disk::DiskWatch;

/// A process has one machine.
static WATCH: OnceLock<Watch> = OnceLock::new();

struct Watch {
    data: PathBuf,
    logs: PathBuf,
    /// What the files of the log may take together, in bytes.
    log_budget: u64,
    running: Stopwatch,
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    clock: ClockWatch,
    disk: DiskWatch,
    log_bytes: u64,
}

/// Begins to watch, and puts what is seen on the page of metrics.
pub(super) fn begin(config: &Config) {
    let watch = Watch {
        data: config.data_dir.clone(),
        logs: config.data_dir.join("logs"),
        log_budget: config.logs.keep_bytes,
        running: Stopwatch::start(),
        seen: Mutex::default(),
    };
    if WATCH.set(watch).is_ok() {
        watch_machine();
        register_source(Box::new(|samples| {
            WATCH.get().into_iter().for_each(|watch| watch.tell(samples));
        }));
    }
}

/// Looks at the clock and at the disk; a clock that has jumped is told in the log. To be called
/// every few seconds; asks the file system, so not on a thread that must not wait.
pub fn watch_machine() {
    if let Some(watch) = WATCH.get() {
        watch.look();
    }
}

impl Watch {
    fn look(&self) {
        let space = disk::space(&self.data);
        let log_bytes = log_bytes(&self.logs);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, running) = (Clock::System.now(), self.running.elapsed());
        let jump = seen.clock.observe(now, running);
        space.into_iter().for_each(|space| seen.disk.observe(space, running));
        seen.log_bytes = log_bytes;
        drop(seen);
        if let Some(seconds) = jump {
            tracing::warn!(seconds, "the machine's clock has jumped");
        }
    }

    fn tell(&self, samples: &mut Samples) {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        samples.add_for("clock_jumps_total", "forward", float(seen.clock.forward));
        samples.add_for("clock_jumps_total", "backward", float(seen.clock.backward));
        samples.add("clock_last_jump_seconds", seen.clock.last_seconds);
        samples.add("disk_size_bytes", float(seen.disk.space.size));
        samples.add("disk_free_bytes", float(seen.disk.space.free));
        samples.add("disk_time_left_seconds", seen.disk.seconds_left());
        samples.add("telemetry_log_files_bytes", float(seen.log_bytes));
        samples.add("telemetry_log_budget_bytes", float(self.log_budget));
    }
}

#[expect(clippy::cast_precision_loss, reason = "no disk has 2^52 bytes, no clock as many jumps")]
fn float(count: u64) -> f64 {
    count as f64
}
