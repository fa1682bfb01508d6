//! What the process tells about itself: spans, log lines, metrics.
//!
//! Business code speaks `tracing` only. This room turns its spans into traces (the ids that every
//! answer and journal entry carries) and its events into log lines, and owns the metrics registry.

mod context;
mod logs;
pub mod metrics;
mod redact;
mod traces;

pub use context::current_trace_id;
pub use logs::{LogGuard, LogOptions, start};
