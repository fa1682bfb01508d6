//! A database of its own for each test, on every kind of database there is.

use std::sync::Arc;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use docket::db::{DatabaseUrl, Db, DbOptions, Dialect, Statement, WriteTx, migrate};
use docket::error::Error;
use docket::kernel::{Clock, random_bytes};

pub struct Database {
    pub db: Arc<Db>,
    /// A data directory.
    pub directory: tempfile::TempDir,
    _dropped_last: Option<Cleanup>,
}

/// Drops a PostgreSQL database.
struct Cleanup {
    server: String,
    name: String,
}

impl Drop for Cleanup {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        if let Ok(mut server) = PgConnection::establish(&self.server) {
            let _ = server.batch_execute(&drop);
        }
    }
}

/// SQLite, and PostgreSQL when there is a server.
pub fn databases() -> Vec<Database> {
    let server = std::env::var("DOCKET_TEST_POSTGRES_URL").ok();
    std::iter::once(sqlite()).chain(server.map(postgres)).collect()
}

/// Stands in for the lease: one transaction at a time.
pub fn lock(tx: &mut WriteTx<'_>) -> Result<(), Error> {
    if tx.dialect() == Dialect::Postgres {
        tx.execute(Statement::new("SELECT pg_advisory_xact_lock(1)"))?;
    }
    Ok(())
}

fn sqlite() -> Database {
    let directory = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(directory.path().join("docket.db"));
    Database { db: open(url), directory, _dropped_last: None }
}

fn postgres(server: String) -> Database {
    let name = format!("docket_journal_{}", hex::encode(random_bytes::<8>()));
    let mut connection = PgConnection::establish(&server).unwrap();
    connection.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
    let (place, _) = server.rsplit_once('/').unwrap();
    let url = format!("{place}/{name}").parse().unwrap();
    let cleanup = Cleanup { server, name };
    let directory = tempfile::tempdir().unwrap();
    Database { db: open(url), directory, _dropped_last: Some(cleanup) }
}

fn open(url: DatabaseUrl) -> Arc<Db> {
    migrate(&url).unwrap();
    Arc::new(Db::open(&DbOptions::new(url), Clock::System).unwrap())
}
