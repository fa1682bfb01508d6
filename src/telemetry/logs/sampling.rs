//! Which success lines are written: all lines of a trace or none.

use tracing::{Level, Metadata};

use crate::telemetry::context::SpanIds;
use crate::telemetry::ratio::Ratio;

/// Lines of these targets are always written.
const NEVER_SAMPLED: [&str; 2] = ["docket::audit", "docket::security"];

/// The share of traces whose lines of `INFO` and below are written.
pub(super) struct Sampling {
    /// `None` keeps all.
    ratio: Option<Ratio>,
    /// The share, as a line carries it.
    pub(super) rate: String,
}

/// What becomes of a line.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is written, like every line of its kind.
    Whole,
    /// It is written for others of its kind that are not.
    Sample,
    /// It is not written.
    Suppressed,
}

impl Sampling {
    /// Keeps a share between 0 and 1; one of 1 and above, or not a number, keeps all.
    pub(super) fn new(ratio: f64) -> Self {
        Self {
            ratio: (ratio < 1.0).then(|| Ratio::new(ratio)),
            rate: format!("{:?}", ratio.clamp(0.0, 1.0)),
        }
    }

    /// What becomes of a line of this callsite, in this trace.
    pub(super) fn verdict(&self, metadata: &Metadata<'_>, ids: Option<SpanIds>) -> Verdict {
        let (Some(ratio), Some(ids)) = (self.ratio, ids) else { return Verdict::Whole };
        if *metadata.level() <= Level::WARN || is_never_sampled(metadata.target()) {
            return Verdict::Whole;
        }
        if ratio.takes(ids.trace_id) { Verdict::Sample } else { Verdict::Suppressed }
    }
}

fn is_never_sampled(target: &str) -> bool {
    NEVER_SAMPLED.iter().any(|kept| {
        target.strip_prefix(kept).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audit_and_security_are_named_whole() {
        assert!(is_never_sampled("docket::audit") && is_never_sampled("docket::security::keys"));
        assert!(!is_never_sampled("docket::auditor") && !is_never_sampled("docket::orders"));
    }
}
