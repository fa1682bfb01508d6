//! Queries on the journal's tables.

use diesel::dsl::max;
use diesel::prelude::*;

use super::entry::Entry;
use super::read::Filter;
use super::schema::{journal_entries, journal_seals, journal_sequence, journal_unsequenced};
use crate::db::{Conn, Dialect, Statement, Value, WriteTx};
use crate::error::Error;
use crate::kernel::{EntryId, Timestamp};

/// An entry exactly as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub(super) struct StoredEntry {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) version: i64,
    pub(super) subject: String,
    pub(super) actor: String,
    pub(super) outcome: String,
    pub(super) before: Option<String>,
    pub(super) after: Option<String>,
    pub(super) request_id: Option<String>,
    pub(super) trace_id: Option<String>,
    pub(super) created_at: i64,
}

/// A number with the entry it was given to; no entry when it is gone.
#[derive(Debug, Queryable)]
pub(super) struct Numbered {
    pub(super) seq: i64,
    pub(super) entry_id: String,
    pub(super) entry: Option<StoredEntry>,
}

/// A seal exactly as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = journal_seals)]
pub(super) struct StoredSeal {
    pub(super) number: i64,
    pub(super) first_seq: i64,
    pub(super) last_seq: i64,
    pub(super) root: String,
    pub(super) chain: String,
    pub(super) key_id: String,
    pub(super) public_key: String,
    pub(super) signature: String,
    pub(super) sealed_at: i64,
}

// Writing --------------------------------------------------------------------------------------

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

/// Gives the oldest waiting entries the numbers after the greatest; answers how many. For
/// PostgreSQL: SQLite cannot delete inside a query.
pub(super) fn number_waiting(tx: &mut WriteTx<'_>, limit: i64) -> Result<usize, Error> {
    tx.execute(
        Statement::new(
            "WITH taken AS (DELETE FROM journal_unsequenced WHERE position IN \
             (SELECT position FROM journal_unsequenced ORDER BY position LIMIT ?) \
             RETURNING position, entry_id) \
             INSERT INTO journal_sequence (seq, entry_id) \
             SELECT (SELECT COALESCE(MAX(seq), 0) FROM journal_sequence) \
             + ROW_NUMBER() OVER (ORDER BY position), entry_id FROM taken",
        )
        .bind(limit),
    )
}

pub(super) fn insert_seal(tx: &mut WriteTx<'_>, seal: StoredSeal) -> Result<(), Error> {
    diesel::insert_into(journal_seals::table).values(seal).execute(tx.conn())?;
    Ok(())
}

// Reading entries ------------------------------------------------------------------------------

/// Numbers from `from` up, in order, with their entries.
pub(super) fn numbered_from(
    conn: &mut Conn,
    from: i64,
    limit: i64,
) -> Result<Vec<Numbered>, Error> {
    let rows = journal_sequence::table
        .left_join(journal_entries::table)
        .filter(journal_sequence::seq.ge(from))
        .order(journal_sequence::seq)
        .limit(limit)
        .select((
            journal_sequence::seq,
            journal_sequence::entry_id,
            journal_entries::all_columns.nullable(),
        ))
        .load(conn);
    Ok(rows?)
}

/// Which end of the journal a page goes on from.
#[derive(Debug, Clone, Copy)]
pub(super) enum From {
    /// After this number, in order.
    After(i64),
    /// Before this number, newest first.
    Before(i64),
}

/// Entries that the filter lets through, from there on.
pub(super) fn filtered(
    conn: &mut Conn,
    filter: &Filter,
    from: From,
    limit: i64,
) -> Result<Vec<(i64, StoredEntry)>, Error> {
    let query = journal_sequence::table
        .inner_join(journal_entries::table)
        .limit(limit)
        .select((journal_sequence::seq, journal_entries::all_columns))
        .into_boxed();
    let seq = journal_sequence::seq;
    let mut query = match from {
        From::After(number) => query.filter(seq.gt(number)).order(seq.asc()),
        From::Before(number) => query.filter(seq.lt(number)).order(seq.desc()),
    };
    if let Some(subject) = &filter.subject {
        query = query.filter(journal_entries::subject.eq(subject));
    }
    if let Some(actor) = &filter.actor {
        query = match did_much(conn, actor)? {
            true => query.filter(journal_entries::actor.concat("").eq(actor)),
            false => query.filter(journal_entries::actor.eq(actor)),
        };
    }
    Ok(query.load(conn)?)
}

/// Entries of one actor that may be sorted for a page.
const SORTED_MAX: i64 = 50_000;

/// Whether SQLite should rather walk through the sequence than sort all that this actor did: it
/// keeps no counts that would tell it so. PostgreSQL does.
fn did_much(conn: &mut Conn, actor: &str) -> Result<bool, Error> {
    if conn.dialect() == Dialect::Postgres {
        return Ok(false);
    }
    let one_more = journal_entries::table
        .filter(journal_entries::actor.eq(actor))
        .order(journal_entries::id)
        .offset(SORTED_MAX)
        .select(journal_entries::id);
    Ok(one_more.first::<String>(conn).optional()?.is_some())
}

/// One of these words is what is asked for.
pub(super) enum Trait<'a> {
    Id(String),
    Subjects(&'a [String]),
    Trace(&'a str),
    Request(&'a str),
}

/// Numbered entries that have the trait, between two identifiers, oldest first.
pub(super) fn entries_with(
    conn: &mut Conn,
    wanted: &Trait<'_>,
    ids: (Option<String>, Option<String>),
    limit: i64,
) -> Result<Vec<(i64, StoredEntry)>, Error> {
    let mut query = journal_entries::table
        .inner_join(journal_sequence::table)
        .order(journal_entries::id)
        .limit(limit)
        .select((journal_sequence::seq, journal_entries::all_columns))
        .into_boxed();
    query = match wanted {
        Trait::Id(id) => query.filter(journal_entries::id.eq(id)),
        Trait::Subjects(subjects) => query.filter(journal_entries::subject.eq_any(*subjects)),
        Trait::Trace(id) => query.filter(journal_entries::trace_id.eq(*id)),
        Trait::Request(id) => query.filter(journal_entries::request_id.eq(*id)),
    };
    if let Some(from) = ids.0 {
        query = query.filter(journal_entries::id.ge(from));
    }
    if let Some(before) = ids.1 {
        query = query.filter(journal_entries::id.lt(before));
    }
    Ok(query.load(conn)?)
}

/// The identifier before which there are all but the newest `count` entries.
pub(super) fn newest(conn: &mut Conn, count: i64) -> Result<Option<String>, Error> {
    let found = journal_entries::table
        .order(journal_entries::id.desc())
        .offset(count)
        .select(journal_entries::id)
        .first(conn);
    Ok(found.optional()?)
}

/// Whether there is such an entry, and its number when it has one.
pub(super) fn number_of(conn: &mut Conn, id: &str) -> Result<Option<Option<i64>>, Error> {
    let found = journal_entries::table
        .left_join(journal_sequence::table)
        .filter(journal_entries::id.eq(id))
        .select(journal_sequence::seq.nullable())
        .get_result(conn);
    Ok(found.optional()?)
}

/// How far the journal and its seals are.
pub(super) struct Progress {
    pub(super) sequence: i64,
    pub(super) sealed: i64,
    /// When the oldest entry without a seal was written, numbered or not.
    pub(super) oldest_unsealed: Option<Timestamp>,
}

pub(super) fn progress(conn: &mut Conn) -> Result<Progress, Error> {
    let greatest = journal_sequence::table.select(max(journal_sequence::seq));
    let sequence = greatest.first::<Option<i64>>(conn)?.unwrap_or(0);
    let sealed = last_seal(conn)?.map_or(0, |seal| seal.last_seq);
    let numbered = journal_sequence::table
        .inner_join(journal_entries::table)
        .filter(journal_sequence::seq.gt(sealed))
        .order(journal_sequence::seq)
        .select(journal_entries::created_at);
    let oldest = match numbered.first(conn).optional()? {
        None => oldest_waiting(conn)?,
        numbered => numbered,
    };
    Ok(Progress { sequence, sealed, oldest_unsealed: oldest.map(Timestamp::from_micros) })
}

fn oldest_waiting(conn: &mut Conn) -> Result<Option<i64>, Error> {
    let waiting = journal_unsequenced::table
        .inner_join(
            journal_entries::table.on(journal_unsequenced::entry_id.eq(journal_entries::id)),
        )
        .order(journal_unsequenced::position)
        .select(journal_entries::created_at);
    Ok(waiting.first(conn).optional()?)
}

/// How many committed entries wait for their number.
pub(super) fn waiting(conn: &mut Conn) -> Result<i64, Error> {
    Ok(journal_unsequenced::table.count().get_result(conn)?)
}

/// Entries that have no number and are not about to get one.
pub(super) fn unnumbered(conn: &mut Conn, limit: i64) -> Result<Vec<String>, Error> {
    let numbered = journal_sequence::table
        .filter(journal_sequence::entry_id.eq(journal_entries::id))
        .select(journal_sequence::seq);
    let waiting = journal_unsequenced::table
        .filter(journal_unsequenced::entry_id.eq(journal_entries::id))
        .select(journal_unsequenced::entry_id);
    let without = journal_entries::table
        .filter(diesel::dsl::not(diesel::dsl::exists(numbered)))
        .order(journal_entries::id)
        .limit(limit)
        .select(journal_entries::id);
    // On SQLite nothing ever waits, so that waiting excuses nothing.
    let rows = match conn.dialect() {
        Dialect::Sqlite => without.load(conn),
        Dialect::Postgres => {
            without.filter(diesel::dsl::not(diesel::dsl::exists(waiting))).load(conn)
        }
    };
    Ok(rows?)
}

// Reading seals --------------------------------------------------------------------------------

/// Seals from `number` up, in order.
pub(super) fn seals_from(
    conn: &mut Conn,
    number: i64,
    limit: i64,
) -> Result<Vec<StoredSeal>, Error> {
    let rows = journal_seals::table
        .filter(journal_seals::number.ge(number))
        .order(journal_seals::number)
        .limit(limit)
        .load(conn);
    Ok(rows?)
}

pub(super) fn last_seal(conn: &mut Conn) -> Result<Option<StoredSeal>, Error> {
    Ok(journal_seals::table.order(journal_seals::number.desc()).first(conn).optional()?)
}

/// The seal whose range has the number `seq`.
pub(super) fn seal_over(conn: &mut Conn, seq: i64) -> Result<Option<StoredSeal>, Error> {
    let found = journal_seals::table
        .filter(journal_seals::last_seq.ge(seq))
        .order(journal_seals::last_seq)
        .first(conn);
    Ok(found.optional()?)
}
