//! The worker that numbers and seals what has been committed, and keeps the file of checkpoints.

use std::path::Path;
use std::sync::Arc;

use tracing::{Span, instrument};

use super::checkpoint::Checkpoint;
use super::checkpoint_file::CheckpointFile;
use super::export::checkpoints_after;
use super::key::SealKey;
use super::number::number_committed;
use super::seal::{close, draft};
use super::store::{self, Progress};
use crate::db::{Db, Dialect, WriteTx};
use crate::error::Error;
use crate::kernel::{Actor, Origin, crash_point};
use crate::telemetry::metrics;

/// Entries numbered in one transaction and sealed in one range at most.
const ENTRIES_MAX: i64 = 10_000;
/// Checkpoints written to the file at once.
const CHECKPOINTS_MAX: i64 = 1_000;

/// Decides inside the transaction whether this process may number and seal now, and locks out the
/// others until the transaction ends: a lease.
pub type Guard = dyn Fn(&mut WriteTx<'_>) -> Result<bool, Error> + Send + Sync;

/// Numbers and seals.
pub struct Sealer {
    db: Arc<Db>,
    key: Arc<SealKey>,
    file: CheckpointFile,
    guard: Arc<Guard>,
    origin: Origin,
}

impl Sealer {
    /// A sealer with this key, whose file of checkpoints is in `data_dir`.
    ///
    /// # Errors
    /// [`Error::Internal`] when the folder of that file cannot be made.
    pub fn new(
        db: Arc<Db>,
        key: SealKey,
        data_dir: &Path,
        guard: Arc<Guard>,
    ) -> Result<Self, Error> {
        let file = CheckpointFile::open(data_dir)?;
        let origin = Origin::of(Actor::Job("sealer"));
        Ok(Self { db, key: Arc::new(key), file, guard, origin })
    }

    /// Numbers and seals all that has been committed, and brings the file of checkpoints up to
    /// date, also with what other processes sealed. Answers how many entries this one sealed.
    ///
    /// It catches up by itself: run it on a beat of about a second, and not again at once while it
    /// did something, or every seal will be over a handful of entries.
    ///
    /// # Errors
    /// What the database or the file refuses; what was sealed stays sealed, and the next call adds
    /// to the file what this one could not.
    #[instrument(name = "audit.seal_due", skip_all, fields(app.module = "audit"))]
    pub async fn seal_due(&self) -> Result<usize, Error> {
        self.measure().await?;
        let most = usize::try_from(ENTRIES_MAX).unwrap_or(usize::MAX);
        let mut total = 0;
        loop {
            let numbered = self.number_due().await?;
            let sealed = self.seal_next().await?;
            total += sealed;
            if numbered < most && sealed < most {
                break;
            }
        }
        crash_point("audit.sealed");
        self.catch_up().await?;
        Ok(total)
    }

    /// Looks before the work, so that the lag shows while sealing hangs.
    async fn measure(&self) -> Result<(), Error> {
        let now = self.db.clock().now();
        let Progress { sequence, sealed, oldest_unsealed } = self.db.read(store::progress).await?;
        metrics::journal(sequence, sealed, oldest_unsealed, now);
        metrics::job_oldest_due("sealing", oldest_unsealed, now);
        Ok(())
    }

    /// Numbers what has been committed; answers how many entries. Always 0 on SQLite. Readers of
    /// the journal see an entry once it has its number, so this may run on a shorter beat.
    ///
    /// # Errors
    /// What the database refuses.
    pub async fn number_due(&self) -> Result<usize, Error> {
        if self.db.dialect() == Dialect::Sqlite || self.db.read(store::waiting).await? == 0 {
            return Ok(0);
        }
        let guard = Arc::clone(&self.guard);
        self.db
            .write(
                &self.origin,
                move |tx| {
                    if guard(tx)? { number_committed(tx, ENTRIES_MAX) } else { Ok(0) }
                },
            )
            .await
    }

    /// Seals the next range; an idle journal costs a read and no write.
    async fn seal_next(&self) -> Result<usize, Error> {
        let Some(draft) = self.db.read(|conn| draft(conn, ENTRIES_MAX)).await? else {
            return Ok(0);
        };
        let (guard, key) = (Arc::clone(&self.guard), Arc::clone(&self.key));
        let sealed = self
            .db
            .write(
                &self.origin,
                move |tx| {
                    if guard(tx)? { close(tx, &key, &draft) } else { Ok(None) }
                },
            )
            .await?;
        Ok(sealed.map_or(0, |_| draft.entries()))
    }

    /// Adds to the file what it lacks: after a crash between commit and file, after another
    /// process sealed, or all of it when the file is new.
    async fn catch_up(&self) -> Result<(), Error> {
        loop {
            let last = self.in_file(CheckpointFile::last).await?;
            // The last one again, so that file and database can be seen to agree.
            let before = last.as_ref().map_or(0, |checkpoint| checkpoint.number - 1);
            let found =
                self.db.read(move |conn| checkpoints_after(conn, before, CHECKPOINTS_MAX)).await?;
            let missing = missing(last.as_ref(), &found)?.to_vec();
            if missing.is_empty() {
                return Ok(());
            }
            self.in_file(move |file| file.append(&missing)).await?;
        }
    }

    /// Works on the file away from the threads that serve requests.
    async fn in_file<T: Send + 'static>(
        &self,
        work: impl FnOnce(&CheckpointFile) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (span, file) = (Span::current(), self.file.clone());
        tokio::task::spawn_blocking(move || span.in_scope(|| work(&file)))
            .await
            .map_err(|failure| Error::internal("keeping the file of checkpoints", failure))?
    }
}

/// What the file lacks of `found`, which begins with the file's last checkpoint, if it has any.
fn missing<'a>(
    last: Option<&Checkpoint>,
    found: &'a [Checkpoint],
) -> Result<&'a [Checkpoint], Error> {
    let Some(last) = last else { return Ok(found) };
    match found.split_first() {
        Some((first, missing)) if first == last => Ok(missing),
        _ => Err(disagreement(last.number)),
    }
}

fn disagreement(number: i64) -> Error {
    let what = format!(
        "seal {number} in logs/checkpoints.jsonl is not in the database: run `docket audit \
         verify` with that file; if the database is a restored backup or a new one, move the \
         files logs/checkpoints*.jsonl away"
    );
    Error::internal("keeping the file of checkpoints", what)
}
