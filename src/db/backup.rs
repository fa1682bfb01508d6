//! Copies of a SQLite database: taken beside running writers, checked, and put back.
//!
//! A copy is never made of the file's bytes while it is in use: `VACUUM INTO` reads one snapshot.
//! Files appear under their final names complete and durable, or not at all.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{Connection, QueryableByName, SqliteConnection};

use super::connection::{Purpose, establish};
use super::migrate::{lock_file, refuse_newer};
use super::{Conn, DatabaseUrl, MigrationError, Statement};
use crate::error::Error;

/// Why a copy was not made or not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is nothing to read.
    #[error("there is no file {0}")]
    Missing(PathBuf),
    /// The file to make is there already.
    #[error("{0} exists: name a new file, or remove it first")]
    Exists(PathBuf),
    /// There is a database where one is to be restored.
    #[error("there is a database at {0}: add --force to replace it")]
    Occupied(PathBuf),
    /// Another process has the database open.
    #[error("{0} is in use: stop the server first")]
    InUse(PathBuf),
    /// A database file without the changes that belong to it.
    #[error(
        "{0} was copied from under a running server and needs its -wal file: use a file that \
         `docket backup` made"
    )]
    Torn(PathBuf),
    /// Not a SQLite database, not one of docket, or one with faults.
    #[error("{path} is not a sound docket database: {finding}")]
    Unsound {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        finding: String,
    },
    /// A file could not be written, moved or removed.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The copy comes from a newer version, or the database refuses.
    #[error(transparent)]
    Database(#[from] MigrationError),
}

impl From<Error> for BackupError {
    fn from(error: Error) -> Self {
        Self::Database(error.into())
    }
}

/// Names the file that an operation failed on.
trait At<T> {
    fn at(self, path: &Path) -> Result<T, BackupError>;
}

impl<T> At<T> for io::Result<T> {
    fn at(self, path: &Path) -> Result<T, BackupError> {
        self.map_err(|source| BackupError::File { path: path.to_owned(), source })
    }
}

/// Copies the database to the new file `to`, beside whoever uses it; answers its size in bytes.
///
/// # Errors
/// [`BackupError`]; then there is no file `to`.
pub fn backup(database: &Path, to: &Path) -> Result<u64, BackupError> {
    if !database.exists() {
        return Err(BackupError::Missing(database.to_owned()));
    }
    if to.exists() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let partial = with_suffix(to, ".partial");
    let file = File::create_new(&partial).at(&partial)?;
    let done = copy_into(database, &partial, &file).and_then(|()| publish(&partial, to));
    if done.is_err() {
        let _ = fs::remove_file(&partial);
    }
    done?;
    Ok(file.metadata().at(to)?.len())
}

fn copy_into(database: &Path, partial: &Path, file: &File) -> Result<(), BackupError> {
    // What may read the database may read its copy, and nobody else.
    file.set_permissions(fs::metadata(database).at(database)?.permissions()).at(partial)?;
    let mut conn = establish(&DatabaseUrl::Sqlite(database.to_owned()), Purpose::Writing)?;
    let copy = Statement::new("VACUUM INTO ?").bind(partial.to_string_lossy().into_owned());
    copy.execute(&mut conn)?;
    inspect(partial)
}

/// Puts a checked copy of `from` in the place of the database; with `replace` also when there is
/// one.
///
/// # Errors
/// [`BackupError`]; then the database is as it was.
pub fn restore(from: &Path, database: &Path, replace: bool) -> Result<(), BackupError> {
    if !from.exists() {
        return Err(BackupError::Missing(from.to_owned()));
    }
    if has_content(&with_suffix(from, "-wal")) {
        return Err(BackupError::Torn(from.to_owned()));
    }
    if has_content(database) && !replace {
        return Err(BackupError::Occupied(database.to_owned()));
    }
    if let Some(directory) = directory_of(database) {
        fs::create_dir_all(directory).at(directory)?;
    }
    // A server that starts now waits here before it opens the database.
    let _lock = lock_file(database)?;
    if has_content(database) {
        refuse_in_use(database)?;
    }
    let partial = with_suffix(database, ".restoring");
    fs::copy(from, &partial).at(&partial)?;
    let done = inspect(&partial).and_then(|()| replace_with(&partial, database));
    if done.is_err() {
        let _ = fs::remove_file(&partial);
    }
    done
}

/// The changes in an old `-wal` file must not be applied to the new database.
fn replace_with(partial: &Path, database: &Path) -> Result<(), BackupError> {
    for suffix in ["-wal", "-shm"] {
        let left = with_suffix(database, suffix);
        match fs::remove_file(&left) {
            Err(failure) if failure.kind() != io::ErrorKind::NotFound => {
                return Err(failure).at(&left);
            }
            _ => {}
        }
    }
    publish(partial, database)
}

/// Leaving WAL takes the whole database for itself, which fails while anyone has it open. One that
/// is too damaged to be opened at all may be replaced.
fn refuse_in_use(database: &Path) -> Result<(), BackupError> {
    let Ok(mut sqlite) = SqliteConnection::establish(&database.to_string_lossy()) else {
        return Ok(());
    };
    let left = sqlite.batch_execute("PRAGMA busy_timeout = 500; PRAGMA journal_mode = DELETE;");
    match left.map_err(Error::from) {
        Err(Error::Contention(_)) => Err(BackupError::InUse(database.to_owned())),
        _ => Ok(()),
    }
}

#[derive(QueryableByName)]
struct Finding {
    #[diesel(sql_type = Text)]
    finding: String,
}

/// The file is a whole database of docket that this version can use.
fn inspect(path: &Path) -> Result<(), BackupError> {
    let unsound = |finding: String| BackupError::Unsound { path: path.to_owned(), finding };
    let sqlite = SqliteConnection::establish(&path.to_string_lossy())
        .map_err(|failure| unsound(failure.to_string()))?;
    let mut conn = Conn::Sqlite(sqlite);
    let mut ask = |question: &str| {
        let found: Result<Vec<Finding>, Error> = Statement::new(question).load(&mut conn);
        found.map_err(|failure| unsound(failure.to_string()))
    };
    let faults = ask("SELECT integrity_check AS finding FROM pragma_integrity_check")?;
    if let Some(fault) = faults.into_iter().find(|fault| fault.finding != "ok") {
        return Err(unsound(fault.finding));
    }
    if ask("SELECT migration AS finding FROM schema_writers")?.is_empty() {
        return Err(unsound("it was never migrated".into()));
    }
    Ok(refuse_newer(&mut conn)?)
}

/// Makes the file durable under its final name.
fn publish(partial: &Path, path: &Path) -> Result<(), BackupError> {
    File::options().write(true).open(partial).and_then(|file| file.sync_all()).at(partial)?;
    fs::rename(partial, path).at(path)?;
    let directory = directory_of(path).unwrap_or(Path::new("."));
    File::open(directory).and_then(|directory| directory.sync_all()).at(directory)
}

fn directory_of(path: &Path) -> Option<&Path> {
    path.parent().filter(|directory| !directory.as_os_str().is_empty())
}

fn has_content(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|file| file.len() > 0)
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

impl DatabaseUrl {
    /// The address with its user but never with its password, for other tools.
    #[must_use]
    pub fn without_password(&self) -> String {
        let Self::Postgres(url) = self else { return self.to_string() };
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        let (user, place) = rest.rsplit_once('@').unwrap_or(("", rest));
        let user = user.split(':').next().filter(|user| !user.is_empty());
        let user = user.map(|user| format!("{user}@")).unwrap_or_default();
        let (place, options) = place.split_once('?').unwrap_or((place, ""));
        let open = |option: &&str| !option.is_empty() && !option.starts_with("password=");
        let options: Vec<&str> = options.split('&').filter(open).collect();
        let mark = if options.is_empty() { "" } else { "?" };
        format!("postgres://{user}{place}{mark}{}", options.join("&"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_for_other_tools_has_all_but_the_password() {
        for (url, shown) in [
            (
                "postgres://shop:hidden@db/docket?sslmode=require",
                "postgres://shop@db/docket?sslmode=require",
            ),
            ("postgres://shop:hid?den@db/docket", "postgres://shop@db/docket"),
            ("postgresql://db:5432/docket", "postgres://db:5432/docket"),
            ("postgres:///docket?host=/run/pg&password=hidden", "postgres:///docket?host=/run/pg"),
        ] {
            assert_eq!(url.parse::<DatabaseUrl>().unwrap().without_password(), shown);
        }
    }
}
