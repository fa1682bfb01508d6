//! A file of lines with a fixed name, put aside by size and by time.
//!
//! Always true: a line is in one file, whole; what could not be written is counted; whatever
//! fails, writing goes on with the best file there is. `tail -F` follows without a gap.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::active::{ActiveFile, Found};
use super::archive::{Archive, Archiver};
use super::buffer::LineBuffer;
use super::counts::{Counts, Rotation};
use super::names::LogNames;
use super::platform::group_readable;
use super::trouble::Troubles;
use crate::kernel::{Clock, Stopwatch, Timestamp};

/// How often things are done at most.
#[derive(Debug)]
struct Pace {
    /// Looking whether the file still stands under its name.
    look: Duration,
    /// Rotating by time, against a clock that jumps to and fro.
    time: Duration,
    /// Rotating again after it failed.
    retry: Duration,
}

const PACE: Pace = Pace {
    look: Duration::from_secs(1),
    time: Duration::from_secs(10),
    retry: Duration::from_secs(10),
};

/// When a file is put aside though it is small.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// By size only.
    Never,
    /// At each full hour of UTC.
    Hourly,
    /// At midnight UTC.
    Daily,
}

impl Period {
    /// The number of the period that `time` lies in.
    fn number(self, time: Timestamp) -> i64 {
        match self {
            Self::Never => 0,
            Self::Hourly => time.micros().div_euclid(3_600_000_000),
            Self::Daily => time.micros().div_euclid(86_400_000_000),
        }
    }
}

/// Where lines go, when a file is put aside, and what is kept.
#[derive(Debug, Clone)]
pub struct RollingOptions {
    /// The directory; made when missing.
    pub directory: PathBuf,
    /// The file's name, with an extension: `docket.log`.
    pub name: String,
    /// A line that would make the file longer than this starts a new one.
    pub bytes_max: u64,
    /// When a new file starts by time.
    pub period: Period,
    /// How many files that were put aside are kept.
    pub files_max: usize,
    /// How long they are kept.
    pub age_max: Duration,
    /// How many bytes they and the active file may take together.
    pub total_bytes_max: u64,
    /// Whether they are packed by gzip, all but the newest.
    pub compress: bool,
}

impl RollingOptions {
    pub(super) fn names(&self) -> LogNames {
        LogNames::new(&self.directory, &self.name)
    }
}

/// Why a log could not be started.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Two processes must not write one file.
    #[error(
        "the log {0} is being written by another process; give this one its own data directory"
    )]
    Taken(PathBuf),
    /// The directory or a file in it could not be opened.
    #[error("the log {0} cannot be written: {1}")]
    Failed(PathBuf, #[source] io::Error),
}

/// Tells the writer to open its file anew, after somebody else moved it away (SIGHUP).
#[derive(Debug, Clone, Default)]
pub(in crate::telemetry) struct Reopen(Arc<AtomicBool>);

impl Reopen {
    /// Heeded before the next line is written. It does not rotate.
    pub(in crate::telemetry) fn ask(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Writes lines. One `write` is one whole line; `flush` sends them to the file.
#[derive(Debug)]
pub(in crate::telemetry) struct RollingWriter {
    options: RollingOptions,
    names: LogNames,
    clock: Clock,
    counts: Arc<Counts>,
    troubles: Arc<Troubles>,
    reopen: Reopen,
    active: ActiveFile,
    buffer: LineBuffer,
    /// The period that the file belongs to.
    period: i64,
    pace: Pace,
    looked: Stopwatch,
    rotated_by_time: Option<Stopwatch>,
    failed_to_rotate: Option<Stopwatch>,
    archiver: Archiver,
    /// Declared last, so that it is let go when the archiver has ended.
    _lock: File,
}

impl RollingWriter {
    /// Opens the log, puts aside what an earlier period left, and takes up packing and pruning.
    ///
    /// # Errors
    /// [`OpenError::Taken`] while another process writes this log, [`OpenError::Failed`] when its
    /// directory cannot be written.
    pub(in crate::telemetry) fn open(
        options: RollingOptions,
        clock: Clock,
        counts: Arc<Counts>,
    ) -> Result<Self, OpenError> {
        let names = options.names();
        let failed = |error| OpenError::Failed(names.active(), error);
        fs::create_dir_all(&options.directory).map_err(failed)?;
        let lock = lock(&names)?;
        let (active, found) = ActiveFile::open(&names.active()).map_err(failed)?;
        let troubles = Arc::new(Troubles::new(names.active(), Arc::clone(&counts)));
        let archive = Archive::new(&options, clock.clone(), Arc::clone(&troubles));
        let mut writer = Self {
            period: options.period.number(clock.now()),
            archiver: Archiver::start(archive).map_err(failed)?,
            options,
            names,
            clock,
            counts,
            troubles,
            reopen: Reopen::default(),
            active,
            buffer: LineBuffer::after(found.torn),
            pace: PACE,
            looked: Stopwatch::start(),
            rotated_by_time: None,
            failed_to_rotate: None,
            _lock: lock,
        };
        writer.put_stale_aside(&found);
        Ok(writer)
    }

    /// A handle by which to have the file opened anew.
    pub(in crate::telemetry) fn reopener(&self) -> Reopen {
        self.reopen.clone()
    }

    fn put_stale_aside(&mut self, found: &Found) {
        if let Some(modified) = found.modified
            && self.options.period.number(modified) < self.period
        {
            // Named by its last line: its age counts from there.
            self.rotate(Rotation::Start, modified);
        }
    }

    /// Why the file must be put aside before a line of `more` bytes.
    fn due(&mut self, more: usize, now: Timestamp) -> Option<Rotation> {
        let by_time = self.period_has_passed(now);
        let held = self.active.bytes() + self.buffer.len() as u64;
        let failed = self.failed_to_rotate.is_some_and(|since| since.elapsed() < self.pace.retry);
        if held == 0 || failed {
            return None;
        }
        let too_long = held + more as u64 > self.options.bytes_max;
        too_long.then_some(Rotation::Size).or(by_time.then_some(Rotation::Time))
    }

    fn period_has_passed(&mut self, now: Timestamp) -> bool {
        let period = self.options.period.number(now);
        let empty = self.active.bytes() == 0 && self.buffer.len() == 0;
        // A clock set back a little crosses the boundary once more; one set back far stays there.
        if empty || period < self.period - 1 {
            self.period = period;
        }
        let rested = self.rotated_by_time.is_none_or(|since| since.elapsed() >= self.pace.time);
        period > self.period && rested
    }

    fn rotate(&mut self, reason: Rotation, named: Timestamp) {
        self.send();
        // Somebody else's file is not renamed: ours is opened anew instead.
        let (done, outcome) = if self.active.is_at(&self.names.active()) {
            (reason, self.put_aside(named))
        } else {
            (Rotation::Reopen, self.open_anew())
        };
        if reason == Rotation::Time {
            self.rotated_by_time = Some(Stopwatch::start());
        }
        self.failed_to_rotate = outcome.is_err().then(Stopwatch::start);
        match outcome {
            Ok(()) => self.counts.rotated(done),
            Err(error) => self.troubles.report("putting the file aside", &error),
        }
        self.archiver.wake();
    }

    /// Renames the file and opens a new one; when that fails the old one goes on under its name.
    fn put_aside(&mut self, named: Timestamp) -> io::Result<()> {
        let path = self.names.active();
        let aside = self.names.free_backup(named);
        fs::rename(&path, &aside)?;
        let opened = self.open_anew();
        if opened.is_err() {
            let _ = fs::rename(&aside, &path);
        }
        opened
    }

    fn open_anew(&mut self) -> io::Result<()> {
        let (active, found) = ActiveFile::open(&self.names.active())?;
        self.active = active;
        self.buffer.moved(found.torn);
        self.period = self.options.period.number(self.clock.now());
        Ok(())
    }

    fn reopen(&mut self) {
        match self.open_anew() {
            Ok(()) => self.counts.rotated(Rotation::Reopen),
            Err(error) => self.troubles.report("opening the file anew", &error),
        }
    }

    /// Notices that the file was moved or removed, and makes a new one.
    fn look(&mut self) {
        if self.looked.elapsed() >= self.pace.look {
            self.looked = Stopwatch::start();
            if !self.active.is_at(&self.names.active()) {
                self.reopen();
            }
        }
    }

    /// Sends the buffered lines to the file; answers whether all are there.
    fn send(&mut self) -> bool {
        let outcome = self.buffer.send(&mut self.active);
        self.counts.written(outcome.lines, outcome.bytes as u64);
        self.counts.lost(outcome.lost);
        if outcome.lines + outcome.lost > 0 {
            self.counts.took(outcome.lost == 0);
        }
        if let Some(error) = &outcome.error {
            self.troubles.report("writing", error);
        }
        outcome.error.is_none()
    }
}

impl Write for RollingWriter {
    /// Takes one whole line, which is then written or counted as lost.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.reopen.0.swap(false, Ordering::Relaxed) {
            self.reopen();
        }
        let now = self.clock.now();
        if let Some(reason) = self.due(line.len(), now) {
            self.rotate(reason, now);
        }
        self.buffer.push(line);
        if self.buffer.is_full() {
            self.flush()?;
        }
        Ok(line.len())
    }

    /// # Errors
    /// When lines were lost; they are counted already.
    fn flush(&mut self) -> io::Result<()> {
        self.look();
        if self.send() { Ok(()) } else { Err(io::ErrorKind::Other.into()) }
    }
}

impl Drop for RollingWriter {
    fn drop(&mut self) {
        self.send();
    }
}

/// Takes the lock file, which the operating system lets go when the process ends in any way.
fn lock(names: &LogNames) -> Result<File, OpenError> {
    let failed = |error| OpenError::Failed(names.active(), error);
    let file = group_readable()
        .write(true)
        .create(true)
        .truncate(false)
        .open(names.lock())
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Taken(names.active())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests;
