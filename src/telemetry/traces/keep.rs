//! Which traces are kept, decided when the whole trace is there.

use std::collections::HashMap;
use std::time::Duration;

use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_sdk::trace::SpanData;

use crate::config::Traces;
use crate::kernel::words;

words! {
    /// Why a trace is kept.
    Keep {
        /// A span of it failed.
        Error = "error",
        /// It is not known whether a gateway acted.
        UnknownOutcome = "unknown_outcome",
        /// Something that had been done was undone.
        Compensated = "compensated",
        /// It took longer than its route may.
        Slow = "slow",
        /// A trusted peer samples it.
        Inbound = "inbound",
        /// It belongs to the share that is kept of ordinary traces.
        Ratio = "ratio",
    }
}

impl Keep {
    /// Every reason.
    pub(in crate::telemetry) const ALL: [Self; 6] = [
        Self::Error,
        Self::UnknownOutcome,
        Self::Compensated,
        Self::Slow,
        Self::Inbound,
        Self::Ratio,
    ];
}

/// From when a trace counts as slow, by the name of its root span.
#[derive(Debug, Clone)]
pub(super) struct Slow {
    most: Duration,
    routes: HashMap<String, Duration>,
}

impl Slow {
    pub(super) fn of(config: &Traces) -> Self {
        let routes = config.slow_routes().map(|(route, most)| (route.to_owned(), most));
        Self { most: config.slow(), routes: routes.collect() }
    }

    fn is(&self, root: &SpanData) -> bool {
        let took = root.end_time.duration_since(root.start_time).unwrap_or_default();
        // A job's round may take its time: only what somebody waits for is slow.
        root.span_kind == SpanKind::Server
            && took > *self.routes.get(root.name.as_ref()).unwrap_or(&self.most)
    }
}

/// What is known of a trace so far that speaks for keeping it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Evidence {
    root_failed: bool,
    span_failed: bool,
    slow: bool,
    /// Its answer stays open as long as its reader does, which is no slowness.
    open: bool,
    /// What the code that ran in it said.
    marked: Option<Keep>,
    /// What was decided at its start: [`Keep::Inbound`] or [`Keep::Ratio`].
    sampled: Option<Keep>,
}

impl Evidence {
    pub(super) fn sampled(sampled: Option<Keep>) -> Self {
        Self { sampled, ..Self::default() }
    }

    pub(super) fn note(&mut self, span: &SpanData, is_root: bool, slow: &Slow) {
        let failed = matches!(span.status, Status::Error { .. });
        self.span_failed |= failed;
        if is_root {
            self.root_failed |= failed;
            self.slow |= slow.is(span);
        }
    }

    /// Taking long is no reason.
    pub(super) fn stay_open(&mut self) {
        self.open = true;
    }

    /// The first mark stays.
    pub(super) fn mark(&mut self, keep: Keep) {
        self.marked.get_or_insert(keep);
    }

    /// The strongest reason to keep the trace.
    pub(super) fn verdict(&self) -> Option<Keep> {
        let reasons = [
            self.root_failed.then_some(Keep::Error),
            self.marked,
            self.span_failed.then_some(Keep::Error),
            (self.slow && !self.open).then_some(Keep::Slow),
            self.sampled,
        ];
        reasons.into_iter().flatten().next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_reason_is_named() {
        let table = [
            (Evidence::default(), None),
            (Evidence::sampled(Some(Keep::Ratio)), Some(Keep::Ratio)),
            (Evidence { slow: true, ..Evidence::sampled(Some(Keep::Inbound)) }, Some(Keep::Slow)),
            (Evidence { span_failed: true, slow: true, ..Evidence::default() }, Some(Keep::Error)),
            (
                Evidence {
                    span_failed: true,
                    marked: Some(Keep::UnknownOutcome),
                    ..Evidence::default()
                },
                Some(Keep::UnknownOutcome),
            ),
            (
                Evidence {
                    root_failed: true,
                    marked: Some(Keep::Compensated),
                    ..Evidence::default()
                },
                Some(Keep::Error),
            ),
        ];
        for (evidence, expected) in table {
            assert_eq!(evidence.verdict(), expected, "{evidence:?}");
        }
    }
}
