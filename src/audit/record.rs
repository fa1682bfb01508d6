//! Writing entries.

use tracing::instrument;

use super::entry::Entry;
use super::store;
use crate::db::{Dialect, WriteTx};
use crate::error::Error;
use crate::kernel::EntryId;

/// Writes one entry.
///
/// # Errors
/// What the database refuses; the change must then not be kept either.
pub fn record(tx: &mut WriteTx<'_>, entry: Entry) -> Result<(), Error> {
    record_all(tx, vec![entry])
}

/// Writes several entries of one change, in this order.
///
/// # Errors
/// What the database refuses; the change must then not be kept either.
#[instrument(
    name = "audit.record",
    skip_all,
    fields(app.module = "audit", entries = entries.len().cast_signed())
)]
pub fn record_all(tx: &mut WriteTx<'_>, entries: Vec<Entry>) -> Result<(), Error> {
    if entries.is_empty() {
        return Ok(());
    }
    let ids: Vec<EntryId> = entries.iter().map(|_| EntryId::generate()).collect();
    store::insert_entries(tx, &ids, entries)?;
    match tx.dialect() {
        // One writer: the number given inside the transaction is given for good.
        Dialect::Sqlite => store::number_now(tx, &ids),
        // Many writers: the sequencer numbers what has been committed.
        Dialect::Postgres => store::number_later(tx, &ids),
    }
}
