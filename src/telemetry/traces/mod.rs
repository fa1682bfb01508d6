//! Spans on their way out: assembled into traces, kept or not, remembered, exported.
//!
//! Must stay true: whether a trace is kept is decided when all of it is there; an exemplar is
//! published only when its trace is kept; nothing here waits for anybody, and what is given up is
//! counted.

mod calls;
#[cfg(test)]
mod deadlock;
mod export;
mod ids;
mod keep;
mod missing;
mod pending;
mod pipeline;
mod processor;
mod queue;
mod recent;
mod sampler;
mod store;
#[cfg(test)]
mod tests;
mod trace;
mod view;

use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;

use opentelemetry::InstrumentationScope;
use opentelemetry::trace::{TraceId, TracerProvider};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracer, SdkTracerProvider};

pub use calls::{ModuleCalls, ModuleMap, module_calls};
pub(super) use export::LineWriter;
pub use ids::{new_trace_id, trace_began};
pub use keep::Keep;
pub use missing::{TraceMissing, why_missing};
pub(super) use pipeline::Pipeline;
pub(super) use queue::{ExportCounts, ExportQueue};
pub use recent::{RecentTraces, TraceBrief, TraceFilter, recent_traces};
pub use view::{SpanLink, SpanView, TraceView};

use super::context::current_ids;
use super::metrics::PendingExemplar;
use super::ratio::Ratio;
use crate::config::{Exporter as ExporterConfig, Traces};
use crate::error::Error;
use crate::kernel::Stopwatch;
use export::Exporter;
use ids::TimedIds;
use processor::Processor;
use queue::{QueueOptions, Worker};
use sampler::HeadSampler;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What the attributes of docket's spans mean: these semantic conventions of OpenTelemetry.
const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.44.0";

/// The pipeline of this process; spans are a matter of the whole process.
static PIPELINE: OnceLock<Arc<Pipeline>> = OnceLock::new();

/// The tracing of this process, to be closed at its end.
pub(super) struct Tracing {
    pub(super) tracer: SdkTracer,
    pub(super) pipeline: Arc<Pipeline>,
    provider: SdkTracerProvider,
    workers: Vec<Worker>,
}

impl Tracing {
    /// Starts the exporters and makes the tracer. `file` opens the file of traces.
    ///
    /// # Errors
    /// When an exporter's configuration cannot be followed.
    pub(super) fn start(
        config: &Traces,
        resource: &Resource,
        file: impl Fn() -> Result<LineWriter, Failure> + Clone + Send + 'static,
    ) -> Result<Self, Failure> {
        let (mut exporters, mut workers) = (Vec::new(), Vec::new());
        for exporter in &config.exporters {
            let (queue, worker) = start_exporter(config, exporter, resource, file.clone())?;
            exporters.push(queue);
            workers.push(worker);
        }
        let pipeline = Arc::new(Pipeline::new(config, exporters).of_process(resource));
        let sampler =
            HeadSampler { recording: config.enabled, ratio: Ratio::new(config.sample_ratio) };
        let provider = SdkTracerProvider::builder()
            .with_id_generator(TimedIds::default())
            .with_sampler(sampler)
            .with_resource(resource.clone())
            .with_span_processor(Processor(Arc::clone(&pipeline)))
            .build();
        let scope = InstrumentationScope::builder("docket")
            .with_version(env!("CARGO_PKG_VERSION"))
            .with_schema_url(SCHEMA_URL);
        let tracer = provider.tracer_with_scope(scope.build());
        Ok(Self { tracer, pipeline, provider, workers })
    }

    /// From now on this is the pipeline of the process; the first one stays.
    pub(super) fn publish(&self) {
        missing::begin();
        let _ = PIPELINE.set(Arc::clone(&self.pipeline));
    }

    /// Exports what waits, for at most `most`; answers whether every exporter ended in time.
    pub(super) fn close(self, most: Duration) -> bool {
        let waited = Stopwatch::start();
        self.pipeline.end_all();
        let threads: Vec<JoinHandle<()>> =
            self.workers.into_iter().map(|worker| worker.close(most)).collect();
        // A thread that hangs in a system call is left behind.
        let grace = most + Duration::from_millis(250);
        while threads.iter().any(|thread| !thread.is_finished()) && waited.elapsed() < grace {
            std::thread::sleep(Duration::from_millis(2));
        }
        let _ = self.provider.shutdown_with_timeout(Duration::from_millis(100));
        threads.iter().all(JoinHandle::is_finished)
    }
}

fn start_exporter(
    config: &Traces,
    exporter: &ExporterConfig,
    resource: &Resource,
    file: impl Fn() -> Result<LineWriter, Failure> + Send + 'static,
) -> Result<(Arc<ExportQueue>, Worker), Failure> {
    let name = exporter.kind.as_str();
    let (exporter, resource) = (exporter.clone(), resource.clone());
    let build = move || Exporter::build(&exporter, &resource, file);
    ExportQueue::start(name, QueueOptions::of(config), build)
        .map_err(|failure| format!("the exporter {name} cannot be started: {failure}").into())
}

/// A tracer whose spans have ids and go nowhere.
#[cfg(test)]
pub(super) fn tracer() -> SdkTracer {
    SdkTracerProvider::builder().build().tracer("docket")
}

/// The pipeline of this process, once telemetry has started.
pub(super) fn pipeline() -> Option<&'static Arc<Pipeline>> {
    PIPELINE.get()
}

/// Keeps the exemplar until its trace is decided, and publishes it only when that is kept.
pub(super) fn hold_exemplar(trace_id: TraceId, exemplar: PendingExemplar) {
    if let Some(pipeline) = pipeline() {
        pipeline.hold(trace_id, exemplar);
    }
}

/// Sees to it that the trace of the span that is entered now is kept, for this reason.
pub fn keep_trace(reason: Keep) {
    if let (Some(pipeline), Some(ids)) = (pipeline(), current_ids()) {
        pipeline.mark(ids.trace_id, reason);
    }
}

/// Nothing was done in the trace of the span that is entered now: unless something failed in it,
/// nobody will ask for it.
pub fn idle_trace() {
    if let (Some(pipeline), Some(ids)) = (pipeline(), current_ids()) {
        pipeline.idle(ids.trace_id);
    }
}

/// The answer in the trace of the span that is entered now stays open as long as its reader does.
/// That is no slowness, and unless something fails in it, nobody will ask for it.
pub fn open_trace() {
    if let (Some(pipeline), Some(ids)) = (pipeline(), current_ids()) {
        pipeline.stay_open(ids.trace_id);
        pipeline.idle(ids.trace_id);
    }
}

/// The trace with this id (32 hexadecimal digits), while it is remembered.
#[must_use]
pub fn find_trace(trace_id: &str) -> Option<TraceView> {
    let trace_id = TraceId::from_hex(trace_id).ok()?;
    let trace = pipeline()?.store.find(trace_id)?;
    Some(TraceView::of(&trace))
}

/// The trace with this id as OTLP's JSON (an `ExportTraceServiceRequest`), while it is remembered.
///
/// # Errors
/// When it cannot be written as JSON: a defect.
pub fn export_trace(trace_id: &str) -> Result<Option<Vec<u8>>, Error> {
    let found = TraceId::from_hex(trace_id).ok();
    let found = found.zip(pipeline()).and_then(|(id, pipeline)| {
        let trace = pipeline.store.find(id)?;
        Some(export::to_otlp(trace.spans.clone(), &pipeline.resource))
    });
    let json = found.map(|request| serde_json::to_vec(&request)).transpose();
    json.map_err(|failure| Error::internal("writing a trace as OTLP", failure))
}
