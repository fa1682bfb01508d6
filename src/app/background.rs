//! The jobs of this server.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::invariants::Invariants;
use crate::audit::{Guard, Readings, Sealer};
use crate::db::{Conn, Db, Dialect};
use crate::error::Error;
use crate::jobs::{self, Holder, Job};
use crate::kernel::{Actor, Origin};
use crate::orders::Orders;
use crate::telemetry;
use crate::{carts, catalog, idempotency, identity, inventory};

const SEALING: &str = "sealing";
const READINGS: &str = "readings";
const LEASE: Duration = Duration::from_secs(10);
const RETENTION_BATCH: i64 = 500;

/// All jobs.
pub(super) fn jobs(
    db: &Arc<Db>,
    orders: &Arc<Orders>,
    sealer: &Arc<Sealer>,
    readings: &Arc<Readings>,
) -> Vec<Arc<dyn Job>> {
    vec![
        Arc::new(Settlement(Arc::clone(orders))),
        Arc::new(Expiry(Arc::clone(orders))),
        Arc::new(Numbering(Arc::clone(sealer))),
        Arc::new(Sealing(Arc::clone(sealer))),
        Arc::new(Retention(Arc::clone(db))),
        Arc::new(SearchWords(Arc::clone(db))),
        Arc::new(Imports(Arc::clone(db))),
        Arc::new(Stretches(Arc::clone(db))),
        Arc::new(Invariants::new(Arc::clone(db))),
        Arc::new(RecordReadings(Arc::clone(readings))),
        Arc::new(Machine),
        Arc::new(Anomalies),
    ]
}

/// Whose turn it is to number and seal: of several copies on PostgreSQL it is the one that holds
/// the lease. On SQLite there is one server, which must not wait until a dead one's lease ends.
pub(super) struct SealingTurn(Option<Holder>);

impl SealingTurn {
    /// This process's.
    pub(super) fn of_this_process(dialect: Dialect) -> Self {
        Self((dialect == Dialect::Postgres).then(Holder::this_process))
    }

    pub(super) fn guard(&self) -> Arc<Guard> {
        match self.0.clone() {
            Some(holder) => Arc::new(move |tx| jobs::hold(tx, SEALING, &holder, LEASE)),
            None => Arc::new(|_tx| Ok(true)),
        }
    }

    /// Another copy need not wait until the lease ends.
    pub(super) async fn give_up(&self, db: &Db) {
        let Some(holder) = self.0.clone() else { return };
        let origin = Origin::of(Actor::System);
        let released = db.write(&origin, move |tx| jobs::release(tx, SEALING, &holder)).await;
        if let Err(error) = released {
            tracing::warn!(error = %error, "the lease for sealing ends by itself, in 10 s");
        }
    }
}

/// Puts into the journal who read it since the last beat.
pub(super) async fn record_the_rest(readings: &Readings) {
    if let Err(error) = readings.record_waiting(&Origin::of(Actor::Job(READINGS))).await {
        tracing::warn!(error = %error, "who read the journal last is in the log only");
    }
}

/// Seals what was written since the last beat.
pub(super) async fn seal_the_rest(sealer: &Sealer) {
    if let Err(error) = sealer.seal_due().await {
        tracing::warn!(error = %error, "the journal's end is not sealed; the next start does it");
    }
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

/// Numbers the journal where the lane does not: readers see an entry once it has its number.
struct Numbering(Arc<Sealer>);

#[async_trait]
impl Job for Numbering {
    fn name(&self) -> &'static str {
        "numbering"
    }

    fn beat(&self) -> Duration {
        Duration::from_millis(100)
    }

    async fn run(&self) -> Result<usize, Error> {
        self.0.number_due().await
    }
}

/// Seals the journal.
struct Sealing(Arc<Sealer>);

#[async_trait]
impl Job for Sealing {
    fn name(&self) -> &'static str {
        "sealing"
    }

    fn beat(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn run(&self) -> Result<usize, Error> {
        // Never again at once: every seal would be over a handful of entries.
        self.0.seal_due().await.map(|_sealed| 0)
    }
}

/// Removes saved replies, carts and sessions past their time.
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
        let replies =
            self.0.write(&origin, |tx| idempotency::remove_expired(tx, RETENTION_BATCH)).await?;
        let carts = self.0.write(&origin, |tx| carts::remove_old(tx, RETENTION_BATCH)).await?;
        let sign_ins =
            self.0.write(&origin, |tx| identity::remove_old_sign_ins(tx, RETENTION_BATCH)).await?;
        Ok(replies + carts + sign_ins)
    }
}

/// Ends imports whose server has stopped.
struct Imports(Arc<Db>);

#[async_trait]
impl Job for Imports {
    fn name(&self) -> &'static str {
        "imports"
    }

    fn beat(&self) -> Duration {
        Duration::from_secs(60)
    }

    async fn run(&self) -> Result<usize, Error> {
        let origin = Origin::of(Actor::Job(self.name()));
        self.0.write(&origin, inventory::end_interrupted_imports).await
    }
}

/// Keeps the newest movements of stock on few pages.
struct Stretches(Arc<Db>);

#[async_trait]
impl Job for Stretches {
    fn name(&self) -> &'static str {
        "stretches"
    }

    fn beat(&self) -> Duration {
        Duration::from_secs(1)
    }

    async fn run(&self) -> Result<usize, Error> {
        let origin = Origin::of(Actor::Job(self.name()));
        inventory::begin_stretch_when_full(&self.0, &origin).await.map(usize::from)
    }
}

/// Gives words to be found by to the products of an older binary.
struct SearchWords(Arc<Db>);

#[async_trait]
impl Job for SearchWords {
    fn name(&self) -> &'static str {
        "search words"
    }

    fn beat(&self) -> Duration {
        Duration::from_secs(3_600)
    }

    async fn run(&self) -> Result<usize, Error> {
        let origin = Origin::of(Actor::Job(self.name()));
        let (mut after, mut done) = (String::new(), 0);
        loop {
            let find = move |conn: &mut Conn| catalog::without_words(conn, &after, RETENTION_BATCH);
            let skus = self.0.read(find).await?;
            let Some(last) = skus.last() else { return Ok(done) };
            after = last.clone();
            done += self.0.write(&origin, move |tx| catalog::index_words(tx, &skus)).await?;
        }
    }
}

/// Puts into the journal who read it.
struct RecordReadings(Arc<Readings>);

#[async_trait]
impl Job for RecordReadings {
    fn name(&self) -> &'static str {
        READINGS
    }

    fn beat(&self) -> Duration {
        Duration::from_secs(3_600)
    }

    async fn run(&self) -> Result<usize, Error> {
        self.0.record_waiting(&Origin::of(Actor::Job(self.name()))).await?;
        // Not at once again: who goes on reading is put on record with the next beat.
        Ok(0)
    }
}

/// Looks whether the clock jumps and the disk fills up.
struct Machine;

#[async_trait]
impl Job for Machine {
    fn name(&self) -> &'static str {
        "machine"
    }

    fn beat(&self) -> Duration {
        Duration::from_secs(5)
    }

    async fn run(&self) -> Result<usize, Error> {
        let looked = tokio::task::spawn_blocking(telemetry::watch_machine).await;
        looked.map(|()| 0).map_err(|failure| Error::internal("looking at the machine", failure))
    }
}

/// Scores whether the shop behaves as it usually does.
struct Anomalies;

#[async_trait]
impl Job for Anomalies {
    fn name(&self) -> &'static str {
        "anomalies"
    }

    fn beat(&self) -> Duration {
        Duration::from_secs(60)
    }

    async fn run(&self) -> Result<usize, Error> {
        let scored = tokio::task::spawn_blocking(telemetry::score_anomalies).await;
        scored.map(|()| 0).map_err(|failure| Error::internal("scoring anomalies", failure))
    }
}
