//! A caller's work on its way through the lane: its span, its panic, its answer.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use diesel::Connection;
use diesel::connection::TransactionManager;
use tokio::sync::oneshot;
use tracing::Span;

use crate::db::tx::Afterwards;
use crate::db::{Conn, Turn, WriteTx, micros};
use crate::error::Error;
use crate::kernel::{Origin, Stopwatch, Timestamp};
use crate::telemetry::Account;
use crate::telemetry::metrics::{self, Held, Side};

/// How what a failed command has changed is undone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Undo {
    /// With all of the batch, by the lane.
    Batch,
    /// By a savepoint of its own.
    Savepoint,
}

/// How the commit of a batch went.
#[derive(Clone, Copy)]
pub(super) struct Commit {
    pub(super) durable: bool,
    /// Commands in it.
    pub(super) size: usize,
    /// How long making it durable took.
    pub(super) took: Duration,
}

/// A caller's work, whatever comes of it.
pub(super) trait Command: Send {
    /// Does the work in the open transaction; answers whether it did not fail. What an earlier run
    /// came to is forgotten.
    fn run(&mut self, conn: &mut Conn, now: Timestamp, undo: Undo) -> bool;

    /// Tells the caller how it went: its own result, or that the commit failed. Comes back when it
    /// was told so ahead of a commit that failed.
    fn answer(self: Box<Self>, commit: Commit) -> Option<Box<dyn Command>>;
}

/// The only command: work with a caller who waits for `T`.
pub(super) struct Job<T, F> {
    origin: Origin,
    work: F,
    reply: Option<oneshot::Sender<Result<T, Error>>>,
    /// The caller does not wait for the commit.
    ahead: bool,
    /// The caller was told ahead of the commit that it is done.
    promised: bool,
    span: Span,
    account: Option<Arc<Account>>,
    waiting: Stopwatch,
    /// Until it runs first.
    queued: Option<Held>,
    waited: Duration,
    worked: Duration,
    result: Option<Result<T, Error>>,
    /// It did not fail when it was last run.
    stands: bool,
    afterwards: Afterwards,
}

impl<T, F> Job<T, F>
where
    T: Send + 'static,
    F: Fn(&mut WriteTx<'_>) -> Result<T, Error> + Send + 'static,
{
    /// Waits for its turn from now on.
    pub(super) fn new(
        turn: Turn,
        origin: Origin,
        work: F,
        reply: oneshot::Sender<Result<T, Error>>,
    ) -> Self {
        Self {
            origin,
            work,
            reply: Some(reply),
            ahead: turn == Turn::Ahead,
            promised: false,
            span: Span::current(),
            account: Account::current(),
            waiting: Stopwatch::start(),
            queued: Some(metrics::pool_waiting(Side::Write)),
            waited: Duration::ZERO,
            worked: Duration::ZERO,
            result: None,
            stands: false,
            afterwards: Afterwards::new(),
        }
    }

    fn note_wait(&mut self) {
        if self.queued.take().is_none() {
            self.span.record("retries", 1);
            return;
        }
        self.waited = self.waiting.elapsed();
        self.span.record("wait_us", micros(self.waited));
        self.span.in_scope(|| metrics::db_wait(Side::Write, self.waited));
    }

    fn tell_ahead(&mut self, result: Result<T, Error>) {
        if self.reply.is_some() {
            self.promised = self.stands;
            self.send(result);
        }
    }

    /// The span ends before its caller goes on: what its trace comes to is for the caller's thread
    /// to work out, not for the lane's.
    fn send(&mut self, result: Result<T, Error>) {
        self.span = Span::none();
        if let Some(reply) = self.reply.take() {
            let _ = reply.send(result);
        }
    }
}

impl<T, F> Command for Job<T, F>
where
    T: Send + 'static,
    F: Fn(&mut WriteTx<'_>) -> Result<T, Error> + Send + 'static,
{
    fn run(&mut self, conn: &mut Conn, now: Timestamp, undo: Undo) -> bool {
        self.note_wait();
        let working = Stopwatch::start();
        let mut afterwards = Afterwards::new();
        let result = self.span.in_scope(|| {
            let work = |conn: &mut Conn| {
                (self.work)(&mut WriteTx::new(conn, now, &self.origin, &mut afterwards))
            };
            match undo {
                Undo::Batch => in_batch(conn, work),
                Undo::Savepoint => in_savepoint(conn, work),
            }
        });
        self.worked = working.elapsed();
        self.afterwards = afterwards;
        self.stands = result.is_ok();
        match self.ahead {
            true => self.tell_ahead(result),
            false => self.result = Some(result),
        }
        self.stands
    }

    fn answer(mut self: Box<Self>, commit: Commit) -> Option<Box<dyn Command>> {
        if self.ahead {
            let kept = self.stands && commit.durable;
            return (self.promised && !kept).then_some(self);
        }
        self.span.record("batch_size", i64::try_from(commit.size).unwrap_or(i64::MAX));
        self.span.record("commit_us", micros(commit.took));
        if let Some(account) = &self.account {
            account.queued(self.waited);
            account.database(self.worked + commit.took);
        }
        let result = match self.result.take() {
            Some(Err(error)) => Err(error),
            Some(Ok(done)) if commit.durable => Ok(done),
            _ => Err(Error::Unavailable("The change could not be made durable; try again.")),
        };
        if result.is_ok() {
            do_afterwards(std::mem::take(&mut self.afterwards));
        }
        self.send(result);
        None
    }
}

fn in_batch<T>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, Error>,
) -> Result<T, Error> {
    let result = catch_unwind(AssertUnwindSafe(|| work(conn)));
    result.unwrap_or_else(|_panic| Err(panicked())).map_err(patience_ran_out)
}

fn in_savepoint<T>(
    conn: &mut Conn,
    work: impl FnOnce(&mut Conn) -> Result<T, Error>,
) -> Result<T, Error> {
    match catch_unwind(AssertUnwindSafe(|| conn.transaction(work))) {
        Ok(result) => result.map_err(patience_ran_out),
        Err(_panic) => {
            // diesel could not close the savepoint: the lane does.
            let _ = <Conn as Connection>::TransactionManager::rollback_transaction(conn);
            Err(panicked())
        }
    }
}

fn panicked() -> Error {
    Error::internal("a change panicked", "see the log for the panic")
}

fn patience_ran_out(error: Error) -> Error {
    match error {
        Error::Contention(_) => {
            Error::Unavailable("The database is busy with another program; try again shortly.")
        }
        other => other,
    }
}

/// What counts facts must not end the lane, whatever happens to it.
fn do_afterwards(afterwards: Afterwards) {
    for what in afterwards {
        if catch_unwind(AssertUnwindSafe(what)).is_err() {
            tracing::error!("what was to be done after a commit panicked");
        }
    }
}
