//! The reading side: a pool, and a queue in front of it that is bounded and measured.

use std::sync::Arc;
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, TransactionManager};
use diesel::r2d2::{Pool, PooledConnection, R2D2Connection};
use diesel::{Connection, QueryResult};
use tokio::sync::Semaphore;
use tracing::Span;

use super::connection::{Manager, Purpose};
use super::{Conn, DbOptions, blocking, micros};
use crate::error::Error;
use crate::kernel::Stopwatch;
use crate::telemetry::Account;
use crate::telemetry::metrics::{self, Side};

/// The pool for reading.
pub(super) struct Readers {
    pool: Pool<Manager>,
    /// As many permits as connections: waiting happens here, where it is bounded and seen, and
    /// never on a blocking thread.
    permits: Arc<Semaphore>,
    wait: Duration,
    _size: metrics::Held,
}

impl Readers {
    pub(super) fn open(options: &DbOptions) -> Result<Self, Error> {
        let pool = open_pool(options, options.readers, Purpose::Reading)?;
        let permits = Arc::new(Semaphore::new(options.readers as usize));
        let _size = metrics::pool_size(Side::Read, options.readers);
        Ok(Self { pool, permits, wait: options.wait, _size })
    }

    pub(super) async fn run<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, Error> + Send + 'static,
    {
        let waiting = Stopwatch::start();
        let permit = permit(Side::Read, &self.permits, Some(self.wait)).await?;
        note_wait(waiting.elapsed());
        let pool = self.pool.clone();
        blocking(move || in_snapshot(permit, || begun(&pool, begin_snapshot), work)).await
    }

    /// As [`Self::run`], on the caller's thread when a connection is free: for what takes less time
    /// than to be handed over to another thread and back. A connection that must first be opened is
    /// waited for elsewhere.
    pub(super) async fn run_here<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, Error> + Send + 'static,
    {
        let permit = Arc::clone(&self.permits).try_acquire_owned().ok();
        let free = permit.and_then(|permit| Some((permit, self.pool.try_get()?)));
        let Some((permit, mut conn)) = free else { return self.run(work).await };
        let begin = || begin_snapshot(&mut conn).map(|()| conn).map_err(Error::from);
        in_snapshot(Permit::at_once(permit), begin, work)
    }
}

/// The connection goes back before the permit, so that whoever gets the permit finds it.
fn in_snapshot<T>(
    permit: Permit,
    begin: impl FnOnce() -> Result<PooledConnection<Manager>, Error>,
    work: impl FnOnce(&mut Conn) -> Result<T, Error>,
) -> Result<T, Error> {
    let working = Stopwatch::start();
    let mut conn = begin()?;
    let result = work(&mut conn);
    <Conn as Connection>::TransactionManager::rollback_transaction(&mut *conn)?;
    drop(conn);
    drop(permit);
    note_work(working.elapsed());
    result
}

/// The wait for a connection, for everybody who asks where the time went.
pub(super) fn note_wait(waited: Duration) {
    Span::current().record("wait_us", micros(waited));
    if let Some(account) = Account::current() {
        account.queued(waited);
    }
}

pub(super) fn note_work(worked: Duration) {
    if let Some(account) = Account::current() {
        account.database(worked);
    }
}

/// One snapshot for all statements, on both databases.
fn begin_snapshot(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(sqlite) => AnsiTransactionManager::begin_transaction_sql(sqlite, "BEGIN"),
        Conn::Postgres(postgres) => AnsiTransactionManager::begin_transaction_sql(
            postgres,
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        ),
    }
}

pub(super) fn open_pool(
    options: &DbOptions,
    size: u32,
    purpose: Purpose,
) -> Result<Pool<Manager>, Error> {
    Pool::builder()
        .max_size(size)
        .min_idle(Some(1))
        .connection_timeout(Duration::from_secs(5))
        // [`begun`] does, at no cost.
        .test_on_check_out(false)
        .build(Manager { url: options.url.clone(), purpose })
        .map_err(|failure| Error::internal("opening the database", failure))
}

/// The right to a connection, held while it works.
pub(super) struct Permit {
    _permit: tokio::sync::OwnedSemaphorePermit,
    _in_use: metrics::Held,
}

impl Permit {
    fn at_once(_permit: tokio::sync::OwnedSemaphorePermit) -> Self {
        note_wait(Duration::ZERO);
        metrics::db_wait(Side::Read, Duration::ZERO);
        Self { _permit, _in_use: metrics::pool_in_use(Side::Read) }
    }
}

/// Waits for a connection: for so long at most, or for as long as it takes.
pub(super) async fn permit(
    side: Side,
    permits: &Arc<Semaphore>,
    wait: Option<Duration>,
) -> Result<Permit, Error> {
    let (waited, waiting) = (Stopwatch::start(), metrics::pool_waiting(side));
    let acquiring = Arc::clone(permits).acquire_owned();
    let permit = match wait {
        Some(most) => tokio::time::timeout(most, acquiring).await.ok().and_then(Result::ok),
        None => acquiring.await.ok(),
    };
    drop(waiting);
    let Some(_permit) = permit else {
        metrics::db_refused(side);
        let busy = "All database connections are busy; try again shortly.";
        return Err(Error::Unavailable(busy));
    };
    metrics::db_wait(side, waited.elapsed());
    Ok(Permit { _permit, _in_use: metrics::pool_in_use(side) })
}

/// A connection in a transaction that has just begun. That it could begin shows that the connection
/// stands. A server that was started anew has closed all that were waiting here: each of them is
/// thrown away, until one stands that the pool has made since.
pub(super) fn begun(
    pool: &Pool<Manager>,
    begin: impl Fn(&mut Conn) -> QueryResult<()>,
) -> Result<PooledConnection<Manager>, Error> {
    for _ in 0..pool.max_size() {
        let mut conn = connection(pool)?;
        match begin(&mut conn) {
            Err(failure) if conn.is_broken() => {
                tracing::warn!(error = %failure, "a database connection was lost");
            }
            began => return began.map(|()| conn).map_err(Error::from),
        }
    }
    let mut conn = connection(pool)?;
    begin(&mut conn)?;
    Ok(conn)
}

fn connection(pool: &Pool<Manager>) -> Result<PooledConnection<Manager>, Error> {
    pool.get().map_err(|failure| {
        tracing::error!(error = %failure, "no database connection");
        Error::Unavailable("The database is out of reach; try again shortly.")
    })
}
