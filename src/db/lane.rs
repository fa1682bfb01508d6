//! The writer lane of SQLite: one thread, one connection, many commands per durable commit.
//!
//! Commands queue up while the lane commits; it then takes all that wait (up to a limit), runs
//! them inside one `BEGIN IMMEDIATE`, commits once, and answers them all. This group commit is why
//! durable writing is fast.
//!
//! A command that fails or panics undoes nothing but itself. As most do not fail, a batch runs
//! without savepoints at first; when one does fail, the batch is rolled back, those before it run
//! again, each in a savepoint of its own, and so do the next ones. A failed commit fails every
//! command in the batch, and what was answered ahead of it is run again before anything else.
//!
//! When the disk fails a commit, other than by being full, the lane ends for good and the server
//! with it ([`Lane::disk_failed`]): what a failed sync did not write, no later sync writes, so
//! nothing may be built on it. The next start begins with [`super::rewrite_log`].

mod command;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use diesel::Connection;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Mutex, Notify, mpsc, oneshot};

use self::command::{Command, Commit, Job, Undo};
use super::checkpoint::{self, Checkpointer, DiskFailed};
use super::connection::{Purpose, establish};
use super::error::is_of_the_disk;
use super::{Conn, DbOptions, Statement, Turn, WriteTx};
use crate::error::Error;
use crate::kernel::{Clock, Origin, Stopwatch};
use crate::telemetry::metrics::{self, Side};

/// How long another process may hold the write lock, and how often it is asked for meanwhile.
const PATIENCE: Duration = Duration::from_secs(10);
const TRY_EVERY: Duration = Duration::from_millis(1);
const STOPPING: Error = Error::Unavailable("The server is stopping; try again shortly.");
const DISK_FAILED: Error =
    Error::Unavailable("The disk failed and the server stops; try again shortly.");

/// What became of a batch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Durable,
    Undone,
    /// Undone, and nothing that is written from now on can be relied on.
    DiskFailed,
}
/// So many batches run with savepoints after one in which a command failed: where one is refused,
/// others mostly are.
const CAREFUL_FOR: u32 = 16;

pub(super) struct Lane {
    queue: Mutex<Option<mpsc::Sender<Box<dyn Command>>>>,
    sender: mpsc::WeakSender<Box<dyn Command>>,
    finished: Mutex<Option<oneshot::Receiver<()>>>,
    disk_failed: Arc<Notify>,
    _size: metrics::Held,
}

impl Lane {
    pub(super) fn start(options: &DbOptions, clock: Clock) -> Result<Self, Error> {
        let mut conn = establish(&options.url, Purpose::Writing)?;
        Statement::new("PRAGMA busy_timeout = 0").execute(&mut conn)?;
        Statement::new("PRAGMA wal_autocheckpoint = 0").execute(&mut conn)?;
        let (sender, commands) = mpsc::channel(options.queue);
        let (done, finished) = oneshot::channel();
        let batch = options.batch;
        let disk_failed = Arc::new(Notify::new());
        let failing = Arc::clone(&disk_failed);
        let checkpointer = Checkpointer::start(options, Arc::clone(&disk_failed))?;
        std::thread::Builder::new()
            .name("docket-writer".into())
            .spawn(move || {
                let owed = Vec::new();
                let mut server =
                    Server { conn, commands, batch, clock, owed, careful: 0, checkpointer };
                let outcome = server.serve();
                // First of all: to end the thread that copies may take long on such a disk.
                if outcome == Outcome::DiskFailed {
                    failing.notify_one();
                }
                server.end(outcome);
                let _ = done.send(());
            })
            .map_err(|failure| Error::internal("starting the writer lane", failure))?;
        let weak = sender.downgrade();
        Ok(Self {
            queue: Mutex::new(Some(sender)),
            sender: weak,
            finished: Mutex::new(Some(finished)),
            disk_failed,
            _size: metrics::pool_size(Side::Write, 1),
        })
    }

    /// Runs a command when its turn comes.
    pub(super) async fn run<T, F>(&self, turn: Turn, origin: Origin, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Fn(&mut WriteTx<'_>) -> Result<T, Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let sender = self.sender.upgrade().ok_or(STOPPING)?;
        let command = Box::new(Job::new(turn, origin, work, reply));
        match turn {
            Turn::New => sender.try_send(command).map_err(refused)?,
            // Whoever waits here gets the next places in the queue.
            Turn::Begun | Turn::Ahead => sender.send(command).await.map_err(|_| DISK_FAILED)?,
        }
        drop(sender);
        answer.await.map_err(|_lost| {
            Error::Unavailable("The database cannot be written now; try again shortly.")
        })?
    }

    /// Waits until the disk has failed a commit, or a copy of what was committed.
    pub(super) async fn disk_failed(&self) {
        self.disk_failed.notified().await;
    }

    pub(super) async fn close(&self) {
        self.queue.lock().await.take();
        if let Some(finished) = self.finished.lock().await.take() {
            let _ = finished.await;
        }
    }
}

fn refused<T>(refused: TrySendError<T>) -> Error {
    metrics::db_refused(Side::Write);
    match refused {
        TrySendError::Full(_) => {
            Error::Unavailable("Too many changes are waiting; try again shortly.")
        }
        TrySendError::Closed(_) => DISK_FAILED,
    }
}

/// The state of the lane's thread.
struct Server {
    conn: Conn,
    commands: mpsc::Receiver<Box<dyn Command>>,
    /// Commands in one commit at most.
    batch: usize,
    clock: Clock,
    /// Was answered ahead of a commit that failed: comes before all that is run later.
    owed: Vec<Box<dyn Command>>,
    /// Batches that are still to run with savepoints.
    careful: u32,
    checkpointer: Checkpointer,
}

impl Server {
    /// Until the queue is closed, or the disk fails.
    fn serve(&mut self) -> Outcome {
        while let Some(first) = self.commands.blocking_recv() {
            let _in_use = metrics::pool_in_use(Side::Write);
            if let Err(error) = self.begin_with_what_is_owed() {
                tracing::error!(error = %error, "the writer lane cannot begin a transaction");
                self.refuse(first);
                continue;
            }
            let batch = self.run_batch(first);
            metrics::db_batch(batch.len());
            let committing = Stopwatch::start();
            let outcome = commit(&mut self.conn);
            let durable = outcome == Outcome::Durable;
            let commit = Commit { durable, size: batch.len(), took: committing.elapsed() };
            if durable {
                self.owed.clear();
            }
            self.owed.extend(batch.into_iter().filter_map(|command| command.answer(commit)));
            if outcome == Outcome::DiskFailed {
                return outcome;
            }
            if durable && self.copy_log().is_err() {
                return Outcome::DiskFailed;
            }
        }
        Outcome::Durable
    }

    /// Nothing of it touches the database afterwards.
    fn end(self, outcome: Outcome) {
        if outcome == Outcome::DiskFailed {
            checkpoint::leave_open(self.conn);
        }
    }

    fn copy_log(&mut self) -> Result<(), DiskFailed> {
        self.checkpointer.committed()?;
        match self.checkpointer.take_log_is_long() {
            true => checkpoint::finish(&mut self.conn),
            false => Ok(()),
        }
    }

    fn begin_with_what_is_owed(&mut self) -> Result<(), Error> {
        begin(&mut self.conn)?;
        for command in &mut self.owed {
            if !command.run(&mut self.conn, self.clock.now(), Undo::Savepoint) {
                roll_back(&mut self.conn);
                return Err(Error::Unavailable(
                    "What an earlier commit lost cannot be written yet.",
                ));
            }
        }
        Ok(())
    }

    /// Without a transaction there is nothing to run in, for all that wait: dropping a command
    /// drops its reply, which its caller sees at once.
    fn refuse(&mut self, first: Box<dyn Command>) {
        drop(first);
        while let Ok(command) = self.commands.try_recv() {
            drop(command);
        }
        // A full disk or a foreign lock does not pass within microseconds.
        std::thread::sleep(Duration::from_millis(10));
    }

    /// Runs all that wait, the first one given.
    fn run_batch(&mut self, first: Box<dyn Command>) -> Vec<Box<dyn Command>> {
        let mut undo = if self.careful > 0 { Undo::Savepoint } else { Undo::Batch };
        self.careful = self.careful.saturating_sub(1);
        let mut batch = Vec::new();
        let mut next = Some(first);
        while let Some(mut command) = next {
            if !command.run(&mut self.conn, self.clock.now(), undo) && undo == Undo::Batch {
                undo = Undo::Savepoint;
                self.run_again(&mut batch);
            }
            batch.push(command);
            let more = batch.len() < self.batch && is_open(&mut self.conn);
            next = if more { self.commands.try_recv().ok() } else { None };
        }
        batch
    }

    /// The one after these failed, and left behind what it had changed until then.
    fn run_again(&mut self, batch: &mut [Box<dyn Command>]) {
        self.careful = CAREFUL_FOR;
        roll_back(&mut self.conn);
        if let Err(error) = self.begin_with_what_is_owed() {
            tracing::error!(error = %error, "a batch cannot be run again");
            return;
        }
        for command in batch {
            if is_open(&mut self.conn) {
                command.run(&mut self.conn, self.clock.now(), Undo::Savepoint);
            }
        }
    }
}

/// Whether the transaction of the batch still stands. SQLite rolls all of it back by itself after
/// some failures of the disk; a further command would then commit on its own.
fn is_open(conn: &mut Conn) -> bool {
    let Conn::Sqlite(sqlite) = conn else { return false };
    let status = AnsiTransactionManager::transaction_manager_status_mut(sqlite);
    matches!(status.transaction_depth(), Ok(Some(depth)) if depth.get() == 1)
}

/// IMMEDIATE: a transaction that reads before it writes must hold the write lock from its start,
/// or SQLite refuses it without waiting.
///
/// SQLite's own waiting sleeps up to 100 ms between two tries, and so finds the lock taken for
/// seconds while another process commits without a pause. The lane tries every millisecond.
fn begin(conn: &mut Conn) -> Result<(), Error> {
    let Conn::Sqlite(sqlite) = conn else {
        return Err(Error::internal("the writer lane", "is for SQLite only"));
    };
    let waiting = Stopwatch::start();
    loop {
        let begun = AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN IMMEDIATE");
        match begun.map_err(Error::from) {
            Err(Error::Contention(_)) if waiting.elapsed() < PATIENCE => {
                std::thread::sleep(TRY_EVERY)
            }
            begun => return begun,
        }
    }
}

fn commit(conn: &mut Conn) -> Outcome {
    if !is_open(conn) {
        tracing::error!("SQLite rolled a batch back by itself: nothing of it was kept");
        return Outcome::Undone;
    }
    let commit = Stopwatch::start();
    let result = <Conn as Connection>::TransactionManager::commit_transaction(conn);
    metrics::db_commit(commit.elapsed());
    let Err(failure) = result else { return Outcome::Durable };
    tracing::error!(error = %failure, "a commit failed: nothing of the batch was kept");
    roll_back(conn);
    match is_of_the_disk(&failure) {
        true => Outcome::DiskFailed,
        false => Outcome::Undone,
    }
}

fn roll_back(conn: &mut Conn) {
    let _ = <Conn as Connection>::TransactionManager::rollback_transaction(conn);
}
