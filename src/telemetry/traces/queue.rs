//! One exporter's queue and thread: bounded, counted, and in nobody's way.
//!
//! Must stay true: pushing never waits; every span that was pushed is, after the queue was closed,
//! counted once: as exported, failed or dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::thread::JoinHandle;
use std::time::Duration;

use opentelemetry_sdk::trace::SpanData;
use tokio::sync::{mpsc, oneshot};

use super::export::Exporter;
use super::trace::Trace;
use crate::config::Traces;
use crate::kernel::Clock;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What became of the spans that one exporter was given.
#[derive(Debug, Default)]
pub(in crate::telemetry) struct ExportCounts {
    pub(in crate::telemetry) exported: AtomicU64,
    pub(in crate::telemetry) failed: AtomicU64,
    pub(in crate::telemetry) dropped: AtomicU64,
    /// Spans that wait.
    pub(in crate::telemetry) waiting: AtomicUsize,
    /// Microseconds since 1970, 0 for never.
    pub(in crate::telemetry) last_success: AtomicI64,
    /// Whether the last export failed.
    pub(in crate::telemetry) failing: AtomicBool,
}

/// How a queue behaves.
#[derive(Debug, Clone)]
pub(super) struct QueueOptions {
    spans_most: usize,
    batch: usize,
    delay: Duration,
    timeout: Duration,
}

impl QueueOptions {
    pub(super) fn of(config: &Traces) -> Self {
        Self {
            spans_most: config.queue_spans,
            batch: config.batch_spans,
            delay: config.batch_delay(),
            timeout: config.export_timeout(),
        }
    }
}

/// The queue in front of one exporter.
pub(in crate::telemetry) struct ExportQueue {
    /// The exporter's name, as a label.
    pub(in crate::telemetry) name: &'static str,
    pub(in crate::telemetry) counts: Arc<ExportCounts>,
    /// Spans that may wait.
    pub(in crate::telemetry) spans_most: usize,
    sender: mpsc::UnboundedSender<Arc<Trace>>,
}

/// The thread behind a queue, to be closed once.
pub(super) struct Worker {
    close: oneshot::Sender<Duration>,
    thread: JoinHandle<()>,
}

impl ExportQueue {
    /// Starts the thread. `build` makes the exporter inside the thread's own runtime, which some
    /// exporters need to be made in.
    ///
    /// # Errors
    /// What `build` refuses.
    pub(super) fn start(
        name: &'static str,
        options: QueueOptions,
        build: impl FnOnce() -> Result<Exporter, Failure> + Send + 'static,
    ) -> Result<(Arc<Self>, Worker), Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (sender, traces) = mpsc::unbounded_channel();
        let (close, closing) = oneshot::channel();
        let (built, ready) = std::sync::mpsc::channel();
        let counts = Arc::new(ExportCounts::default());
        let spans_most = options.spans_most;
        let work = Work { name, counts: Arc::clone(&counts), options };
        let thread =
            std::thread::Builder::new().name(format!("export-{name}")).spawn(move || {
                let exporter = {
                    let _inside = runtime.enter();
                    build()
                };
                match exporter {
                    Ok(exporter) => {
                        let _ = built.send(Ok(()));
                        runtime.block_on(work.until_closed(&exporter, traces, closing));
                    }
                    Err(failure) => drop(built.send(Err(failure))),
                }
            })?;
        ready.recv().map_err(|_| "the exporter's thread ended at its start")??;
        Ok((Arc::new(Self { name, counts, spans_most, sender }), Worker { close, thread }))
    }

    /// Gives the exporter a trace, or drops it when too much waits already.
    pub(super) fn push(&self, trace: &Arc<Trace>) {
        let spans = trace.spans.len();
        let waiting = self.counts.waiting.fetch_add(spans, Relaxed);
        if waiting + spans > self.spans_most || self.sender.send(Arc::clone(trace)).is_err() {
            // The closing queue may have counted them among what was left.
            let taken_back = |waiting: usize| waiting.checked_sub(spans);
            let mine = self.counts.waiting.fetch_update(Relaxed, Relaxed, taken_back).is_ok();
            self.counts.dropped.fetch_add(if mine { spans as u64 } else { 0 }, Relaxed);
        }
    }
}

impl Worker {
    /// Tells the thread to export what waits within `most` and to end.
    pub(super) fn close(self, most: Duration) -> JoinHandle<()> {
        let _ = self.close.send(most);
        self.thread
    }
}

struct Work {
    name: &'static str,
    counts: Arc<ExportCounts>,
    options: QueueOptions,
}

impl Work {
    async fn until_closed(
        &self,
        exporter: &Exporter,
        mut traces: mpsc::UnboundedReceiver<Arc<Trace>>,
        closing: oneshot::Receiver<Duration>,
    ) {
        let (stop, stopped) = oneshot::channel();
        let deadline = async {
            let most = closing.await.unwrap_or_default();
            let _ = stop.send(());
            tokio::time::sleep(most).await;
        };
        tokio::select! {
            () = self.export_all(exporter, &mut traces, stopped) => {}
            () = deadline => {}
        }
        // Nothing more is taken in; what was begun and not finished is not known to have arrived.
        traces.close();
        let left = self.counts.waiting.swap(0, Relaxed);
        self.counts.dropped.fetch_add(left as u64, Relaxed);
        exporter.close();
    }

    /// Exports until it is told to stop and nothing waits any more.
    async fn export_all(
        &self,
        exporter: &Exporter,
        traces: &mut mpsc::UnboundedReceiver<Arc<Trace>>,
        mut stopped: oneshot::Receiver<()>,
    ) {
        let mut stopping = false;
        let mut spans = Vec::new();
        loop {
            let next = tokio::select! {
                biased;
                next = traces.recv() => next,
                _ = &mut stopped, if !stopping => {
                    stopping = true;
                    traces.close();
                    continue;
                }
            };
            let Some(next) = next else { return };
            spans.extend(next.spans.iter().cloned());
            if !stopping {
                stopping = self.gather(&mut spans, traces, &mut stopped).await;
            }
            while let Ok(more) = traces.try_recv() {
                if spans.len() >= self.options.batch {
                    self.export(exporter, std::mem::take(&mut spans)).await;
                }
                spans.extend(more.spans.iter().cloned());
            }
            self.export(exporter, std::mem::take(&mut spans)).await;
        }
    }

    /// Waits for company until the batch is full, its time is up, or the queue is closed; answers
    /// whether it was closed.
    async fn gather(
        &self,
        spans: &mut Vec<SpanData>,
        traces: &mut mpsc::UnboundedReceiver<Arc<Trace>>,
        stopped: &mut oneshot::Receiver<()>,
    ) -> bool {
        let time_is_up = tokio::time::sleep(self.options.delay);
        tokio::pin!(time_is_up);
        while spans.len() < self.options.batch {
            tokio::select! {
                next = traces.recv() => match next {
                    Some(next) => spans.extend(next.spans.iter().cloned()),
                    None => return true,
                },
                () = &mut time_is_up => return false,
                _ = &mut *stopped => {
                    traces.close();
                    return true;
                }
            }
        }
        false
    }

    async fn export(&self, exporter: &Exporter, mut spans: Vec<SpanData>) {
        while !spans.is_empty() {
            let rest = spans.split_off(spans.len().min(self.options.batch));
            self.export_batch(exporter, spans).await;
            spans = rest;
        }
    }

    async fn export_batch(&self, exporter: &Exporter, batch: Vec<SpanData>) {
        let size = batch.len();
        let export = tokio::time::timeout(self.options.timeout, exporter.export(batch)).await;
        let result = export.unwrap_or_else(|_elapsed| Err("no answer in time".into()));
        self.tell_change(&result);
        let counter = match result {
            Ok(()) => {
                let now = Clock::System.now().micros();
                self.counts.last_success.store(now, Relaxed);
                &self.counts.exported
            }
            Err(_) => &self.counts.failed,
        };
        counter.fetch_add(size as u64, Relaxed);
        self.counts.waiting.fetch_sub(size, Relaxed);
    }

    /// One line when an exporter begins to fail, and one when it works again.
    fn tell_change(&self, result: &Result<(), Failure>) {
        let was_failing = self.counts.failing.swap(result.is_err(), Relaxed);
        match result {
            Err(failure) if !was_failing => {
                tracing::warn!(exporter = self.name, error = %failure, "an exporter fails");
            }
            Ok(()) if was_failing => {
                tracing::info!(exporter = self.name, "an exporter works again");
            }
            _ => {}
        }
    }
}
