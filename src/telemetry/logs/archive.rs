//! What was put aside: packed by gzip and pruned, on a thread of its own.
//!
//! Every step can be cut short by a crash and is taken up by the next run. A packed file has its
//! name only when it is complete and on disk, and only then the plain one goes.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::names::{Backup, LogNames, packed, unfinished};
use super::platform::{group_readable, sync_directory};
use super::rolling::RollingOptions;
use super::trouble::Troubles;
use crate::kernel::Clock;

/// Age passes without any rotation.
const PRUNED_EVERY: Duration = Duration::from_secs(600);
const CHUNK: usize = 64 << 10;

/// The thread that tidies up. Dropping it stops a packing under way, which starts over next time.
#[derive(Debug)]
pub(super) struct Archiver {
    wake: Option<SyncSender<()>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Archiver {
    /// Starts the thread, which tidies up at once and then whenever it is woken.
    pub(super) fn start(archive: Archive) -> io::Result<Self> {
        let (wake, woken) = sync_channel(1);
        let stop = Arc::clone(&archive.stop);
        let thread = std::thread::Builder::new()
            .name("docket-log-archive".into())
            .spawn(move || run(&archive, &woken))?;
        Ok(Self { wake: Some(wake), stop, thread: Some(thread) })
    }

    /// Something was put aside. Never waits: one wake that is not yet heard stands for all.
    pub(super) fn wake(&self) {
        if let Some(wake) = &self.wake {
            let _ = wake.try_send(());
        }
    }
}

impl Drop for Archiver {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(archive: &Archive, woken: &Receiver<()>) {
    loop {
        archive.tidy();
        match woken.recv_timeout(PRUNED_EVERY) {
            Ok(()) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

/// The files that were put aside and the rules for them.
#[derive(Debug)]
pub(super) struct Archive {
    names: LogNames,
    options: RollingOptions,
    clock: Clock,
    troubles: Arc<Troubles>,
    stop: Arc<AtomicBool>,
}

impl Archive {
    pub(super) fn new(options: &RollingOptions, clock: Clock, troubles: Arc<Troubles>) -> Self {
        Self {
            names: options.names(),
            options: options.clone(),
            clock,
            troubles,
            stop: Arc::default(),
        }
    }

    /// One run over everything; what fails does not hold up the rest.
    pub(super) fn tidy(&self) {
        self.attempt("syncing the directory", || sync_directory(self.names.directory()));
        for half in self.attempt("listing", || self.names.unfinished()).unwrap_or_default() {
            self.attempt("removing what was left unfinished", || remove(&half));
        }
        // Pruned first too: on a full disk there may be no room to pack.
        self.prune();
        if self.options.compress {
            self.pack();
            self.prune();
        }
    }

    fn attempt<T>(&self, doing: &str, act: impl FnOnce() -> io::Result<T>) -> Option<T> {
        act().inspect_err(|error| self.troubles.report(doing, error)).ok()
    }

    fn backups(&self) -> Vec<Backup> {
        self.attempt("listing", || self.names.backups()).unwrap_or_default()
    }

    /// Removes the oldest while there are too many, too old or too large ones.
    fn prune(&self) {
        let backups = self.backups();
        let oldest = self.clock.now().before(self.options.age_max);
        let active = fs::metadata(self.names.active()).map_or(0, |metadata| metadata.len());
        let mut bytes = backups.iter().map(|backup| backup.bytes).sum::<u64>() + active;
        let mut count = backups.len();
        for backup in &backups {
            let doomed = count > self.options.files_max
                || bytes > self.options.total_bytes_max
                || backup.time < oldest;
            if doomed && self.attempt("pruning", || backup.remove()).is_some() {
                count -= 1;
                bytes -= backup.bytes;
            }
        }
    }

    /// Packs all but the newest, which a shipper may still be reading.
    fn pack(&self) {
        let mut backups = self.backups();
        backups.pop();
        for backup in &backups {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            self.attempt("packing", || self.pack_one(backup));
        }
    }

    fn pack_one(&self, backup: &Backup) -> io::Result<()> {
        let Some(plain) = &backup.plain else { return Ok(()) };
        if backup.packed.is_none() {
            let half = unfinished(plain);
            let complete = self.write_packed(plain, &half);
            if !matches!(complete, Ok(true)) {
                let _ = fs::remove_file(&half);
                return complete.map(|_| ());
            }
            fs::rename(&half, packed(plain))?;
            sync_directory(self.names.directory())?;
        }
        remove(plain)
    }

    /// Answers false when it was told to stop before the end.
    fn write_packed(&self, plain: &Path, half: &Path) -> io::Result<bool> {
        let mut from = File::open(plain)?;
        let to = group_readable().write(true).create(true).truncate(true).open(half)?;
        let mut to = GzEncoder::new(to, Compression::fast());
        let mut chunk = vec![0; CHUNK];
        while !self.stop.load(Ordering::Relaxed) {
            match from.read(&mut chunk)? {
                0 => return to.finish()?.sync_all().map(|()| true),
                read => to.write_all(&chunk[..read])?,
            }
        }
        Ok(false)
    }
}

impl Backup {
    fn remove(&self) -> io::Result<()> {
        self.plain.iter().chain(&self.packed).try_for_each(|path| remove(path))
    }
}

/// Removes a file, which somebody else may have done already.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
