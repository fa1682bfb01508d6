//! The jobs of this server.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::audit::Sealer;
use crate::check;
use crate::db::{Db, WriteTx};
use crate::error::Error;
use crate::idempotency;
use crate::jobs::{self, Holder, Job};
use crate::kernel::{Actor, Origin};
use crate::orders::Orders;
use crate::telemetry::metrics;

const LEASE: Duration = Duration::from_secs(10);
const RETENTION_BATCH: i64 = 500;

/// All jobs.
pub(super) fn jobs(db: &Arc<Db>, orders: &Arc<Orders>, sealer: &Arc<Sealer>) -> Vec<Arc<dyn Job>> {
    let holder = Holder::this_process();
    vec![
        Arc::new(Settlement(Arc::clone(orders))),
        Arc::new(Expiry(Arc::clone(orders))),
        Arc::new(Sealing { sealer: Arc::clone(sealer), holder }),
        Arc::new(Retention(Arc::clone(db))),
        Arc::new(Invariants(Arc::clone(db))),
    ]
}

/// Numbers and seals what was written since the last beat, when no other process is at it.
pub(super) async fn seal_the_rest(sealer: &Sealer) {
    let holder = Holder::this_process();
    let sealed = sealer.seal_due(move |tx| hold_sealing(tx, &holder)).await;
    if let Err(error) = sealed {
        tracing::warn!(error = %error, "the journal's end is not sealed; the next start does it");
    }
}

fn hold_sealing(tx: &mut WriteTx<'_>, holder: &Holder) -> Result<bool, Error> {
    jobs::hold(tx, "sealing", holder, LEASE)
}

/// Asks gateways again whose answer never came.
struct Settlement(Arc<Orders>);

#[async_trait]
impl Job for Settlement {
    fn name(&self) -> &'static str {
        "settlement"
    }

    fn beat(&self) -> Duration {
        Duration::from_millis(500)
    }

    async fn run(&self) -> Result<usize, Error> {
        self.0.settle_due(&Origin::of(Actor::Job(self.name()))).await
    }
}

/// Cancels orders whose money did not come in time.
struct Expiry(Arc<Orders>);

#[async_trait]
impl Job for Expiry {
    fn name(&self) -> &'static str {
        "expiry"
    }

    fn beat(&self) -> Duration {
        Duration::from_secs(2)
    }

    async fn run(&self) -> Result<usize, Error> {
        self.0.expire_due(&Origin::of(Actor::Job(self.name()))).await
    }
}

/// Numbers the journal where the lane does not, and seals it.
struct Sealing {
    sealer: Arc<Sealer>,
    holder: Holder,
}

#[async_trait]
impl Job for Sealing {
    fn name(&self) -> &'static str {
        "sealing"
    }

    fn beat(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn run(&self) -> Result<usize, Error> {
        let holder = self.holder.clone();
        self.sealer.seal_due(move |tx| hold_sealing(tx, &holder)).await
    }
}

/// Removes saved replies past their time.
struct Retention(Arc<Db>);

#[async_trait]
impl Job for Retention {
    fn name(&self) -> &'static str {
        "retention"
    }

    fn beat(&self) -> Duration {
        Duration::from_secs(60)
    }

    async fn run(&self) -> Result<usize, Error> {
        let origin = Origin::of(Actor::Job(self.name()));
        self.0.write(&origin, |tx| idempotency::remove_expired(tx, RETENTION_BATCH)).await
    }
}

/// Checks every invariant and shows the result as a gauge.
struct Invariants(Arc<Db>);

#[async_trait]
impl Job for Invariants {
    fn name(&self) -> &'static str {
        "invariants"
    }

    fn beat(&self) -> Duration {
        Duration::from_secs(60)
    }

    async fn run(&self) -> Result<usize, Error> {
        let now = self.0.clock().now();
        let findings = self.0.read(move |conn| check::run(conn, now)).await?;
        for id in check::ids() {
            let broken = findings.iter().find(|finding| finding.id == id);
            metrics::invariant(id, broken.map_or(0, |finding| finding.count));
        }
        for finding in &findings {
            tracing::error!(invariant = finding.id, rows = finding.count, "{}", finding.what);
        }
        Ok(0)
    }
}
