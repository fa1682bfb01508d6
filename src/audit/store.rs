//! Queries on the journal's tables.

use super::entry::Entry;
use crate::db::{Statement, Value, WriteTx};
use crate::error::Error;
use crate::kernel::EntryId;

pub(super) fn insert_entries(
    tx: &mut WriteTx<'_>,
    ids: &[EntryId],
    entries: Vec<Entry>,
) -> Result<(), Error> {
    let origin = tx.origin();
    let actor = origin.actor.to_string();
    let now = tx.now().micros();
    let rows = ids.iter().zip(entries).map(|(id, entry)| -> [Value; 11] {
        [
            id.to_string().into(),
            entry.kind.into(),
            entry.version.into(),
            entry.subject.to_string().into(),
            actor.as_str().into(),
            entry.outcome.as_str().into(),
            entry.before.map(|state| state.to_string()).into(),
            entry.after.map(|state| state.to_string()).into(),
            origin.request_id.clone().into(),
            origin.trace_id.clone().into(),
            now.into(),
        ]
    });
    let columns = [
        "id",
        "type",
        "version",
        "subject",
        "actor",
        "outcome",
        "before",
        "after",
        "request_id",
        "trace_id",
        "created_at",
    ];
    tx.execute(Statement::insert("journal_entries", columns, rows))?;
    Ok(())
}

/// SQLite gives the next number by itself: one more than the greatest.
pub(super) fn number_now(tx: &mut WriteTx<'_>, ids: &[EntryId]) -> Result<(), Error> {
    let rows = ids.iter().map(|id| [id.to_string().into()]);
    tx.execute(Statement::insert("journal_sequence", ["entry_id"], rows))?;
    Ok(())
}

pub(super) fn number_later(tx: &mut WriteTx<'_>, ids: &[EntryId]) -> Result<(), Error> {
    let rows = ids.iter().map(|id| [id.to_string().into()]);
    tx.execute(Statement::insert("journal_unsequenced", ["entry_id"], rows))?;
    Ok(())
}
