//! Writing on PostgreSQL: pooled connections, one transaction per command, bounded retries.

use std::sync::Arc;
use std::time::Duration;

use diesel::Connection;
use diesel::connection::TransactionManager;
use diesel::r2d2::Pool;
use tokio::sync::Semaphore;
use tracing::Span;

use super::connection::{Manager, Purpose};
use super::reader::{begun, note_wait, note_work, open_pool, permit};
use super::tx::Afterwards;
use super::{Conn, DbOptions, Turn, WriteTx, blocking};
use crate::error::Error;
use crate::kernel::{Clock, Origin, Stopwatch, random_bytes};
use crate::telemetry::metrics::{self, Side};

type Transactions = <Conn as Connection>::TransactionManager;

/// Lost races (40001, 40P01) are run again this often.
const RETRIES_MAX: u32 = 10;

pub(super) struct Writers {
    pool: Pool<Manager>,
    permits: Arc<Semaphore>,
    wait: Duration,
    _size: metrics::Held,
}

impl Writers {
    pub(super) fn open(options: &DbOptions) -> Result<Self, Error> {
        let pool = open_pool(options, options.writers, Purpose::Writing)?;
        let permits = Arc::new(Semaphore::new(options.writers as usize));
        let _size = metrics::pool_size(Side::Write, options.writers);
        Ok(Self { pool, permits, wait: options.wait, _size })
    }

    pub(super) async fn run<T, F>(
        &self,
        turn: Turn,
        origin: Origin,
        clock: Clock,
        work: F,
    ) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Fn(&mut WriteTx<'_>) -> Result<T, Error> + Send + 'static,
    {
        let waiting = Stopwatch::start();
        let wait = (turn == Turn::New).then_some(self.wait);
        let permit = permit(Side::Write, &self.permits, wait).await?;
        note_wait(waiting.elapsed());
        let pool = self.pool.clone();
        blocking(move || {
            let working = Stopwatch::start();
            let result = with_retries(&pool, &origin, &clock, &work);
            drop(permit);
            note_work(working.elapsed());
            result
        })
        .await
    }
}

fn with_retries<T>(
    pool: &Pool<Manager>,
    origin: &Origin,
    clock: &Clock,
    work: &impl Fn(&mut WriteTx<'_>) -> Result<T, Error>,
) -> Result<T, Error> {
    for retry in 0..RETRIES_MAX {
        let mut conn = begun(pool, Transactions::begin_transaction)?;
        let (now, mut afterwards) = (clock.now(), Afterwards::new());
        let result = work(&mut WriteTx::new(&mut conn, now, origin, &mut afterwards));
        match end(&mut conn, result) {
            Err(Error::Contention(reason)) => {
                tracing::debug!(reason, retry, "a transaction lost a race");
                metrics::db_retry();
                Span::current().record("retries", i64::from(retry + 1));
                drop(conn);
                std::thread::sleep(jitter(retry));
            }
            Ok(result) => {
                afterwards.into_iter().for_each(|what| what());
                return Ok(result);
            }
            Err(error) => return Err(error),
        }
    }
    Err(Error::Unavailable("Too many changes compete for the same rows; try again shortly."))
}

/// Commits what succeeded and rolls back what did not.
fn end<T>(conn: &mut Conn, result: Result<T, Error>) -> Result<T, Error> {
    if result.is_ok() {
        Transactions::commit_transaction(conn)?;
    } else if let Err(failure) = Transactions::rollback_transaction(conn) {
        // The pool throws the connection away; why the work failed matters more.
        tracing::debug!(error = %failure, "a transaction could not be rolled back");
    }
    result
}

/// Full jitter: up to 2 ms after the first loss, doubling to at most 128 ms.
fn jitter(retry: u32) -> Duration {
    let most = 2_000_u64 << retry.min(6);
    Duration::from_micros(u64::from_le_bytes(random_bytes()) % most)
}
