//! Reading the journal by its gap-free sequence.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::store::{self, From, StoredEntry};
use crate::db::Conn;
use crate::error::Error;
use crate::kernel::Timestamp;

/// Which entries are wanted; all of them by default.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// About this subject only: `order:…`, `product:…`.
    pub subject: Option<String>,
    /// By this actor only: `key:…`, `cli`, `job:…`.
    pub actor: Option<String>,
}

/// An entry of the journal.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JournalEntry {
    /// Its number in the gap-free sequence.
    pub seq: i64,
    /// Its identifier.
    pub id: String,
    /// What happened: `order.placed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The version of the shape of `before` and `after`.
    pub version: i64,
    /// What it happened to: `order:…`.
    pub subject: String,
    /// Who did it: `key:…`, `cli`, `job:…`, `system`.
    pub actor: String,
    /// `success`, `refused` or `failed`.
    pub outcome: String,
    /// What was before, as it was stored.
    #[schema(value_type = Option<Object>)]
    pub before: Option<Box<RawValue>>,
    /// What is now, as it was stored.
    #[schema(value_type = Option<Object>)]
    pub after: Option<Box<RawValue>>,
    /// The trace in which it happened.
    pub trace_id: Option<String>,
    /// The request in which it happened.
    pub request_id: Option<String>,
    /// When it happened.
    pub created_at: Timestamp,
}

/// Entries numbered after `after` that the filter lets through, oldest first, at most `limit`.
///
/// # Errors
/// What the database refuses.
pub fn read_after(
    conn: &mut Conn,
    filter: &Filter,
    after: i64,
    limit: i64,
) -> Result<Vec<JournalEntry>, Error> {
    let rows = store::filtered(conn, filter, From::After(after), limit)?;
    rows.into_iter().map(|(seq, entry)| JournalEntry::from_stored(seq, entry)).collect()
}

/// Entries numbered before `before` that the filter lets through, newest first, at most `limit`.
///
/// # Errors
/// What the database refuses.
pub fn newest(
    conn: &mut Conn,
    filter: &Filter,
    before: Option<i64>,
    limit: i64,
) -> Result<Vec<JournalEntry>, Error> {
    let rows = store::filtered(conn, filter, From::Before(before.unwrap_or(i64::MAX)), limit)?;
    rows.into_iter().map(|(seq, entry)| JournalEntry::from_stored(seq, entry)).collect()
}

impl JournalEntry {
    pub(super) fn from_stored(seq: i64, entry: StoredEntry) -> Result<Self, Error> {
        Ok(Self {
            seq,
            id: entry.id,
            kind: entry.kind,
            version: entry.version,
            subject: entry.subject,
            actor: entry.actor,
            outcome: entry.outcome,
            before: entry.before.map(json).transpose()?,
            after: entry.after.map(json).transpose()?,
            trace_id: entry.trace_id,
            request_id: entry.request_id,
            created_at: Timestamp::from_micros(entry.created_at),
        })
    }

    /// The entry as it was stored. What passed the entry on may have added white space to its
    /// JSON, which was stored without any.
    pub(super) fn to_stored(&self) -> StoredEntry {
        let text = |json: &Option<Box<RawValue>>| json.as_ref().map(|json| compact(json.get()));
        StoredEntry {
            id: self.id.clone(),
            kind: self.kind.clone(),
            version: self.version,
            subject: self.subject.clone(),
            actor: self.actor.clone(),
            outcome: self.outcome.clone(),
            before: text(&self.before),
            after: text(&self.after),
            request_id: self.request_id.clone(),
            trace_id: self.trace_id.clone(),
            created_at: self.created_at.micros(),
        }
    }
}

/// Stored JSON, passed on byte for byte. Text that is no longer JSON was tampered with: readers
/// get it as a string, and verification finds it.
fn json(text: String) -> Result<Box<RawValue>, Error> {
    RawValue::from_string(text.clone())
        .or_else(|_| serde_json::value::to_raw_value(&text))
        .map_err(|failure| Error::internal("reading a journal entry", failure))
}

/// Removes white space outside of strings.
fn compact(json: &str) -> String {
    let (mut inside, mut escaped) = (false, false);
    let keep = |character: &char| {
        let kept = inside || !character.is_ascii_whitespace();
        inside ^= *character == '"' && !escaped;
        escaped = inside && *character == '\\' && !escaped;
        kept
    };
    json.chars().filter(keep).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_white_space_outside_of_strings_goes() {
        let spaced = "{ \"a b\" : [ 1 ,\n \"x \\\" y\" , \"\\\\\" , \" z\" ] }";
        assert_eq!(compact(spaced), r#"{"a b":[1,"x \" y","\\"," z"]}"#);
    }

    #[test]
    fn stored_json_is_passed_on_byte_for_byte() {
        let stored = r#"{"b":1.0,"a":10000000000000000000000}"#;
        assert_eq!(json(stored.into()).unwrap().get(), stored);
        assert_eq!(json("{broken".into()).unwrap().get(), r#""{broken""#);
    }
}
