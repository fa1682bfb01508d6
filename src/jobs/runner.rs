//! Running jobs until the process stops.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{Instrument, field, info_span};

use crate::error::Error;
use crate::kernel::Stopwatch;
use crate::telemetry::{self, metrics};

/// Work that comes due by itself.
#[async_trait]
pub trait Job: Send + Sync + 'static {
    /// Its name, in metrics and as an actor in the journal.
    fn name(&self) -> &'static str;

    /// The pause between two runs that found nothing to do.
    fn beat(&self) -> Duration;

    /// Does what is due; answers how much it did. Run again at once while it did something.
    ///
    /// # Errors
    /// What stopped it; it is run again on the next beat.
    async fn run(&self) -> Result<usize, Error>;
}

/// The running jobs of a process.
pub struct Workers {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Workers {
    /// Starts every job on its own task.
    #[must_use]
    pub fn start(jobs: Vec<Arc<dyn Job>>) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        for job in jobs {
            metrics::job_registered(job.name());
            tasks.spawn(keep_running(job, stopped.clone()));
        }
        Self { stop, tasks }
    }

    /// Lets every run that is under way end, for at most `patience`, then stops.
    pub async fn stop(mut self, patience: Duration) {
        self.stop.send_replace(true);
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(patience, ended).await.is_err() {
            tracing::warn!("a job was cut short");
            self.tasks.abort_all();
        }
    }
}

/// A job that panics has failed this once, and runs again on its next beat.
async fn run_once(job: &dyn Job) -> Result<usize, Error> {
    let ended = AssertUnwindSafe(job.run()).catch_unwind().await;
    ended.unwrap_or_else(|_panic| {
        Err(Error::internal("a job panicked", "see the log for the panic"))
    })
}

/// One round, in a trace of its own that ends with it and not only after the pause; answers whether
/// something was done.
async fn run_traced(job: &dyn Job) -> bool {
    let span = info_span!(
        parent: None,
        "job",
        "otel.name" = format!("job {}", job.name()),
        "otel.status_code" = field::Empty,
        app.module = "jobs",
        job = job.name(),
    );
    let took = Stopwatch::start();
    let result = run_once(job).instrument(span.clone()).await;
    if matches!(result, Ok(0)) {
        span.in_scope(telemetry::idle_trace);
    }
    metrics::job_run(job.name(), result.is_ok(), took.elapsed());
    if let Err(error) = &result {
        span.record("otel.status_code", "ERROR");
        span.in_scope(|| tracing::warn!(job = job.name(), error = %error, "a job failed"));
    }
    matches!(result, Ok(done) if done > 0)
}

async fn keep_running(job: Arc<dyn Job>, mut stopped: watch::Receiver<bool>) {
    while !*stopped.borrow() {
        if !run_traced(&*job).await {
            let _ = tokio::time::timeout(job.beat(), stopped.changed()).await;
        }
    }
}
