//! A database of its own for each test, on every kind of database there is.

use std::sync::Arc;

use docket::db::{DatabaseUrl, Db, DbOptions, Dialect, Statement, WriteTx, migrate};
use docket::error::Error;
use docket::kernel::Clock;

use super::postgres;

pub struct Database {
    pub db: Arc<Db>,
    /// A data directory.
    pub directory: tempfile::TempDir,
}

/// SQLite, and PostgreSQL when there is a server.
pub fn databases() -> Vec<Database> {
    std::iter::once(sqlite()).chain(postgres::database().map(|url| on_server(&url))).collect()
}

/// Stands in for the lease: one transaction at a time.
pub fn lock(tx: &mut WriteTx<'_>) -> Result<(), Error> {
    if tx.dialect() == Dialect::Postgres {
        tx.execute(Statement::new("SELECT pg_advisory_xact_lock(1)"))?;
    }
    Ok(())
}

pub fn sqlite() -> Database {
    let directory = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(directory.path().join("docket.db"));
    migrate(&url).unwrap();
    Database { db: open(url), directory }
}

/// Writes `count` entries as the placing of an order does, quicker. For SQLite.
pub fn fill(tx: &mut WriteTx<'_>, count: i64) -> Result<(), Error> {
    const FILL: &str = "INSERT INTO journal_entries (id, type, version, subject, actor, outcome, \
        after, request_id, trace_id, created_at) \
        WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?) \
        SELECT printf('%08x-%04x-7000-8000-%012x', m / 65536, m % 65536, m), 'order.placed', 1, \
        printf('order:01938f2e-7a51-7c3e-b3a5-%012x', m), \
        'key:01938f2e-7a51-7c3e-b3a5-0d6f3a2b9c11', 'success', \
        printf('{\"number\":%d,\"status\":\"confirmed\",\"total\":349,\"currency\":\"USD\"}', m), \
        printf('01938f2e-7a51-7c3e-b3a6-%012x', m), printf('%032x', m), m \
        FROM (SELECT n + (SELECT COUNT(*) FROM journal_sequence) AS m FROM numbers)";
    tx.execute(Statement::new(FILL).bind(count))?;
    tx.execute(Statement::new(
        "INSERT INTO journal_sequence (entry_id) SELECT id FROM journal_entries \
         WHERE id > COALESCE((SELECT MAX(entry_id) FROM journal_sequence), '') ORDER BY id",
    ))?;
    Ok(())
}

fn on_server(url: &str) -> Database {
    Database { db: open(url.parse().unwrap()), directory: tempfile::tempdir().unwrap() }
}

fn open(url: DatabaseUrl) -> Arc<Db> {
    Arc::new(Db::open(&DbOptions::new(url), Clock::System).unwrap())
}
