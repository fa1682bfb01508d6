//! What the process tells about itself: spans, log lines, metrics.
//!
//! Business code speaks `tracing` only. This room turns its spans into traces (the ids that every
//! answer and journal entry carries) and its events into log lines, and owns the metrics registry.

mod account;
mod anomaly;
mod context;
mod health;
mod logs;
pub mod metrics;
mod propagation;
mod ratio;
mod redact;
mod resource;
mod sinks;
mod sources;
mod start;
mod traces;
mod watch;

pub use account::{Account, about_order, about_payment, came_out, made_by};
pub use anomaly::score_anomalies;
pub use context::current_span;
pub use health::{ExporterHealth, LogHealth, TelemetryHealth, TracesHealth, health};
pub use logs::{
    FilterError, Found as FoundLines, LINE_KEYS, LevelSwitch, LogScan, LogSearch, ScanReport,
    TailFilter, TailLine, Tailed, last_lines, lines_after, scan_logs, search_logs,
};
pub use propagation::{InboundHeaders, begin_request, link, outbound_headers, traced};
pub use redact::scrub;
pub use sinks::{SinkHealth, sinks};
pub use start::{TelemetryGuard, line_layer, start, start_for_command};
pub use traces::{
    Keep, ModuleCalls, ModuleMap, RecentTraces, SpanLink, SpanView, TraceBrief, TraceFilter,
    TraceMissing, TraceView, export_trace, find_trace, idle_trace, keep_trace, module_calls,
    new_trace_id, open_trace, recent_traces, trace_began, why_missing,
};
pub use watch::watch_machine;
