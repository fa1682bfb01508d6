//! SQLite's write-ahead log after a sync that failed.
//!
//! Linux counts pages that a sync failed to write as written: reading finds them in memory, and no
//! later sync writes them. A process that started then would take such changes from the log for
//! committed and commit others behind them, and a power cut would end the log before them all.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::connection::{Purpose, establish};
use super::{DatabaseUrl, Statement};
use crate::error::Error;

/// How much is written at once.
const CHUNK: usize = 1 << 20;

/// Writes what the log holds over itself, and syncs it: from then on what can be read from it is
/// durable. For the start of a server, before anything else is written.
///
/// # Errors
/// [`Error::Internal`] when the disk still fails, [`Error::Contention`] when another process keeps
/// the database locked.
pub fn rewrite_log(url: &DatabaseUrl) -> Result<(), Error> {
    let DatabaseUrl::Sqlite(database) = url else { return Ok(()) };
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    // A server that stopped in order left none.
    let Ok(log) = File::options().read(true).write(true).open(&name) else { return Ok(()) };
    let mut conn = establish(url, Purpose::Writing)?;
    // Keeps other writers from it.
    Statement::new("BEGIN IMMEDIATE").execute(&mut conn)?;
    let written = write_over(&log);
    Statement::new("ROLLBACK").execute(&mut conn)?;
    written.map_err(|failure| Error::internal("making the write-ahead log durable", failure))
}

fn write_over(log: &File) -> std::io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    let mut at = 0;
    loop {
        let read = log.read_at(&mut chunk, at)?;
        if read == 0 {
            return log.sync_all();
        }
        log.write_all_at(&chunk[..read], at)?;
        at += read as u64;
    }
}
