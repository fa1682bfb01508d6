//! The sequencer: numbers what has been committed.
//!
//! On PostgreSQL transactions commit in no particular order, so a number taken inside one could
//! become visible after a greater one, or never. Entries are therefore numbered after their
//! commit, by one process at a time. On SQLite the one writer numbers as it writes.

use tracing::instrument;

use super::store;
use crate::db::{Dialect, WriteTx};
use crate::error::Error;

/// Gives up to `limit` committed entries their numbers, oldest first and without a gap; answers how
/// many.
///
/// The caller holds the row lock of the sequencer's lease in this very transaction: two sequencers
/// at once would want the same numbers.
///
/// # Errors
/// What the database refuses.
#[instrument(name = "audit.number", skip_all, fields(app.module = "audit"))]
pub fn number_committed(tx: &mut WriteTx<'_>, limit: i64) -> Result<usize, Error> {
    match tx.dialect() {
        Dialect::Sqlite => Ok(0),
        Dialect::Postgres => store::number_waiting(tx, limit),
    }
}
