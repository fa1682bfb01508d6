//! Embedded migrations: run under a lock, refused when the database is newer than the binary.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use diesel::QueryableByName;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::{Purpose, establish};
use super::{Conn, DatabaseUrl, Statement};
use crate::error::Error;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

const TRY_EVERY: Duration = Duration::from_millis(50);

/// Any number that no other program is likely to lock in the same PostgreSQL database.
const POSTGRES_LOCK: i64 = 0x646f_636b_6574;

/// Why the database could not be brought to this binary's schema.
#[derive(Debug, thiserror::Error)]
pub enum MigrationError {
    /// A newer binary was here before.
    #[error(
        "this database has the schema of docket {needed}, and this is docket {this}: \
         start docket {needed} or newer, or restore a backup that this one made"
    )]
    Newer {
        /// The binary that is needed.
        needed: String,
        /// The binary that runs.
        this: &'static str,
    },
    /// The database is out of reach or refuses.
    #[error(transparent)]
    Database(#[from] Error),
}

/// Brings the database to this binary's schema; answers how many migrations ran.
///
/// # Errors
/// [`MigrationError::Newer`] when a newer binary migrated it before.
pub fn migrate(url: &DatabaseUrl) -> Result<usize, MigrationError> {
    if let DatabaseUrl::Sqlite(path) = url
        && let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty())
    {
        std::fs::create_dir_all(directory)
            .map_err(|failure| Error::internal("creating the data directory", failure))?;
    }
    let mut conn = establish(url, Purpose::Writing)?;
    let _lock = lock(url, &mut conn)?;
    refuse_newer(&mut conn)?;
    let ran = match &conn {
        Conn::Sqlite(_) => {
            // A step may sort all of a long history for an index.
            Statement::new("PRAGMA temp_store = FILE").execute(&mut conn)?;
            run(&mut conn, SQLITE)?
        }
        Conn::Postgres(_) => run(&mut conn, POSTGRES)?,
    };
    if ran > 0 {
        sign(&mut conn)?;
    }
    Ok(ran)
}

/// Two starting processes must not migrate at once. Both locks end with the connection or file.
fn lock(url: &DatabaseUrl, conn: &mut Conn) -> Result<Option<File>, Error> {
    match url {
        DatabaseUrl::Sqlite(path) => lock_file(path).map(Some),
        DatabaseUrl::Postgres(_) => {
            Statement::new("SET lock_timeout = 0").execute(conn)?;
            Statement::new("SET statement_timeout = 0").execute(conn)?;
            while !try_lock(conn)? {
                std::thread::sleep(TRY_EVERY);
            }
            Ok(None)
        }
    }
}

#[derive(QueryableByName)]
struct Try {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    held: i64,
}

/// Tried again and again, not waited for: a step that makes an index CONCURRENTLY waits for every
/// statement that is running, and one that waits for this lock would wait for the step.
fn try_lock(conn: &mut Conn) -> Result<bool, Error> {
    let statement = Statement::new(format!(
        "SELECT CAST(CASE WHEN pg_try_advisory_lock({POSTGRES_LOCK}) THEN 1 ELSE 0 END AS BIGINT) \
         AS held"
    ));
    Ok(statement.first::<Try>(conn)?.is_some_and(|tried| tried.held == 1))
}

/// Waits until no other process migrates or restores this SQLite database.
pub(super) fn lock_file(database: &Path) -> Result<File, Error> {
    let failed = |failure| Error::internal("locking the database for migration", failure);
    let file = File::create(database.with_extension("migration-lock")).map_err(failed)?;
    file.lock().map_err(failed)?;
    Ok(file)
}

fn run(conn: &mut Conn, migrations: EmbeddedMigrations) -> Result<usize, Error> {
    let ran = conn
        .run_pending_migrations(migrations)
        .map_err(|failure| Error::internal("migrating the database", failure))?;
    Ok(ran.len())
}

#[derive(QueryableByName)]
struct Writer {
    #[diesel(sql_type = diesel::sql_types::Text)]
    version: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    migration: String,
}

/// The database's newest migration must be one that this binary knows.
pub(super) fn refuse_newer(conn: &mut Conn) -> Result<(), MigrationError> {
    let pending = match &conn {
        Conn::Sqlite(_) => conn.pending_migrations(SQLITE).is_ok(),
        Conn::Postgres(_) => conn.pending_migrations(POSTGRES).is_ok(),
    };
    let fresh = conn.applied_migrations().is_ok_and(|applied| applied.is_empty());
    if fresh || !pending {
        return Ok(());
    }
    let writers: Vec<Writer> =
        Statement::new("SELECT version, migration FROM schema_writers ORDER BY migration DESC")
            .load(conn)?;
    match writers.into_iter().next() {
        Some(newest) if newest.migration.as_str() > newest_known(conn).as_str() => {
            Err(MigrationError::Newer { needed: newest.version, this: env!("CARGO_PKG_VERSION") })
        }
        _ => Ok(()),
    }
}

fn newest_known(conn: &Conn) -> String {
    use diesel::migration::{Migration, MigrationSource};
    let mut names: Vec<String> = match conn {
        Conn::Sqlite(_) => MigrationSource::<diesel::sqlite::Sqlite>::migrations(&SQLITE)
            .map(|all| all.iter().map(|one| one.name().version().to_string()).collect()),
        Conn::Postgres(_) => MigrationSource::<diesel::pg::Pg>::migrations(&POSTGRES)
            .map(|all| all.iter().map(|one| one.name().version().to_string()).collect()),
    }
    .unwrap_or_default();
    names.sort();
    names.pop().unwrap_or_default()
}

/// Leaves word which binary brought the schema here.
fn sign(conn: &mut Conn) -> Result<(), Error> {
    let migration = newest_known(conn);
    Statement::new(
        "INSERT INTO schema_writers (migration, version) VALUES (?, ?) ON CONFLICT DO NOTHING",
    )
    .bind(migration)
    .bind(env!("CARGO_PKG_VERSION"))
    .execute(conn)?;
    Ok(())
}
