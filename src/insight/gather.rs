//! Gathering what is known of an id: first the database, then the remembered traces, then the log
//! files, each step with the ids that the ones before have found.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;

use super::named::{IdKind, Named, name, order_of};
use super::view::TelemetryView;
use crate::audit::{self, JournalEntry};
use crate::db::{Conn, Db};
use crate::error::{Error, Refusal};
use crate::kernel::Timestamp;
use crate::orders::{self, OrderView};
use crate::telemetry::{self, LogSearch};

const ENTRIES_MOST: i64 = 500;
const LINES_MOST: usize = 1_000;
/// Bytes of log files that are read for one answer, unpacked.
const READ_MOST: u64 = 512 << 20;
/// How long a look-up waits for the ones before it.
const TURN_MOST: Duration = Duration::from_secs(5);
const NEEDLES_MOST: usize = 64;
const ID_MAX: usize = 255;

/// The door of this room.
pub struct Insight {
    db: Arc<Db>,
    log_directory: PathBuf,
    /// Reading log files is heavy work: one at a time, and nobody else's threads wait for it.
    reading: Arc<Semaphore>,
}

/// What the database knows.
struct Known {
    named: Named,
    order: Option<OrderView>,
    journal: Vec<JournalEntry>,
    trace_ids: BTreeSet<String>,
}

impl Insight {
    /// Insight into this database and the log files in this directory.
    #[must_use]
    pub fn new(db: Arc<Db>, log_directory: PathBuf) -> Self {
        Self { db, log_directory, reading: Arc::new(Semaphore::new(1)) }
    }

    /// Everything about an id.
    ///
    /// # Errors
    /// 404 when nothing is known of it.
    #[tracing::instrument(name = "insight.about", skip_all, fields(app.module = "insight"))]
    pub async fn about(&self, id: String) -> Result<TelemetryView, Error> {
        if id.is_empty() || id.len() > ID_MAX {
            return Err(unknown().into());
        }
        let asked = id.clone();
        let known = self.db.read(move |conn| Known::find(conn, &asked)).await?;
        let lines = self.lines(&id, &known).await?;
        let known = self.with_order_of_lines(known, &lines).await?;
        let mut traces: Vec<_> =
            known.trace_ids.iter().filter_map(|id| telemetry::find_trace(id)).collect();
        traces.sort_by_key(|trace| trace.started_at);
        let missing = known.trace_ids.iter();
        let missing = missing.filter(|id| traces.iter().all(|trace| trace.trace_id != **id));
        let missing_traces: Vec<String> = missing.cloned().collect();
        let nothing = known.order.is_none()
            && known.journal.is_empty()
            && traces.is_empty()
            && lines.found.is_empty();
        if nothing {
            return Err(unknown().into());
        }
        Ok(TelemetryView {
            id,
            kind: known.named.kind,
            order: known.order,
            traces,
            missing_traces,
            log_lines: lines.found,
            log_lines_incomplete: lines.incomplete,
            unread_log_files: lines.unread,
            journal: known.journal,
        })
    }

    /// A trace or a request that changed nothing wrote no journal entry, but its lines may name the
    /// order that it was about.
    async fn with_order_of_lines(&self, mut known: Known, lines: &Lines) -> Result<Known, Error> {
        let word = |key: &str| lines.found.iter().find_map(|line| line[key].as_str());
        if known.named.trace_id.is_none()
            && known.named.request_id.is_some()
            && let Some(trace_id) = word("trace_id")
        {
            known.trace_ids.insert(trace_id.to_owned());
        }
        let order_id = word("order.id").and_then(|id| id.parse().ok());
        if known.order.is_none()
            && let Some(order_id) = order_id
        {
            known.order = self.db.read(move |conn| orders::find(conn, order_id)).await?;
        }
        Ok(known)
    }

    async fn lines(&self, id: &str, known: &Known) -> Result<Lines, Error> {
        let search = LogSearch {
            directory: self.log_directory.clone(),
            needles: known.needles(id),
            since: known.since(),
            lines_most: LINES_MOST,
            read_most: READ_MOST,
        };
        let turn = tokio::time::timeout(TURN_MOST, Arc::clone(&self.reading).acquire_owned()).await;
        let Ok(Ok(turn)) = turn else {
            return Err(Error::Unavailable("Others are looking through the log files; try again."));
        };
        let searched = tokio::task::spawn_blocking(move || {
            let found = telemetry::search_logs(&search);
            drop(turn);
            found
        });
        let searched = searched
            .await
            .map_err(|failure| Error::internal("searching the log files", failure))?;
        let parse = |line: &String| serde_json::from_str(line).ok();
        Ok(Lines {
            found: searched.lines.iter().filter_map(parse).collect(),
            incomplete: searched.truncated || !searched.skipped.is_empty(),
            unread: searched.skipped,
        })
    }
}

struct Lines {
    found: Vec<Value>,
    incomplete: bool,
    unread: Vec<String>,
}

impl Known {
    fn find(conn: &mut Conn, id: &str) -> Result<Self, Error> {
        let named = name(conn, id)?;
        let mut journal = of_trace_and_request(conn, &named)?;
        let order_id = match (named.order_id, journal.first()) {
            (None, Some(entry)) => order_of(conn, &entry.subject)?,
            (order_id, _) => order_id,
        };
        let order = order_id.map(|id| orders::find(conn, id)).transpose()?.flatten();
        if let Some(order) = &order {
            journal.extend(audit::about(conn, &subjects(order), ENTRIES_MOST)?);
        }
        journal.extend(named.entry.clone());
        journal.sort_by_key(|entry| entry.seq);
        journal.dedup_by_key(|entry| entry.seq);
        let of_order = order.iter().filter_map(|order| order.trace_id.clone());
        let trace_ids = journal.iter().filter_map(|entry| entry.trace_id.clone());
        let trace_ids = trace_ids.chain(of_order).chain(named.trace_id.clone()).collect();
        Ok(Self { named, order, journal, trace_ids })
    }

    /// What a log line must contain to be one of its own.
    fn needles(&self, id: &str) -> Vec<String> {
        let mut needles: BTreeSet<String> = self.trace_ids.clone();
        needles.extend(self.named.request_id.clone());
        if let Some(order) = &self.order {
            needles.insert(order.id.to_string());
            needles.extend(order.payments.iter().map(|payment| payment.id.to_string()));
        } else {
            needles.insert(id.to_owned());
        }
        // A short text would be found in every line.
        let needles = needles.into_iter().filter(|needle| needle.len() >= 8);
        needles.take(NEEDLES_MOST).collect()
    }

    /// When the first of its lines may have been written.
    fn since(&self) -> Option<Timestamp> {
        let order = self.order.as_ref().map(|order| order.created_at);
        let journal = self.journal.first().map(|entry| entry.created_at);
        [order, journal, self.named.began].into_iter().flatten().min()
    }
}

fn of_trace_and_request(conn: &mut Conn, named: &Named) -> Result<Vec<JournalEntry>, Error> {
    if let Some(trace_id) = &named.trace_id {
        let found = audit::in_trace(conn, trace_id, named.began, ENTRIES_MOST)?;
        if !found.is_empty() || named.kind != IdKind::Trace {
            return Ok(found);
        }
        // A client may have named its request in the same form.
        return audit::in_request(conn, trace_id, None, ENTRIES_MOST);
    }
    match &named.request_id {
        Some(request_id) => audit::in_request(conn, request_id, named.began, ENTRIES_MOST),
        None => Ok(Vec::new()),
    }
}

fn subjects(order: &OrderView) -> Vec<String> {
    let payments = order.payments.iter().map(|payment| format!("payment:{}", payment.id));
    std::iter::once(format!("order:{}", order.id)).chain(payments).collect()
}

fn unknown() -> Refusal {
    let mut refusal = Refusal::not_found("id");
    refusal.detail = "Nothing is known of this id: no order, payment, journal entry, remembered \
                      trace or log line has it."
        .into();
    refusal
}
