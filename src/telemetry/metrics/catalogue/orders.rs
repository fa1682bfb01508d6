//! Orders.

use prometheus::IntCounterVec;

use super::super::METRICS;
use super::super::exemplar::{ExemplarCounterVec, ExemplarHistogramVec};
use super::super::label::label;
use super::super::registrar::{Registrar, SECONDS};
use crate::kernel::Stopwatch;

label! {
    /// How placing an order came out.
    OrderOutcome {
        /// It stands.
        Placed = "placed",
        /// Its payment was declined.
        Declined = "declined",
        /// The outcome of its payment is not known yet.
        Pending = "pending",
        /// The same request came before.
        Replayed = "replayed",
        /// The request cannot be fulfilled as it is.
        Refused = "refused",
        /// There is not enough in stock.
        OutOfStock = "out_of_stock",
        /// Passing trouble or a defect.
        Failed = "failed",
        /// Nobody waits for the outcome any more: the work was dropped where it stood.
        Cancelled = "cancelled",
    }
}

pub(super) struct Orders {
    placed: ExemplarCounterVec,
    duration: ExemplarHistogramVec,
    settled: IntCounterVec,
}

impl Orders {
    pub(super) fn register(to: &mut Registrar) -> prometheus::Result<Self> {
        let outcome = ("outcome", OrderOutcome::WORDS);
        Ok(Self {
            placed: to.exemplar_counters(
                "orders_placed_total",
                "Orders placed, by how they came out",
                &[outcome],
            )?,
            duration: to.exemplar_histograms(
                "order_processing_duration_seconds",
                "Time to place an order",
                SECONDS,
                &[outcome],
            )?,
            settled: to.counters(
                "orders_settled_total",
                "Orders whose unknown outcome settlement found",
                &[("outcome", &["approved", "declined"])],
            )?,
        })
    }
}

/// An order being placed: counted and timed once, on every path. Dropped without an outcome, it
/// was cancelled.
#[must_use = "dropping it counts the order as cancelled"]
pub struct OrderProcessing {
    took: Stopwatch,
    outcome: Option<OrderOutcome>,
}

impl OrderProcessing {
    /// Placing begins.
    pub fn start() -> Self {
        Self { took: Stopwatch::start(), outcome: None }
    }

    /// It came out so.
    pub fn ended(mut self, outcome: OrderOutcome) {
        self.outcome = Some(outcome);
    }
}

impl Drop for OrderProcessing {
    fn drop(&mut self) {
        let without = match std::thread::panicking() {
            true => OrderOutcome::Failed,
            false => OrderOutcome::Cancelled,
        };
        let outcome = self.outcome.unwrap_or(without);
        let labels = [outcome.as_str()];
        METRICS.orders.placed.inc(&labels);
        METRICS.orders.duration.observe(&labels, self.took.elapsed().as_secs_f64());
        if outcome == OrderOutcome::OutOfStock {
            METRICS.inventory.stock_out();
        }
    }
}

/// Settlement found out how the payment of an order ended.
pub fn order_settled(approved: bool) {
    let outcome = if approved { "approved" } else { "declined" };
    METRICS.orders.settled.with_label_values(&[outcome]).inc();
}

#[cfg(test)]
mod tests {
    use std::future::{Future, pending};
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn counted(outcome: OrderOutcome) -> (u64, u64) {
        let labels = [outcome.as_str()];
        let placed = METRICS.orders.placed.inner().with_label_values(&labels);
        let duration = METRICS.orders.duration.inner().with_label_values(&labels);
        (placed.get(), duration.get_sample_count())
    }

    /// No other test of this binary places orders, so the counts are this test's own.
    #[test]
    fn an_order_is_counted_once_on_every_path() {
        let cancelled = counted(OrderOutcome::Cancelled);
        let place = async {
            let processing = OrderProcessing::start();
            pending::<()>().await;
            processing.ended(OrderOutcome::Placed);
        };
        {
            let mut place = pin!(place);
            let waiting = place.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert_eq!(waiting, Poll::Pending);
            assert_eq!(counted(OrderOutcome::Cancelled), cancelled, "it is still under way");
        }
        let after = counted(OrderOutcome::Cancelled);
        assert_eq!(after, (cancelled.0 + 1, cancelled.1 + 1), "the future was dropped");

        let placed = counted(OrderOutcome::Placed);
        OrderProcessing::start().ended(OrderOutcome::Placed);
        assert_eq!(counted(OrderOutcome::Placed), (placed.0 + 1, placed.1 + 1));
        assert_eq!(counted(OrderOutcome::Cancelled), after);
    }
}
