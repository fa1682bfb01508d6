//! From any id to everything: the order, its traces, its log lines, its journal entries.
//!
//! Invariants: what is shown was redacted when it was written; what is no longer there (a trace
//! that was not kept, a log file that was pruned) is said to be missing, never passed over in
//! silence; a look-up is bounded in entries, lines and bytes. Reads what the other rooms own; has
//! no tables of its own.

mod gather;
mod http;
mod line;
mod log_filter;
mod named;
mod view;
mod waterfall;

pub use gather::Insight;
pub use http::routes;
pub use line::LogLine;
pub use log_filter::{FilterInForce, LogFilter, WantedFilter};
pub use named::IdKind;
pub use view::TelemetryView;
pub use waterfall::{Lane, Part, Row, Waterfall};
