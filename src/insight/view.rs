//! Everything about an id, as clients see it.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::named::IdKind;
use crate::audit::JournalEntry;
use crate::orders::OrderView;
use crate::telemetry::TraceView;

/// Everything about an id.
#[derive(Debug, Serialize, ToSchema)]
pub struct TelemetryView {
    /// The id that was asked about.
    pub id: String,
    /// What it names.
    pub kind: IdKind,
    /// The order that it is, or belongs to.
    pub order: Option<OrderView>,
    /// The traces that have to do with it, in the order of time.
    pub traces: Vec<TraceView>,
    /// Traces that had to do with it and are not here: not kept, or older than what is remembered.
    /// An exporter may have them.
    pub missing_traces: Vec<String>,
    /// Its log lines, oldest first, also those of rotated files.
    #[schema(value_type = Vec<Object>)]
    pub log_lines: Vec<Value>,
    /// Whether there were more log lines than are shown, or files that could not be read.
    pub log_lines_incomplete: bool,
    /// Log files that could not be read, or not to their end, by name.
    pub unread_log_files: Vec<String>,
    /// Its journal entries, oldest first.
    pub journal: Vec<JournalEntry>,
}
