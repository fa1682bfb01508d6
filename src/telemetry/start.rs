//! Starting all of it, and ending it so that nothing is lost on the way out.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;

use super::logs::{
    Counts, LevelSwitch, LineLayer, LineOptions, LineSink, LogFile, RollingWriter, Terminal,
    rolling, switched, tail, tell_panics,
};
use super::sinks::Sinks;
use super::traces::{LineWriter, Pipeline, Tracing};
use super::{anomaly, propagation, resource, sources, watch};
use crate::config::Config;
use crate::kernel::{Clock, Stopwatch};

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// The file of traces, beside the log.
const TRACES_FILE: &str = "traces.jsonl";
/// What commands tell on the terminal.
const COMMAND_FILTER: &str = "warn";
/// How long the end takes at most when the guard is dropped.
const END_MOST: Duration = Duration::from_secs(2);
/// The share of that time which the log keeps, also when an exporter takes all of the rest.
const LOG_MOST: Duration = Duration::from_millis(500);

/// The telemetry of this process. Lives in `main` or close to it; dropping it ends everything.
pub struct TelemetryGuard {
    tracing: Option<Tracing>,
    log: Option<LogFile>,
    switch: Arc<LevelSwitch>,
}

/// Starts the telemetry of a server; only the first call of a process has an effect on what is
/// recorded and where it goes.
///
/// # Errors
/// When the configuration cannot be followed: a filter that does not parse, a log directory that
/// cannot be written, an exporter that cannot be made. A collector that is not there is no error.
pub fn start(config: &Config) -> Result<TelemetryGuard, Failure> {
    let directory = config.data_dir.join("logs");
    let log = match config.logs.enabled {
        true => Some(LogFile::open(&directory, &config.logs, &config.telemetry.service_name)?),
        false => None,
    };
    let resource = resource::resource(&config.telemetry);
    let tracing = Tracing::start(&config.traces, &resource, traces_file(&directory, config))?;
    propagation::set_policy(&config.telemetry);
    let (filter, switch) = switched(&config.logs.filter)?;
    let options = LineOptions {
        service: config.telemetry.service_name.clone(),
        clock: Clock::System,
        sample_ratio: config.logs.sample_ratio,
    };
    let terminal = config.logs.terminal.then(Terminal::stderr);
    let lines = LineLayer::new(options, log.as_ref().map(LogFile::sink), terminal);
    let lines = lines.followed(tail());
    let line_counts = lines.counts();
    let subscriber =
        tracing_subscriber::registry().with(spans(&tracing)).with(lines.with_filter(filter));
    if subscriber.try_init().is_ok() {
        tracing.publish();
        tell_panics();
        let pipeline = Arc::clone(&tracing.pipeline);
        sources::register(
            Arc::clone(&pipeline),
            Arc::clone(&line_counts),
            log.as_ref().map(LogFile::counts),
        );
        let sinks = Sinks {
            log: log.as_ref().map(|log| Box::new(log.counts()) as _),
            terminal: config.logs.terminal,
            traces: config.traces.enabled.then_some(pipeline),
            lines: line_counts,
            line_ratio: config.logs.sample_ratio,
        };
        sinks.publish();
        watch::begin(config);
        anomaly::begin(config.data_dir.join("baselines.json"));
    }
    Ok(TelemetryGuard { tracing: Some(tracing), log, switch: Arc::new(switch) })
}

/// Starts the telemetry of a command: warnings on the terminal, and nothing else.
///
/// # Errors
/// Never, as long as the filter above parses.
pub fn start_for_command() -> Result<(), Failure> {
    let (filter, _switch) = switched(COMMAND_FILTER)?;
    let options = LineOptions { service: "docket".into(), clock: Clock::System, sample_ratio: 1.0 };
    let lines = LineLayer::new(options, None, Some(Terminal::stderr()));
    let _ = tracing_subscriber::registry().with(lines.with_filter(filter)).try_init();
    tell_panics();
    Ok(())
}

/// docket's JSON lines as a layer of their own: each finished line, with its line feed, goes to
/// `sink`, which must not wait and must not log.
pub fn line_layer<S, F>(service: &str, sink: F) -> impl Layer<S> + use<S, F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    F: Fn(&[u8]) + Send + Sync + 'static,
{
    let options =
        LineOptions { service: service.to_owned(), clock: Clock::System, sample_ratio: 1.0 };
    LineLayer::new(options, Some(Arc::new(Passed(sink))), None)
}

/// A sink that is a function.
struct Passed<F>(F);

impl<F: Fn(&[u8]) + Send + Sync> LineSink for Passed<F> {
    fn push(&self, _level: Level, line: &[u8]) {
        (self.0)(line);
    }
}

/// The layer that makes spans of spans: of docket's own only, and without what nobody reads.
pub(super) fn spans<S>(tracing: &Tracing) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    tracing_opentelemetry::layer()
        .with_tracer(tracing.tracer.clone())
        .with_location(false)
        .with_threads(false)
        .with_target(false)
        .with_tracked_inactivity(false)
        // Log lines are not span events as well: their ids lead to them.
        .with_filter(tracing_subscriber::filter::filter_fn(|metadata| {
            metadata.is_span() && metadata.target().starts_with("docket")
        }))
}

/// Opens the file of traces, rotated and kept like the log.
fn traces_file(
    directory: &Path,
    config: &Config,
) -> impl Fn() -> Result<LineWriter, Failure> + Clone + Send + use<> {
    let options = rolling(directory, TRACES_FILE, &config.logs);
    move || {
        let counts = Arc::new(Counts::default());
        Ok(Box::new(RollingWriter::open(options.clone(), Clock::System, counts)?))
    }
}

impl TelemetryGuard {
    /// Changes which lines are written.
    #[must_use]
    pub fn level_switch(&self) -> Arc<LevelSwitch> {
        Arc::clone(&self.switch)
    }

    /// Has the log file opened anew, after somebody else moved it away (SIGHUP).
    pub fn reopen_logs(&self) {
        if let Some(log) = &self.log {
            log.reopen();
            tracing::info!("the log file is opened anew");
        }
    }

    /// Ends everything within `most`: traces are exported as far as collectors take them, their
    /// accounts told, and last the log is written to its end. Blocks the thread.
    pub fn end(mut self, most: Duration) {
        self.end_within(most);
    }

    fn end_within(&mut self, most: Duration) {
        anomaly::end();
        let took = Stopwatch::start();
        if let Some(tracing) = self.tracing.take() {
            let pipeline = Arc::clone(&tracing.pipeline);
            tracing.close(most.saturating_sub(LOG_MOST));
            tell_accounts(&pipeline);
        }
        if let Some(log) = self.log.take() {
            log.drain(most.saturating_sub(took.elapsed()).max(LOG_MOST));
        }
    }
}

impl Drop for TelemetryGuard {
    fn drop(&mut self) {
        self.end_within(END_MOST);
    }
}

/// What became of every span that was to be exported.
fn tell_accounts(pipeline: &Pipeline) {
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let kept = read(&pipeline.counts.spans_kept);
    for exporter in &pipeline.exporters {
        let counts = &exporter.counts;
        tracing::info!(
            exporter = exporter.name,
            kept,
            exported = read(&counts.exported),
            failed = read(&counts.failed),
            dropped = read(&counts.dropped),
            "an exporter has ended"
        );
    }
}
