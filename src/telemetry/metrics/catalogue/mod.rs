//! The metrics, by subject. A name, once given, stays: alert rules and dashboards know it.

mod database;
mod http;
mod inventory;
mod jobs;
mod journal;
mod orders;
mod payments;

use super::registrar::Registrar;
use super::telemetry::Telemetry;

pub use database::{
    Held, Side, db_batch, db_commit, db_refused, db_retry, db_wait, db_write, pool_in_use,
    pool_size, pool_waiting,
};
pub use http::{ActiveRequest, active_request, anonymous_refusal, http_request, overload_refusal};
pub use inventory::{hold_expired, stock_adjusted};
pub use jobs::{job_oldest_due, job_registered, job_run};
pub use journal::{invariant, journal};
pub use orders::{OrderOutcome, OrderProcessing, order_settled};
pub use payments::{
    OperationResult, PaymentOperation, payment_captured, payment_operation, payment_refunded,
};

/// Every metric of a process.
pub(super) struct Catalogue {
    pub(super) page: Registrar,
    pub(super) telemetry: Telemetry,
    http: http::Http,
    orders: orders::Orders,
    payments: payments::Payments,
    inventory: inventory::Inventory,
    database: database::Database,
    jobs: jobs::Jobs,
    journal: journal::Journal,
}

impl Catalogue {
    pub(super) fn new() -> prometheus::Result<Self> {
        let mut page = Registrar::default();
        page.process()?;
        Ok(Self {
            telemetry: page.kept(Telemetry::new()?)?,
            http: http::Http::register(&mut page)?,
            orders: orders::Orders::register(&mut page)?,
            payments: payments::Payments::register(&mut page)?,
            inventory: inventory::Inventory::register(&page)?,
            database: database::Database::register(&mut page)?,
            jobs: jobs::Jobs::register(&page)?,
            journal: journal::Journal::register(&page)?,
            page,
        })
    }
}
