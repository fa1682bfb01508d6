//! The connection enum, the address of a database, and how a new connection is set up.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use diesel::connection::SimpleConnection;
use diesel::r2d2::{ManageConnection, R2D2Connection};
use diesel::{
    Connection, ConnectionError, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection,
};

use crate::error::Error;

/// A connection to either database.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    /// SQLite, compiled in.
    Sqlite(SqliteConnection),
    /// PostgreSQL, through the libpq that is compiled in.
    Postgres(PgConnection),
}

impl Conn {
    /// Which dialect this connection speaks.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }
}

/// The two databases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

impl Dialect {
    /// The name that OpenTelemetry gives it (`db.system.name`).
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgresql",
        }
    }
}

/// Where the database is: `sqlite://path` or `postgres://…`.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file; its directory exists.
    Sqlite(PathBuf),
    /// The whole address, password and all.
    Postgres(String),
}

impl DatabaseUrl {
    /// Which dialect is spoken there.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("sqlite://") {
            return match path {
                "" => Err("`sqlite://` needs a path, like sqlite://docket-data/docket.db".into()),
                path => Ok(Self::Sqlite(PathBuf::from(path))),
            };
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.to_owned()));
        }
        Err("a database address starts with sqlite:// or postgres://".into())
    }
}

impl fmt::Display for DatabaseUrl {
    /// The address without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(url) => {
                let place = url.rsplit_once('@').map_or_else(
                    || url.split_once("://").map_or("", |(_, place)| place),
                    |(_, place)| place,
                );
                write!(f, "postgres://{}", place.split('?').next().unwrap_or_default())
            }
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Reading,
    Writing,
}

/// `busy_timeout` comes first: the statements after it may already meet a busy database.
/// `synchronous=FULL` is what makes an acknowledged order survive a power cut, `secure_delete` what
/// makes erased personal data gone from the file too.
const SQLITE_SET_UP: &str = "
    PRAGMA busy_timeout = 10000;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = ON;
    PRAGMA wal_autocheckpoint = 16384;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -16000;
    PRAGMA temp_store = MEMORY;";

/// What a reader sorts may be as long as the history, when it checks an invariant: what does not
/// fit into its cache goes into a file. That cache is small, as there are several readers, and what
/// they read the system has in its memory.
const SQLITE_READING: &str = "
    PRAGMA query_only = ON;
    PRAGMA cache_size = -2000;
    PRAGMA temp_store = FILE;";

/// No statement and no lock waits for ever, and no transaction idles while it holds locks.
const POSTGRES_SET_UP: &str = "
    SET statement_timeout = '30s';
    SET lock_timeout = '10s';
    SET idle_in_transaction_session_timeout = '15s';
    SET client_min_messages = 'warning';
    SET TIME ZONE 'UTC';";

/// Changes find their rows by key, a few at a time. Where a table has no statistics yet, after an
/// import or a restore, the planner would rather read all of it for a join; here it always goes by
/// the index, so that the first plan of a statement is as good as any later one and is kept.
const POSTGRES_WRITING: &str = "
    SET enable_seqscan = off;
    SET enable_hashjoin = off;
    SET enable_mergejoin = off;
    SET jit = off;
    SET plan_cache_mode = 'force_generic_plan';";

const POSTGRES_READING: &str = "SET default_transaction_read_only = on;";

/// Opens a connection and sets it up for its purpose.
pub(super) fn establish(url: &DatabaseUrl, purpose: Purpose) -> Result<Conn, Error> {
    connect(url, purpose).map_err(|failure| Error::internal("opening the database", failure))
}

fn connect(url: &DatabaseUrl, purpose: Purpose) -> Result<Conn, diesel::r2d2::Error> {
    let setting_up = diesel::r2d2::Error::QueryError;
    match url {
        DatabaseUrl::Sqlite(path) => {
            let mut sqlite = SqliteConnection::establish(&path.to_string_lossy())
                .map_err(diesel::r2d2::Error::ConnectionError)?;
            sqlite.batch_execute(SQLITE_SET_UP).map_err(setting_up)?;
            if purpose == Purpose::Reading {
                sqlite.batch_execute(SQLITE_READING).map_err(setting_up)?;
            }
            refuse_affected_sqlite(&mut sqlite)?;
            Ok(Conn::Sqlite(sqlite))
        }
        DatabaseUrl::Postgres(url) => {
            let mut postgres =
                PgConnection::establish(url).map_err(diesel::r2d2::Error::ConnectionError)?;
            postgres.batch_execute(POSTGRES_SET_UP).map_err(setting_up)?;
            let more = match purpose {
                Purpose::Reading => POSTGRES_READING,
                Purpose::Writing => POSTGRES_WRITING,
            };
            postgres.batch_execute(more).map_err(setting_up)?;
            Ok(Conn::Postgres(postgres))
        }
    }
}

#[derive(QueryableByName)]
struct Version {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
}

/// SQLite 3.7.0 to 3.51.2 can corrupt a file that two connections write or checkpoint
/// (<https://sqlite.org/wal.html#walresetbug>).
fn refuse_affected_sqlite(sqlite: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
    let found: Version = diesel::sql_query("SELECT sqlite_version() AS version")
        .get_result(sqlite)
        .map_err(diesel::r2d2::Error::QueryError)?;
    let numbers: Vec<u32> = found.version.split('.').filter_map(|part| part.parse().ok()).collect();
    if numbers.as_slice() >= [3, 51, 3].as_slice() {
        return Ok(());
    }
    Err(diesel::r2d2::Error::ConnectionError(ConnectionError::BadConnection(format!(
        "SQLite {} can corrupt its file; 3.51.3 or newer is needed",
        found.version
    ))))
}

/// Makes connections for an r2d2 pool.
#[derive(Debug)]
pub(super) struct Manager {
    pub(super) url: DatabaseUrl,
    pub(super) purpose: Purpose,
}

impl ManageConnection for Manager {
    type Connection = Conn;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Conn, Self::Error> {
        connect(&self.url, self.purpose)
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), Self::Error> {
        conn.ping().map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        conn.is_broken()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_never_shows_its_password() {
        let url: DatabaseUrl =
            "postgres://shop:hidden@db.example/docket?sslmode=require".parse().unwrap();
        assert_eq!(
            format!("{url} {url:?}"),
            "postgres://db.example/docket postgres://db.example/docket"
        );
        assert!("mysql://x".parse::<DatabaseUrl>().is_err());
        assert!("sqlite://".parse::<DatabaseUrl>().is_err());
    }
}
