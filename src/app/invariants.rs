//! The invariants, checked while the server serves: one after the other, with rests between them.
//!
//! Each reads whole tables. One at a time sees one moment, which is all that it needs, and holds
//! its snapshot no longer than it takes: while one is held, SQLite's write-ahead log only grows.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use crate::check::{self, Finding, Invariant};
use crate::db::Db;
use crate::error::Error;
use crate::jobs::Job;
use crate::kernel::Stopwatch;
use crate::telemetry::{self, Keep, metrics};

/// Between two rounds, and after a failure; no rest is longer.
const PAUSE: Duration = Duration::from_secs(300);
/// Rests are so many times as long as what came before them: however long the history, a tenth of
/// a processor is busy with it.
const RESTS: u32 = 9;

/// Checks every invariant in turn and shows the results as gauges.
pub(super) struct Invariants {
    db: Arc<Db>,
    round: Mutex<Round>,
}

/// How far a round is.
#[derive(Clone, Copy)]
struct Round {
    /// The place of the invariant that comes next.
    next: usize,
    rest: Duration,
}

impl Invariants {
    pub(super) fn new(db: Arc<Db>) -> Self {
        Self { db, round: Mutex::new(Round { next: 0, rest: PAUSE }) }
    }

    fn round(&self) -> Round {
        *self.round.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn go_on(&self, round: Round) {
        *self.round.lock().unwrap_or_else(PoisonError::into_inner) = round;
    }

    async fn check(&self, invariant: &'static Invariant) -> Result<(), Error> {
        let now = self.db.clock().now();
        let finding = self.db.read(move |conn| check::find(conn, invariant, now)).await?;
        metrics::invariant(invariant.id, finding.as_ref().map_or(0, |finding| finding.total));
        if let Some(Finding { id, what, total, .. }) = finding {
            telemetry::keep_trace(Keep::Error);
            tracing::error!(invariant = id, rows = total, "{what}");
        }
        Ok(())
    }
}

#[async_trait]
impl Job for Invariants {
    fn name(&self) -> &'static str {
        "invariants"
    }

    fn beat(&self) -> Duration {
        self.round().rest
    }

    /// One invariant; one that could not be asked is asked again.
    async fn run(&self) -> Result<usize, Error> {
        let Round { next, .. } = self.round();
        self.go_on(Round { next, rest: PAUSE });
        let Some(invariant) = invariant_at(next) else { return Ok(0) };
        let took = Stopwatch::start();
        self.check(invariant).await?;
        self.go_on(match invariant_at(next + 1) {
            Some(_) => Round { next: next + 1, rest: (took.elapsed() * RESTS).min(PAUSE) },
            None => Round { next: 0, rest: PAUSE },
        });
        Ok(0)
    }
}

fn invariant_at(place: usize) -> Option<&'static Invariant> {
    check::INVARIANTS.iter().copied().flatten().nth(place)
}
