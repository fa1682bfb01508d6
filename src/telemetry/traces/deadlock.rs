//! Whatever the SDK calls may log: a sampler, a processor and an exporter do, under the real
//! layers, on sixteen threads. Nobody may wait for a lock that its own thread holds, and a lost
//! wake-up or a circle of two locks would stand still just the same.
//!
//! In a process of its own, because only a global subscriber is as the server's: with one of a
//! thread, `tracing` lets nothing through that is logged from within the subscriber.

use std::io::{self, Write};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use opentelemetry::trace::{Link, SpanContext, SpanKind, TraceFlags, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SamplingResult, ShouldSample, Span, SpanData, SpanProcessor};
use tracing::{debug, error, info, info_span, warn};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;

use super::*;
use crate::config::Config;
use crate::kernel::Clock;
use crate::telemetry::logs::{LineLayer, LineOptions, LogFile, switched};
use crate::telemetry::start::spans;

const THREADS: usize = 16;
/// A thread that does nothing for so long waits for itself.
const STANDS_STILL: Duration = Duration::from_secs(10);

#[test]
fn nothing_that_logs_within_the_sdk_stands_still() {
    in_a_process_of_its_own("2");
}

/// `cargo test --lib nothing_that_logs_for_a_minute -- --ignored --nocapture`
#[test]
#[ignore = "takes a minute"]
fn nothing_that_logs_for_a_minute_stands_still() {
    in_a_process_of_its_own("60");
}

#[expect(clippy::print_stdout, reason = "a measurement, shown by --nocapture")]
fn in_a_process_of_its_own(seconds: &str) {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "telemetry::traces::deadlock::child", "--ignored", "--nocapture"])
        .env("DOCKET_TEST_SECONDS", seconds)
        .output()
        .unwrap();
    let told = [child.stdout, child.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(child.status.success(), "{told}");
    println!("{}", told.lines().find(|line| line.contains("rounds")).unwrap_or_default());
}

#[test]
#[ignore = "run by the tests above, in a process of its own"]
fn child() {
    let seconds = std::env::var("DOCKET_TEST_SECONDS").ok().and_then(|text| text.parse().ok());
    run_for(Duration::from_secs(seconds.unwrap_or(2)));
}

// What logs ------------------------------------------------------------------------------------

/// How often each of them logged.
static LOGGED: [AtomicU64; 4] = [const { AtomicU64::new(0) }; 4];

fn log(who: usize) {
    LOGGED[who].fetch_add(1, Relaxed);
    match who {
        0 => info!(order.id = "o-1", "the sampler samples"),
        1 => debug!("the processor sees a span begin"),
        2 => warn!("the processor sees a span end"),
        _ => error!("the exporter exports"),
    }
}

#[derive(Debug, Clone)]
struct LoggingSampler(HeadSampler);

impl ShouldSample for LoggingSampler {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        log(0);
        self.0.should_sample(parent, trace_id, name, kind, attributes, links)
    }
}

#[derive(Debug)]
struct LoggingProcessor(Processor);

impl SpanProcessor for LoggingProcessor {
    fn on_start(&self, span: &mut Span, parent: &Context) {
        log(1);
        self.0.on_start(span, parent);
    }

    fn on_end(&self, span: SpanData) {
        log(2);
        self.0.on_end(span);
        log(2);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// The file of the exporter, whose thread logs like all others, in a span of its own.
struct LoggingFile;

impl Write for LoggingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        info_span!("export").in_scope(|| log(3));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A value that logs when it is looked at.
struct Chatty;

impl std::fmt::Debug for Chatty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        info!("a value is looked at");
        f.write_str("chatty")
    }
}

// What runs ------------------------------------------------------------------------------------

/// As [`Tracing::start`] makes it, around the ones that log.
fn made(config: &Traces) -> Tracing {
    let resource = Resource::builder().build();
    let file = || Ok(Box::new(LoggingFile) as LineWriter);
    let (queue, worker) = start_exporter(config, &config.exporters[0], &resource, file).unwrap();
    let pipeline = Arc::new(Pipeline::new(config, vec![queue]));
    let sampler = HeadSampler { recording: true, ratio: Ratio::new(config.sample_ratio) };
    let provider = SdkTracerProvider::builder()
        .with_id_generator(TimedIds::default())
        .with_sampler(LoggingSampler(sampler))
        .with_span_processor(LoggingProcessor(Processor(Arc::clone(&pipeline))))
        .build();
    Tracing { tracer: provider.tracer("docket"), pipeline, provider, workers: vec![worker] }
}

/// What a request does to spans, and more of it at once.
fn round() {
    let root = info_span!(parent: None, "request", request_id = "r-1", outcome = field_empty());
    let remote = SpanContext::new(
        TraceId::from(7_u128),
        opentelemetry::trace::SpanId::from(7_u64),
        TraceFlags::SAMPLED,
        true,
        TraceState::default(),
    );
    root.add_link(remote);
    let _ = root.set_parent(Context::new());
    let in_root = root.enter();
    info!(looked_at = ?Chatty, "a request");
    let child = info_span!("orders.place", order.id = ?Chatty, outcome = field_empty());
    child.in_scope(|| {
        info_span!(parent: &root, "db.write", wait_us = 1).in_scope(|| warn!("slow"));
        info_span!("never entered");
        child.record("outcome", tracing::field::debug(Chatty));
        let _ = child.context();
        error!("failed");
    });
    child.follows_from(&root);
    root.record("outcome", "placed");
    drop(in_root);
    let elsewhere = root.clone();
    drop(root);
    elsewhere.in_scope(|| debug!("the last of it"));
}

const fn field_empty() -> tracing::field::Empty {
    tracing::field::Empty
}

fn run_for(time: Duration) {
    let directory = tempfile::tempdir().unwrap();
    let exporters = r#"[{ kind = "file" }]"#.to_owned();
    let settings = [
        ("DOCKET_TRACES__EXPORTERS", exporters),
        ("DOCKET_TRACES__SAMPLE_RATIO", "0.5".into()),
        ("DOCKET_TRACES__BATCH_DELAY_MS", "1".into()),
        ("DOCKET_LOGS__FILE_BYTES", "16777216".into()),
    ];
    let settings = settings.map(|(key, value)| (key.to_owned(), value));
    let config = Config::load(None, settings.to_vec()).unwrap();
    let log_file = LogFile::open(directory.path(), &config.logs, "docket").unwrap();
    let options = LineOptions { service: "docket".into(), clock: Clock::System, sample_ratio: 1.0 };
    let lines = LineLayer::new(options, Some(log_file.sink()), None);
    let (filter, _switch) = switched("debug").unwrap();
    let tracing = made(&config.traces);
    let subscriber =
        tracing_subscriber::registry().with(spans(&tracing)).with(lines.with_filter(filter));
    tracing::subscriber::set_global_default(subscriber).unwrap();

    let rounds = Threads::start().watch(time);
    assert!(tracing.pipeline.pending_size().0 < THREADS, "an exporter may be at work, no more");
    let pipeline = Arc::clone(&tracing.pipeline);
    assert!(tracing.close(STANDS_STILL), "the exporter does not end");
    assert!(log_file.drain(STANDS_STILL), "the log does not end");
    tell(&pipeline, rounds);
}

/// Everybody logged, and what was exported adds up.
#[expect(clippy::print_stdout, reason = "a measurement, shown by --nocapture")]
fn tell(pipeline: &Pipeline, rounds: u64) {
    let logged = LOGGED.each_ref().map(|count| count.load(Relaxed));
    assert!(logged.iter().all(|times| *times > 0), "{logged:?}");
    let [ended, kept] =
        [&pipeline.counts.spans_ended, &pipeline.counts.spans_kept].map(|one| one.load(Relaxed));
    let exporter = &pipeline.exporters[0].counts;
    let [exported, failed, dropped] =
        [&exporter.exported, &exporter.failed, &exporter.dropped].map(|one| one.load(Relaxed));
    println!("{rounds} rounds, {ended} spans, {kept} kept, {exported} exported; logged {logged:?}");
    assert_eq!((exported + dropped, failed), (kept, 0));
    assert!(exported > 0 && ended >= 4 * rounds);
}

/// The threads, and how far each has come.
struct Threads {
    rounds: Arc<[AtomicU64; THREADS]>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Threads {
    fn start() -> Self {
        let rounds = Arc::new([const { AtomicU64::new(0) }; THREADS]);
        let stop = Arc::new(AtomicBool::new(false));
        let threads = (0..THREADS).map(|number| {
            let (rounds, stop) = (Arc::clone(&rounds), Arc::clone(&stop));
            std::thread::spawn(move || {
                while !stop.load(Relaxed) {
                    round();
                    rounds[number].fetch_add(1, Relaxed);
                }
            })
        });
        let threads = threads.collect();
        Self { rounds, stop, threads }
    }

    /// Lets them run for so long; fails as soon as one stands still. Answers their rounds.
    fn watch(self, time: Duration) -> u64 {
        let running = Stopwatch::start();
        let mut seen = [0; THREADS];
        let mut moved = [const { Duration::ZERO }; THREADS];
        while running.elapsed() < time || self.threads.iter().any(|one| !one.is_finished()) {
            self.stop.store(running.elapsed() >= time, Relaxed);
            for (number, round) in self.rounds.iter().enumerate() {
                let (now, round) = (running.elapsed(), round.load(Relaxed));
                if seen[number] != round || self.threads[number].is_finished() {
                    (seen[number], moved[number]) = (round, now);
                }
                let still = now.saturating_sub(moved[number]);
                assert!(still < STANDS_STILL, "thread {number} stands still in round {round}");
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.threads.into_iter().for_each(|thread| thread.join().unwrap());
        self.rounds.iter().map(|rounds| rounds.load(Relaxed)).sum()
    }
}
