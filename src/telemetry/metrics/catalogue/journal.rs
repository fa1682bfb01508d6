//! The journal, and the invariants of the whole database.

use prometheus::{IntGauge, IntGaugeVec};

use super::super::METRICS;
use super::super::age::Ages;
use super::super::registrar::Registrar;
use crate::kernel::Timestamp;

pub(super) struct Journal {
    sequence: IntGauge,
    sealed: IntGauge,
    lag: Ages,
    invariants: IntGaugeVec,
}

impl Journal {
    pub(super) fn register(to: &Registrar) -> prometheus::Result<Self> {
        Ok(Self {
            sequence: to.gauge("journal_sequence", "The journal's greatest number")?,
            sealed: to.gauge("journal_sealed_sequence", "The greatest number that is sealed")?,
            lag: to.kept(Ages::one(
                "journal_sealing_lag_seconds",
                "Age of the oldest entry that was not sealed at the last look",
            )?)?,
            // The invariants name themselves, all of them whenever they are checked.
            invariants: to.gauges(
                "invariant_violations",
                "Rows that break an invariant; expected 0",
                &[("id", &[])],
            )?,
        })
    }
}

/// How far the journal and its seals are, and when the oldest entry without a seal was written,
/// if there is one, as seen `now`.
pub fn journal(sequence: i64, sealed: i64, oldest: Option<Timestamp>, now: Timestamp) {
    METRICS.journal.sequence.set(sequence);
    METRICS.journal.sealed.set(sealed);
    METRICS.journal.lag.set("", oldest.map(|oldest| now.since(oldest)));
}

/// An invariant was checked: so many rows break it.
pub fn invariant(id: &'static str, violations: usize) {
    let violations = i64::try_from(violations).unwrap_or(i64::MAX);
    METRICS.journal.invariants.with_label_values(&[id]).set(violations);
}
