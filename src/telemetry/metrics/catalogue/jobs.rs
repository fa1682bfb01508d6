//! Background jobs.

use std::time::Duration;

use prometheus::{GaugeVec, HistogramVec, IntCounterVec};

use super::super::METRICS;
use super::super::age::Ages;
use super::super::registrar::{Registrar, SECONDS};
use crate::kernel::{Clock, Timestamp};

/// The jobs whose work comes due by itself.
const DUE: &[&str] = &["settlement", "expiry", "sealing"];

pub(super) struct Jobs {
    runs: IntCounterVec,
    duration: HistogramVec,
    last_success: GaugeVec,
    oldest_due: Ages,
}

impl Jobs {
    pub(super) fn register(to: &Registrar) -> prometheus::Result<Self> {
        // The jobs name themselves, once each, when they are started. The label is not `job`, for
        // Prometheus has one of that name.
        let task = ("task", &[][..]);
        Ok(Self {
            runs: to.counters(
                "job_runs_total",
                "Runs of background jobs, by result",
                &[task, ("result", &[])],
            )?,
            duration: to.histograms(
                "job_duration_seconds",
                "Time of a run of a background job",
                SECONDS,
                &[task],
            )?,
            last_success: to.times(
                "job_last_success_timestamp_seconds",
                "When a run last ended well; 0 before the first time",
                &[task],
            )?,
            oldest_due: to.kept(Ages::each(
                "job_oldest_due_seconds",
                "How late the oldest work of a job was at its last look, and the time since",
                ("task", DUE),
            )?)?,
        })
    }
}

/// A job will run.
pub fn job_registered(job: &'static str) {
    for result in ["success", "failure"] {
        METRICS.jobs.runs.with_label_values(&[job, result]);
    }
    METRICS.jobs.duration.with_label_values(&[job]);
    METRICS.jobs.last_success.with_label_values(&[job]);
}

/// A job ran.
pub fn job_run(job: &'static str, succeeded: bool, took: Duration) {
    let jobs = &METRICS.jobs;
    let result = if succeeded { "success" } else { "failure" };
    jobs.runs.with_label_values(&[job, result]).inc();
    jobs.duration.with_label_values(&[job]).observe(took.as_secs_f64());
    if succeeded {
        let now = Duration::from_micros(Clock::System.now().micros().unsigned_abs());
        jobs.last_success.with_label_values(&[job]).set(now.as_secs_f64());
    }
}

/// When the oldest work of a job is or was due, if there is any, as seen `now`.
pub fn job_oldest_due(job: &'static str, oldest: Option<Timestamp>, now: Timestamp) {
    debug_assert!(DUE.contains(&job), "{job} has no series");
    let due = oldest.filter(|oldest| *oldest <= now);
    METRICS.jobs.oldest_due.set(job, due.map(|due| now.since(due)));
}
