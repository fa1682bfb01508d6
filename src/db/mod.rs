//! The two ways into the database: [`Db::read`] and [`Db::write`]. There is no third.
//!
//! SQLite and PostgreSQL stand behind one connection enum, [`Conn`]. On SQLite every change runs
//! through one writer lane that commits many commands at once ([`lane`]); on PostgreSQL through
//! pooled connections with bounded retries ([`postgres`]). What every order writes goes out as
//! set-based [`Statement`]s, written once for both dialects.
//!
//! Must stay true: a change is acknowledged only after its commit is durable, and the closure of a
//! write does no network, file or template work.

mod backup;
mod checkpoint;
mod connection;
mod error;
mod lane;
mod log;
mod migrate;
mod postgres;
mod reader;
mod statement;
mod tx;
mod typed;
mod version;

use std::time::Duration;

use tracing::{Instrument, Span, field, info_span};

pub use backup::{BackupError, backup, restore};
pub use checkpoint::empty_log;
pub use connection::{Conn, DatabaseUrl, Dialect};
pub use log::rewrite_log;
pub use migrate::{MigrationError, migrate};
pub use statement::{Statement, Value};
pub use tx::WriteTx;
pub(crate) use typed::{load_where, on_inner};

use crate::error::Error;
use crate::kernel::{Clock, Origin};
use crate::telemetry::metrics;

/// How the database is reached and how much of it is used at once.
#[derive(Debug, Clone)]
pub struct DbOptions {
    /// Which database.
    pub url: DatabaseUrl,
    /// Connections for reading.
    pub readers: u32,
    /// Connections for writing; PostgreSQL only.
    pub writers: u32,
    /// Commands that may wait for the writer lane; one more is refused. SQLite only.
    pub queue: usize,
    /// Commands in one commit at most. SQLite only.
    pub batch: usize,
    /// Pages of the write-ahead log that are worth copying into the database file. SQLite only.
    pub checkpoint_pages: i64,
    /// How long a caller waits for a connection before it is refused.
    pub wait: Duration,
}

impl DbOptions {
    /// The sizes that suit a small machine.
    #[must_use]
    pub fn new(url: DatabaseUrl) -> Self {
        Self {
            url,
            readers: 4,
            writers: 8,
            queue: 1024,
            batch: 256,
            checkpoint_pages: 8_192,
            wait: Duration::from_millis(2_000),
        }
    }
}

/// Whether work may be refused when too much waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Nothing was done yet: its caller can try again.
    New,
    /// It goes on with what was begun, and keeps its turn: what is half done would be left to be
    /// settled later, and the work on it so far be wasted.
    Begun,
    /// As begun, and its caller goes on before it is durable.
    Ahead,
}

enum Writer {
    Lane(lane::Lane),
    Pool(postgres::Writers),
}

/// The database of this process.
pub struct Db {
    dialect: Dialect,
    clock: Clock,
    readers: reader::Readers,
    writer: Writer,
    watch: version::Watch,
}

impl Db {
    /// Opens the database, migrated before by [`migrate`].
    ///
    /// # Errors
    /// [`Error::Internal`] when it cannot be reached, or when the SQLite inside is one that can
    /// corrupt its file (before 3.51.3).
    pub fn open(options: &DbOptions, clock: Clock) -> Result<Self, Error> {
        let dialect = options.url.dialect();
        let writer = match dialect {
            Dialect::Sqlite => Writer::Lane(lane::Lane::start(options, clock.clone())?),
            Dialect::Postgres => Writer::Pool(postgres::Writers::open(options)?),
        };
        let readers = reader::Readers::open(options)?;
        let watch = version::Watch::open(&options.url)?;
        Ok(Self { dialect, clock, readers, writer, watch })
    }

    /// Which database this is.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The clock that every write takes its time from.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// A number that is another one once anything was changed, by whichever process: what was read
    /// after it was asked for is still so when it is asked for again and is the same. Answered on
    /// the spot. `None` where that is not known, as on PostgreSQL, where nothing tells.
    #[must_use]
    pub fn version(&self) -> Option<i64> {
        self.watch.version()
    }

    /// Reads in one snapshot, on a connection that cannot write.
    ///
    /// # Errors
    /// What `work` returns; [`Error::Unavailable`] when all connections stay busy.
    pub async fn read<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, Error> + Send + 'static,
    {
        let span = self.reading();
        let result = self.readers.run(work).instrument(span.clone()).await;
        note_failure(&span, &result);
        result
    }

    /// The same for what is found by its key. SQLite has that at hand: to wake another thread, and
    /// be woken by it, would take longer than to look it up.
    ///
    /// # Errors
    /// As of [`Self::read`].
    pub async fn look_up<T, F>(&self, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: FnOnce(&mut Conn) -> Result<T, Error> + Send + 'static,
    {
        let span = self.reading();
        let result = match self.dialect {
            Dialect::Sqlite => self.readers.run_here(work).instrument(span.clone()).await,
            Dialect::Postgres => self.readers.run(work).instrument(span.clone()).await,
        };
        note_failure(&span, &result);
        result
    }

    fn reading(&self) -> Span {
        info_span!(
            "db.read",
            "otel.status_code" = field::Empty,
            "error.type" = field::Empty,
            "db.system.name" = self.dialect.name(),
            wait_us = field::Empty,
        )
    }

    /// Changes the database: all of `work` is committed, durably, or none of it. Refused when too
    /// much waits.
    ///
    /// `work` may run more than once (PostgreSQL retries lost races), so it owns what it needs and
    /// changes nothing outside the transaction.
    ///
    /// # Errors
    /// What `work` returns; [`Error::Unavailable`] when too much waits, or the disk is full.
    pub async fn write<T, F>(&self, origin: &Origin, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Fn(&mut WriteTx<'_>) -> Result<T, Error> + Send + 'static,
    {
        self.write_in(Turn::New, origin, work).await
    }

    /// The same for going on with what an earlier write began: it waits for its turn, however much
    /// waits. Those that were let in bound how many there are.
    ///
    /// # Errors
    /// What `work` returns; [`Error::Unavailable`] when the database cannot be written.
    pub async fn write_begun<T, F>(&self, origin: &Origin, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Fn(&mut WriteTx<'_>) -> Result<T, Error> + Send + 'static,
    {
        self.write_in(Turn::Begun, origin, work).await
    }

    /// The same, answered before it is durable: what this process writes after the answer is never
    /// durable without it. For what only matters together with what follows; nobody outside may be
    /// told of it, and nothing waits for its commit ([`WriteTx::on_commit`]). On PostgreSQL, where
    /// connections have no order, it is durable at once.
    ///
    /// # Errors
    /// As of [`Self::write_begun`].
    pub async fn write_ahead<T, F>(&self, origin: &Origin, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Fn(&mut WriteTx<'_>) -> Result<T, Error> + Send + 'static,
    {
        self.write_in(Turn::Ahead, origin, work).await
    }

    async fn write_in<T, F>(&self, turn: Turn, origin: &Origin, work: F) -> Result<T, Error>
    where
        T: Send + 'static,
        F: Fn(&mut WriteTx<'_>) -> Result<T, Error> + Send + 'static,
    {
        let span = info_span!(
            "db.write",
            "otel.status_code" = field::Empty,
            "error.type" = field::Empty,
            "db.system.name" = self.dialect.name(),
            wait_us = field::Empty,
            batch_size = field::Empty,
            commit_us = field::Empty,
            retries = field::Empty,
        );
        let result = match &self.writer {
            Writer::Lane(lane) => {
                lane.run(turn, origin.clone(), work).instrument(span.clone()).await
            }
            Writer::Pool(pool) => {
                let clock = self.clock.clone();
                pool.run(turn, origin.clone(), clock, work).instrument(span.clone()).await
            }
        };
        note_failure(&span, &result);
        metrics::db_write(&result);
        result
    }

    /// Waits until the disk has failed a commit, or a copy of what was committed; after that one
    /// commit more is made at most. The process must end, and start anew. PostgreSQL sees to that
    /// by itself.
    pub async fn disk_failed(&self) {
        match &self.writer {
            Writer::Lane(lane) => lane.disk_failed().await,
            Writer::Pool(_) => std::future::pending().await,
        }
    }

    /// Waits until every write taken so far is answered, then stops the writer.
    pub async fn close(&self) {
        if let Writer::Lane(lane) = &self.writer {
            lane.close().await;
        }
    }
}

/// A refusal is an answer; what is no answer is an error of the span.
fn note_failure<T>(span: &Span, result: &Result<T, Error>) {
    let kind = match result {
        Ok(_) | Err(Error::Refused(_)) => return,
        Err(Error::Unavailable(_)) => "unavailable",
        Err(Error::Contention(_)) => "contention",
        Err(Error::Internal { .. }) => "internal",
    };
    span.record("otel.status_code", "ERROR");
    span.record("error.type", kind);
}

/// As spans tell times: they have signed numbers only.
fn micros(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}

/// Runs blocking work on its own thread, inside the caller's span.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    let span = Span::current();
    match tokio::task::spawn_blocking(move || span.in_scope(work)).await {
        Ok(result) => result,
        Err(failure) => Err(Error::internal("a database call ended early", failure)),
    }
}
