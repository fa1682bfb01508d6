//! Journal entries as events.

use serde::Serialize;
use serde_json::value::RawValue;
use tracing::instrument;
use utoipa::ToSchema;

use crate::audit::{self, Filter, JournalEntry};
use crate::db::Conn;
use crate::error::Error;
use crate::kernel::Timestamp;

/// Something that happened.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Event {
    /// Its number in the gap-free sequence.
    pub seq: i64,
    /// Its identifier.
    pub id: String,
    /// What happened: `order.placed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The version of the shape of `data`.
    pub version: i64,
    /// What it happened to: `order:…`.
    pub subject: String,
    /// How that is now.
    #[schema(value_type = Object)]
    pub data: Box<RawValue>,
    /// The trace in which it happened.
    pub trace_id: Option<String>,
    /// The request in which it happened.
    pub request_id: Option<String>,
    /// When it happened.
    pub created_at: Timestamp,
}

/// Events numbered after `after`, oldest first, at most `limit`.
///
/// # Errors
/// What the database refuses.
#[instrument(name = "events.read", skip_all, fields(app.module = "events"))]
pub fn read_after(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<Event>, Error> {
    let entries = audit::read_after(conn, &Filter::default(), after, limit)?;
    entries.into_iter().map(Event::try_from).collect()
}

impl TryFrom<JournalEntry> for Event {
    type Error = Error;

    fn try_from(entry: JournalEntry) -> Result<Self, Error> {
        Ok(Self {
            seq: entry.seq,
            id: entry.id,
            kind: entry.kind,
            version: entry.version,
            subject: entry.subject,
            data: entry.after.map_or_else(nothing, Ok)?,
            trace_id: entry.trace_id,
            request_id: entry.request_id,
            created_at: entry.created_at,
        })
    }
}

fn nothing() -> Result<Box<RawValue>, Error> {
    RawValue::from_string("{}".into())
        .map_err(|failure| Error::internal("writing an event", failure))
}
