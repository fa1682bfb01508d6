//! The writer lane of SQLite: one thread, one connection, many commands per durable commit.
//!
//! Commands queue up while the lane commits; it then takes all that wait (up to a limit), runs
//! each in a savepoint inside one `BEGIN IMMEDIATE`, commits once, and answers them all. This
//! group commit is why durable writing is fast. A command that fails or panics rolls back its own
//! savepoint only; a failed commit fails every command in the batch.
//!
//! When the disk fails a commit, other than by being full, the lane ends for good and the server
//! with it ([`Lane::disk_failed`]): what a failed sync did not write, no later sync writes, so
//! nothing may be built on it. The next start begins with [`super::rewrite_log`].

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use diesel::Connection;
use diesel::connection::{AnsiTransactionManager, TransactionManager};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{Mutex, Notify, mpsc, oneshot};
use tracing::Span;

use super::connection::{Purpose, establish};
use super::tx::Afterwards;
use super::{Conn, DbOptions, Statement, WriteTx, micros};
use crate::error::Error;
use crate::kernel::{Clock, Origin, Stopwatch, Timestamp};
use crate::telemetry::Account;
use crate::telemetry::metrics::{self, Side};

/// Runs one command in the open transaction; answers what to do once the commit is known.
type Command = Box<dyn FnOnce(&mut Conn, Timestamp) -> Answer + Send>;
/// Tells the caller how it went: its own result, or why the commit failed.
type Answer = Box<dyn FnOnce(Commit)>;

/// How long another process may hold the write lock, and how often it is asked for meanwhile.
const PATIENCE: Duration = Duration::from_secs(10);
const TRY_EVERY: Duration = Duration::from_millis(1);

/// How the commit of a batch went.
#[derive(Clone, Copy)]
struct Commit {
    durable: bool,
    size: usize,
    /// How long making it durable took.
    took: Duration,
}

/// What became of a batch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Durable,
    Undone,
    /// Undone, and nothing that is written from now on can be relied on.
    DiskFailed,
}

pub(super) struct Lane {
    queue: Mutex<Option<mpsc::Sender<Command>>>,
    sender: mpsc::WeakSender<Command>,
    finished: Mutex<Option<oneshot::Receiver<()>>>,
    disk_failed: Arc<Notify>,
    _size: metrics::Held,
}

impl Lane {
    pub(super) fn start(options: &DbOptions, clock: Clock) -> Result<Self, Error> {
        let mut conn = establish(&options.url, Purpose::Writing)?;
        Statement::new("PRAGMA busy_timeout = 0").execute(&mut conn)?;
        let (sender, commands) = mpsc::channel(options.queue);
        let (done, finished) = oneshot::channel();
        let batch = options.batch;
        let disk_failed = Arc::new(Notify::new());
        let failing = Arc::clone(&disk_failed);
        std::thread::Builder::new()
            .name("docket-writer".into())
            .spawn(move || {
                if serve(conn, commands, batch, &clock) == Outcome::DiskFailed {
                    failing.notify_one();
                }
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

    pub(super) async fn run<T, F>(&self, origin: Origin, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Fn(&mut WriteTx<'_>) -> Result<T, Error> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let sender = self.sender.upgrade().ok_or(Error::Unavailable("The server is stopping."))?;
        sender.try_send(command(origin, work, reply)).map_err(|refused| {
            metrics::db_refused(Side::Write);
            Error::Unavailable(match refused {
                TrySendError::Full(_) => "Too many changes are waiting; try again shortly.",
                TrySendError::Closed(_) => "The disk failed; the server stops.",
            })
        })?;
        drop(sender);
        answer.await.map_err(|_lost| {
            Error::Unavailable("The database cannot be written now; try again shortly.")
        })?
    }

    /// Waits until the disk has failed a commit, after which there are no more.
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

/// Wraps a caller's work: its span, its savepoint, its panic, its answer.
fn command<T, F>(origin: Origin, work: F, reply: oneshot::Sender<Result<T, Error>>) -> Command
where
    T: Send + 'static,
    F: Fn(&mut WriteTx<'_>) -> Result<T, Error> + Send + 'static,
{
    let (span, account) = (Span::current(), Account::current());
    let (waiting, queued) = (Stopwatch::start(), metrics::pool_waiting(Side::Write));
    Box::new(move |conn, now| {
        drop(queued);
        let waited = waiting.elapsed();
        span.record("wait_us", micros(waited));
        let (working, mut afterwards) = (Stopwatch::start(), Afterwards::new());
        let result = span.in_scope(|| {
            metrics::db_wait(Side::Write, waited);
            in_savepoint(conn, now, &origin, &work, &mut afterwards)
        });
        let worked = working.elapsed();
        Box::new(move |commit| {
            span.record("batch_size", i64::try_from(commit.size).unwrap_or(i64::MAX));
            span.record("commit_us", micros(commit.took));
            if let Some(account) = &account {
                account.queued(waited);
                account.database(worked + commit.took);
            }
            let result = match (result, commit.durable) {
                (Ok(_), false) => {
                    Err(Error::Unavailable("The change could not be made durable; try again."))
                }
                (result, _) => result,
            };
            if result.is_ok() {
                do_afterwards(afterwards);
            }
            // The span ends before its caller goes on: what its trace comes to is for the caller's
            // thread to work out, not for the lane's.
            drop(span);
            let _ = reply.send(result);
        })
    })
}

/// What counts facts must not end the lane, whatever happens to it.
fn do_afterwards(afterwards: Afterwards) {
    for what in afterwards {
        if catch_unwind(AssertUnwindSafe(what)).is_err() {
            tracing::error!("what was to be done after a commit panicked");
        }
    }
}

fn in_savepoint<T>(
    conn: &mut Conn,
    now: Timestamp,
    origin: &Origin,
    work: &impl Fn(&mut WriteTx<'_>) -> Result<T, Error>,
    afterwards: &mut Afterwards,
) -> Result<T, Error> {
    let guarded = AssertUnwindSafe(|| {
        conn.transaction(|conn| work(&mut WriteTx::new(conn, now, origin, afterwards)))
    });
    match catch_unwind(guarded) {
        Ok(result) => result.map_err(patience_ran_out),
        Err(_panic) => {
            // diesel could not close the savepoint: the lane does.
            let _ = <Conn as Connection>::TransactionManager::rollback_transaction(conn);
            Err(Error::internal("a change panicked", "see the log for the panic"))
        }
    }
}

fn patience_ran_out(error: Error) -> Error {
    match error {
        Error::Contention(_) => {
            Error::Unavailable("The database is busy with another program; try again shortly.")
        }
        other => other,
    }
}

/// Until the queue is closed, or the disk fails.
fn serve(
    mut conn: Conn,
    mut commands: mpsc::Receiver<Command>,
    batch: usize,
    clock: &Clock,
) -> Outcome {
    while let Some(first) = commands.blocking_recv() {
        let _in_use = metrics::pool_in_use(Side::Write);
        let began = begin(&mut conn);
        if let Err(error) = began {
            tracing::error!(error = %error, "the writer lane cannot begin a transaction");
            refuse(first, &mut commands);
            continue;
        }
        let answers = run_batch(&mut conn, first, &mut commands, batch, clock);
        metrics::db_batch(answers.len());
        let committing = Stopwatch::start();
        let outcome = commit(&mut conn);
        let durable = outcome == Outcome::Durable;
        let commit = Commit { durable, size: answers.len(), took: committing.elapsed() };
        for answer in answers {
            answer(commit);
        }
        if outcome == Outcome::DiskFailed {
            return outcome;
        }
    }
    Outcome::Durable
}

/// Without a transaction there is nothing to run in, for all that wait: dropping a command drops
/// its reply, which its caller sees at once.
fn refuse(first: Command, waiting: &mut mpsc::Receiver<Command>) {
    drop(first);
    while let Ok(command) = waiting.try_recv() {
        drop(command);
    }
    // A full disk or a foreign lock does not pass within microseconds.
    std::thread::sleep(Duration::from_millis(10));
}

fn run_batch(
    conn: &mut Conn,
    first: Command,
    commands: &mut mpsc::Receiver<Command>,
    batch: usize,
    clock: &Clock,
) -> Vec<Answer> {
    let mut answers = vec![first(conn, clock.now())];
    while answers.len() < batch && is_open(conn) {
        let Ok(next) = commands.try_recv() else { break };
        answers.push(next(conn, clock.now()));
    }
    answers
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
    let _ = <Conn as Connection>::TransactionManager::rollback_transaction(conn);
    // SQLite says so of a write, a read or a sync that fails; a full disk has its own words.
    match failure.to_string().contains("disk I/O error") {
        true => Outcome::DiskFailed,
        false => Outcome::Undone,
    }
}
