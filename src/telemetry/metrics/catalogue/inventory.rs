//! Stock.

use prometheus::{IntCounter, IntCounterVec};

use super::super::METRICS;
use super::super::registrar::Registrar;

pub(super) struct Inventory {
    adjustments: IntCounterVec,
    stock_outs: IntCounter,
    holds_expired: IntCounter,
}

impl Inventory {
    pub(super) fn register(to: &Registrar) -> prometheus::Result<Self> {
        Ok(Self {
            adjustments: to.counters(
                "stock_adjustments_total",
                "Adjustments of stock by hand",
                &[("direction", &["increase", "decrease"])],
            )?,
            stock_outs: to.counter("stock_outs_total", "Orders refused for want of stock")?,
            holds_expired: to.counter(
                "holds_expired_total",
                "Holds let go because the money did not come in time",
            )?,
        })
    }

    pub(super) fn stock_out(&self) {
        self.stock_outs.inc();
    }
}

/// Stock was adjusted by hand, by `delta` units.
pub fn stock_adjusted(delta: i64) {
    let direction = if delta < 0 { "decrease" } else { "increase" };
    METRICS.inventory.adjustments.with_label_values(&[direction]).inc();
}

/// The stock of an order was let go because its deadline has passed.
pub fn hold_expired() {
    METRICS.inventory.holds_expired.inc();
}
