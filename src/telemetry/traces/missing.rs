//! Why a trace that was is not here any more.

use opentelemetry::trace::TraceId;

use super::ids::trace_began;
use super::pipeline;
use super::view::timestamp;
use crate::kernel::{Clock, Timestamp, words};

words! {
    /// Why a trace is not remembered.
    TraceMissing {
        /// Nothing is traced.
        Off = "off",
        /// It still runs.
        Running = "running",
        /// It is older than this process, which remembers its own only.
        Earlier = "earlier",
        /// It made room for newer ones.
        Evicted = "evicted",
        /// It had nothing to tell, or another copy of the server has it.
        Elsewhere = "elsewhere",
    }
}

/// When this process began to remember.
static SINCE: std::sync::LazyLock<Timestamp> = std::sync::LazyLock::new(|| Clock::System.now());

/// From now on traces are remembered.
pub(super) fn begin() {
    std::sync::LazyLock::force(&SINCE);
}

/// Why the trace of this id is not remembered, as far as can be told.
#[must_use]
pub fn why_missing(trace_id: &str) -> TraceMissing {
    let Some(pipeline) = pipeline() else { return TraceMissing::Off };
    if TraceId::from_hex(trace_id).is_ok_and(|id| pipeline.runs(id)) {
        return TraceMissing::Running;
    }
    let oldest = pipeline.store.all().iter().map(|trace| trace.brief.started).min();
    match trace_began(trace_id) {
        Some(began) if began < *SINCE => TraceMissing::Earlier,
        Some(began) if oldest.is_none_or(|oldest| began < timestamp(oldest)) => {
            TraceMissing::Evicted
        }
        _ => TraceMissing::Elsewhere,
    }
}
