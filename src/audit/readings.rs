//! Who reads the journal and the logs is itself on record.
//!
//! Reading writes nothing: what can be read stays so on a full disk, and a reader who follows the
//! journal does not read, for ever, that it reads. Readings are told in the log at once, and put
//! into the journal together, once an hour and when the server stops.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::entry::{Entry, Subject};
use super::record::record_all;
use crate::db::Db;
use crate::error::Error;
use crate::kernel::{Origin, Timestamp};

/// More readings than these are not kept apart within an hour.
const READINGS_MAX: usize = 1_000;

/// The readings that are not in the journal yet.
pub struct Readings {
    db: Arc<Db>,
    waiting: Mutex<HashMap<Reading, Times>>,
}

/// Who read, what kind of thing (`journal.read`), and which part of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Reading {
    reader: Subject,
    kind: &'static str,
    what: Value,
}

#[derive(Debug, Clone, Copy)]
struct Times {
    count: u64,
    first: Timestamp,
    last: Timestamp,
}

impl Readings {
    /// Records into this journal.
    #[must_use]
    pub fn new(db: Arc<Db>) -> Self {
        Self { db, waiting: Mutex::default() }
    }

    /// A key or a person read something: `kind` says what (`journal.read`), `what` which part of
    /// it, without anything personal.
    pub fn note(&self, reader: Subject, kind: &'static str, what: Value) {
        let now = self.db.clock().now();
        let mut waiting = self.waiting();
        let mut reading = Reading { reader, kind, what };
        if waiting.len() >= READINGS_MAX && !waiting.contains_key(&reading) {
            reading.what = json!("more");
        }
        let once = Times { count: 0, first: now, last: now };
        let times = waiting.entry(reading.clone()).or_insert(once);
        (times.count, times.last) = (times.count + 1, now);
        let is_first = times.count == 1;
        drop(waiting);
        if is_first {
            let Reading { reader, kind, what } = reading;
            let reader = named(&reader);
            tracing::info!(target: "docket::security", reader, %what, "{kind}");
        }
    }

    /// Puts the readings since the last time into the journal; answers how many. What cannot be
    /// written waits for the next time, so that a commit whose answer is lost counts twice.
    ///
    /// # Errors
    /// What the database refuses.
    pub async fn record_waiting(&self, origin: &Origin) -> Result<usize, Error> {
        let taken: Vec<_> = self.waiting().drain().collect();
        let entries = taken.iter().map(|(reading, times)| entry(reading, *times));
        let entries = entries.collect::<Result<Vec<Entry>, Error>>()?;
        if entries.is_empty() {
            return Ok(0);
        }
        let written = self.db.write(origin, move |tx| record_all(tx, entries.clone())).await;
        if written.is_err() {
            self.put_back(&taken);
        }
        written.map(|()| taken.len())
    }

    fn put_back(&self, taken: &[(Reading, Times)]) {
        let mut waiting = self.waiting();
        for (reading, earlier) in taken {
            let times = waiting.entry(reading.clone()).or_insert(Times { count: 0, ..*earlier });
            (times.count, times.first) = (times.count + earlier.count, earlier.first);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, HashMap<Reading, Times>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// As lines have named keys from the start: by the identifier alone.
fn named(reader: &Subject) -> String {
    match reader {
        Subject::Key(id) => id.to_string(),
        other => other.to_string(),
    }
}

fn entry(reading: &Reading, times: Times) -> Result<Entry, Error> {
    Entry::new(reading.kind, reading.reader.clone()).after(json!({
        "what": reading.what,
        "times": times.count,
        "first_at": times.first,
        "last_at": times.last,
    }))
}
