//! The database's two sides: how long work waits, how much there is of it, how it ends.

use std::time::Duration;

use prometheus::{Histogram, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

use super::super::METRICS;
use super::super::exemplar::ExemplarHistogramVec;
use super::super::label::label;
use super::super::registrar::{Registrar, SECONDS};
use crate::error::Error;

label! {
    /// Which side of the database.
    Side {
        /// Snapshots.
        Read = "read",
        /// Changes.
        Write = "write",
    }
}

pub(super) struct Database {
    wait: ExemplarHistogramVec,
    commit: Histogram,
    batch: Histogram,
    writes: IntCounterVec,
    refused: IntCounterVec,
    retries: IntCounter,
    size: IntGaugeVec,
    in_use: IntGaugeVec,
    waiting: IntGaugeVec,
}

impl Database {
    pub(super) fn register(to: &mut Registrar) -> prometheus::Result<Self> {
        let side = &[("side", Side::WORDS)];
        Ok(Self {
            wait: to.exemplar_histograms(
                "db_wait_duration_seconds",
                "Time waited for the database",
                SECONDS,
                side,
            )?,
            commit: to.histogram(
                "db_commit_duration_seconds",
                "Time of a durable commit of the writer lane",
                SECONDS,
            )?,
            batch: to.histogram(
                "db_batch_size",
                "Changes in one commit of the writer lane",
                &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0],
            )?,
            writes: to.counters(
                "db_writes_total",
                "Write transactions, by result",
                &[("result", &["committed", "refused", "failed"])],
            )?,
            refused: to.counters(
                "db_refused_total",
                "Work refused because too much was waiting",
                side,
            )?,
            retries: to.counter("db_retries_total", "Write transactions that lost a race")?,
            size: to.gauges("db_pool_size", "Connections there may be", side)?,
            in_use: to.gauges("db_pool_in_use", "Connections that work", side)?,
            waiting: to.gauges("db_pool_waiting", "Work that waits for its turn", side)?,
        })
    }
}

/// Counted in a gauge for as long as this lives.
#[must_use = "dropping it ends the counting"]
pub struct Held {
    gauge: IntGauge,
    amount: i64,
}

impl Held {
    fn new(gauges: &IntGaugeVec, side: Side, amount: i64) -> Self {
        let gauge = gauges.with_label_values(&[side.as_str()]);
        gauge.add(amount);
        Self { gauge, amount }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.gauge.sub(self.amount);
    }
}

/// A pool of this many connections.
pub fn pool_size(side: Side, connections: u32) -> Held {
    Held::new(&METRICS.database.size, side, i64::from(connections))
}

/// A connection that works.
pub fn pool_in_use(side: Side) -> Held {
    Held::new(&METRICS.database.in_use, side, 1)
}

/// Work that waits for its turn.
pub fn pool_waiting(side: Side) -> Held {
    Held::new(&METRICS.database.waiting, side, 1)
}

/// Work waited this long for its turn at the database.
pub fn db_wait(side: Side, waited: Duration) {
    METRICS.database.wait.observe(&[side.as_str()], waited.as_secs_f64());
}

/// The writer lane committed.
pub fn db_commit(took: Duration) {
    METRICS.database.commit.observe(took.as_secs_f64());
}

/// The writer lane committed so many changes at once.
pub fn db_batch(size: usize) {
    // Never above the lane's own limit, far below what a float holds exactly.
    METRICS.database.batch.observe(u32::try_from(size).map_or(f64::MAX, f64::from));
}

/// A write transaction ended.
pub fn db_write<T>(result: &Result<T, Error>) {
    let label = match result {
        Ok(_) => "committed",
        Err(Error::Refused(_)) => "refused",
        Err(_) => "failed",
    };
    METRICS.database.writes.with_label_values(&[label]).inc();
}

/// Work was refused because too much was waiting.
pub fn db_refused(side: Side) {
    METRICS.database.refused.with_label_values(&[side.as_str()]).inc();
}

/// A write transaction lost a race and runs again.
pub fn db_retry() {
    METRICS.database.retries.inc();
}
