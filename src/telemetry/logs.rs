//! Log lines: JSON to a file, readable lines to a terminal.

use std::io::IsTerminal;
use std::path::PathBuf;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use super::trace;

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
pub struct LogGuard(#[expect(dead_code, reason = "held for its drop")] Option<WorkerGuard>);

/// Starts logging for the process; only the first call of a process has an effect.
///
/// # Errors
/// When the filter does not parse or the log directory cannot be written.
pub fn start(options: &LogOptions) -> Result<LogGuard, Box<dyn std::error::Error + Send + Sync>> {
    let filter = || EnvFilter::try_new(&options.filter);
    let (file_layer, guard) = match &options.directory {
        Some(directory) => {
            std::fs::create_dir_all(directory)?;
            let file = std::fs::File::options()
                .create(true)
                .append(true)
                .open(directory.join("docket.log"))?;
            let (writer, guard) = tracing_appender::non_blocking(file);
            let layer = fmt::layer().json().with_writer(writer).with_filter(filter()?);
            (Some(layer), Some(guard))
        }
        None => (None, None),
    };
    let terminal_layer = options.terminal.then_some(
        fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false)
            .with_filter(filter()?),
    );
    let spans = tracing_opentelemetry::layer()
        .with_tracer(trace::tracer())
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        .with_filter(tracing_subscriber::filter::filter_fn(|metadata| {
            metadata.is_span() && metadata.target().starts_with("docket")
        }));
    // A second server in one process (tests) keeps the first one's subscriber.
    let _ =
        tracing_subscriber::registry().with(spans).with(file_layer).with(terminal_layer).try_init();
    Ok(LogGuard(guard))
}
