//! What a request is charged with: where its time went, and what came of it. Filled in by the
//! rooms it passes, told by its canonical line.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use opentelemetry::Context;

use crate::kernel::{OrderId, PaymentId};

/// The account of one request. It travels with the span into both lanes and into detached work.
#[derive(Debug, Default)]
pub struct Account {
    queue_us: AtomicU64,
    database_us: AtomicU64,
    gateway_us: AtomicU64,
    order_id: OnceLock<OrderId>,
    payment_id: OnceLock<PaymentId>,
    actor: OnceLock<String>,
    outcome: Mutex<Option<&'static str>>,
}

impl Account {
    /// The account of the request that is being worked on; `None` in jobs and commands.
    #[must_use]
    pub fn current() -> Option<Arc<Self>> {
        Context::map_current(|context| context.get::<Arc<Self>>().cloned())
    }

    /// Time waited for a turn at the database.
    pub fn queued(&self, time: Duration) {
        add(&self.queue_us, time);
    }

    /// Time that the database worked.
    pub fn database(&self, time: Duration) {
        add(&self.database_us, time);
    }

    /// Time that a gateway was waited for.
    pub fn gateway(&self, time: Duration) {
        add(&self.gateway_us, time);
    }

    /// Microseconds of waiting, of the database, and of gateways.
    #[must_use]
    pub fn times_us(&self) -> [u64; 3] {
        [&self.queue_us, &self.database_us, &self.gateway_us]
            .map(|time| time.load(Ordering::Relaxed))
    }

    /// The request is about this order and its payment.
    pub fn is_about(&self, order_id: OrderId, payment_id: PaymentId) {
        let _ = self.order_id.set(order_id);
        let _ = self.payment_id.set(payment_id);
    }

    /// The order that the request is about.
    #[must_use]
    pub fn order_id(&self) -> Option<OrderId> {
        self.order_id.get().copied()
    }

    /// The payment that the request is about.
    #[must_use]
    pub fn payment_id(&self) -> Option<PaymentId> {
        self.payment_id.get().copied()
    }

    /// Who makes the request.
    #[must_use]
    pub fn actor(&self) -> Option<&str> {
        self.actor.get().map(String::as_str)
    }

    /// What came of it, where that is more than its status says.
    #[must_use]
    pub fn outcome(&self) -> Option<&'static str> {
        *self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn add(sum: &AtomicU64, time: Duration) {
    let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    sum.fetch_add(micros, Ordering::Relaxed);
}

fn on_current(note: impl FnOnce(&Account)) {
    Context::map_current(|context| {
        if let Some(account) = context.get::<Arc<Account>>() {
            note(account);
        }
    });
}

/// The request is about this order.
pub fn about_order(order_id: OrderId) {
    on_current(|account| {
        let _ = account.order_id.set(order_id);
    });
}

/// The request is about this payment.
pub fn about_payment(payment_id: PaymentId) {
    on_current(|account| {
        let _ = account.payment_id.set(payment_id);
    });
}

/// The request is made by this actor.
pub fn made_by(actor: &impl std::fmt::Display) {
    on_current(|account| {
        let _ = account.actor.set(actor.to_string());
    });
}

/// What came of the request, where that is more than its status says: `placed`, `declined`.
pub fn came_out(outcome: &'static str) {
    on_current(|account| {
        *account.outcome.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    });
}
