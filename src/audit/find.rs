//! Finding entries by what they have in common with a trace, a request or a thing.
//!
//! No index is kept over traces and requests: an identifier that docket made tells when, and
//! entries sort by when they were made. For identifiers of others the newest entries are looked
//! through.

use std::time::Duration;

use super::read::JournalEntry;
use super::store::{self, StoredEntry, Trait};
use crate::db::Conn;
use crate::error::Error;
use crate::kernel::{EntryId, Timestamp};

/// How long a request or a job's round may take at most, and clocks of copies may differ.
const LONGEST: Duration = Duration::from_secs(900);
const SOON: Duration = Duration::from_secs(60);
const SKEW: Duration = Duration::from_secs(5);
/// Entries that are looked through for an identifier that tells no time.
const NEWEST: i64 = 100_000;

/// The entry, once it has its number.
///
/// # Errors
/// What the database refuses.
pub fn entry(conn: &mut Conn, id: EntryId) -> Result<Option<JournalEntry>, Error> {
    let found = store::entries_with(conn, &Trait::Id(id.to_string()), (None, None), 1)?;
    Ok(read(found)?.pop())
}

/// The first `limit` entries about these subjects (`order:…`, `payment:…`), oldest first.
///
/// # Errors
/// What the database refuses.
pub fn about(conn: &mut Conn, subjects: &[String], limit: i64) -> Result<Vec<JournalEntry>, Error> {
    read(store::entries_with(conn, &Trait::Subjects(subjects), (None, None), limit)?)
}

/// The first `limit` entries that were written in this trace, which began at `began`, if that is
/// known.
///
/// # Errors
/// What the database refuses.
pub fn in_trace(
    conn: &mut Conn,
    trace_id: &str,
    began: Option<Timestamp>,
    limit: i64,
) -> Result<Vec<JournalEntry>, Error> {
    search(conn, &Trait::Trace(trace_id), began, limit)
}

/// The first `limit` entries that were written in this request, which began at `began`, if that is
/// known.
///
/// # Errors
/// What the database refuses.
pub fn in_request(
    conn: &mut Conn,
    request_id: &str,
    began: Option<Timestamp>,
    limit: i64,
) -> Result<Vec<JournalEntry>, Error> {
    search(conn, &Trait::Request(request_id), began, limit)
}

/// Nearly everything is written within a minute; only when nothing was, the rest is looked through.
fn search(
    conn: &mut Conn,
    wanted: &Trait<'_>,
    began: Option<Timestamp>,
    limit: i64,
) -> Result<Vec<JournalEntry>, Error> {
    let first_at = |time| Some(EntryId::first_at(time).to_string());
    let windows = match began {
        Some(began) => {
            let (from, soon) = (first_at(began.before(SKEW)), first_at(began.after(SOON)));
            vec![(from, soon.clone()), (soon, first_at(began.after(LONGEST)))]
        }
        None => vec![(store::newest(conn, NEWEST)?, None)],
    };
    for window in windows {
        let found = store::entries_with(conn, wanted, window, limit)?;
        if !found.is_empty() {
            return read(found);
        }
    }
    Ok(Vec::new())
}

fn read(rows: Vec<(i64, StoredEntry)>) -> Result<Vec<JournalEntry>, Error> {
    rows.into_iter().map(|(seq, entry)| JournalEntry::from_stored(seq, entry)).collect()
}
