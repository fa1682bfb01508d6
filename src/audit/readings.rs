//! Who reads the journal and the logs is itself in the journal.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::entry::{Entry, Subject};
use super::record::record;
use crate::db::Db;
use crate::kernel::{Origin, Stopwatch};

/// Reading the same again within this is one entry: a reader who follows the journal would
/// otherwise read, for ever, that it reads.
const ONE_READING: Duration = Duration::from_secs(3_600);
/// More readings than these are not kept apart; a forgotten one is recorded once more.
const READINGS_MAX: usize = 10_000;

/// Puts on record who read what.
pub struct Readings {
    db: Arc<Db>,
    recorded: Mutex<HashMap<Reading, Stopwatch>>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Reading {
    actor: String,
    kind: &'static str,
    what: String,
}

impl Readings {
    /// Records into this journal.
    #[must_use]
    pub fn new(db: Arc<Db>) -> Self {
        Self { db, recorded: Mutex::default() }
    }

    /// The caller of this request read something: `kind` says what (`journal.read`), `what` which
    /// part of it, without anything personal.
    ///
    /// When it cannot be written the answer is given all the same, with a warning in the log: what
    /// explains a failing database must stay readable.
    pub async fn record(&self, origin: &Origin, kind: &'static str, what: Value) {
        let reading = Reading { actor: origin.actor.to_string(), kind, what: what.to_string() };
        if !self.begin(&reading) {
            return;
        }
        let write = self
            .db
            .write(origin, move |tx| record(tx, Entry::new(kind, Subject::Server).after(&what)?));
        if let Err(error) = write.await {
            self.recorded().remove(&reading);
            tracing::warn!(
                target: "docket::security",
                actor = reading.actor, kind, error = %error,
                "a reading could not be put on record"
            );
        }
    }

    /// Whether this reading is a new one.
    fn begin(&self, reading: &Reading) -> bool {
        let mut recorded = self.recorded();
        if recorded.get(reading).is_some_and(|since| since.elapsed() < ONE_READING) {
            return false;
        }
        if recorded.len() >= READINGS_MAX {
            recorded.retain(|_, since| since.elapsed() < ONE_READING);
        }
        if recorded.len() >= READINGS_MAX {
            recorded.clear();
        }
        recorded.insert(reading.clone(), Stopwatch::start());
        true
    }

    fn recorded(&self) -> MutexGuard<'_, HashMap<Reading, Stopwatch>> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
