//! What the process tells about itself: spans, log lines, metrics.
//!
//! Business code speaks `tracing` only. This room turns its spans into traces (the ids that every
//! answer and journal entry carries) and its events into log lines, and owns the metrics registry.

mod logs;
pub mod metrics;
mod trace;

pub use logs::{LogGuard, LogOptions, start};
pub use trace::current_trace_id;
