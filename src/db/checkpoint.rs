//! Copying SQLite's write-ahead log into the database file, beside the writer lane.
//!
//! The lane is the narrowest place, so a thread and a connection of their own copy what it has
//! committed, some at a time. Only the very end needs a moment without commits, after which the log
//! begins anew: that the lane does itself, once the log is long ([`finish`]). The file is synced
//! then, for all that was copied before.
//!
//! Must stay true: a copy that fails on the disk, other than for want of room, ends the process. A
//! later one would not write those pages again, and the log that still has them would be given up.
//! So the lane makes one commit more at most once the thread has ended
//! ([`Checkpointer::committed`]).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use diesel::{QueryResult, QueryableByName, RunQueryDsl, sql_query};
use tokio::sync::Notify;

use super::connection::{Purpose, establish};
use super::error::is_of_the_disk;
use super::{Conn, DatabaseUrl, DbOptions, Dialect, Statement};
use crate::error::Error;
use crate::kernel::Stopwatch;

/// How often it is looked whether there is enough to copy, while there are commits.
const EVERY: Duration = Duration::from_millis(50);
/// How long a copy is put off that something else than a failing disk was in the way of.
const LATER: Duration = Duration::from_secs(1);
/// How long emptying the log is tried again, while another process copies it.
const PATIENCE: Duration = Duration::from_secs(5);
/// A log is long, and its end is copied by the lane, at so many times the pages of one copy.
const LONG: i64 = 2;

/// How much of the log there is to copy, and how.
#[derive(Clone, Copy)]
enum Copying {
    /// None of it, only look.
    Nothing,
    /// What can be without anybody waiting.
    Passively,
    /// All, which waits for readers, and the log is empty then.
    AndTruncating,
}

#[derive(QueryableByName)]
struct Progress {
    /// Not 0 when others were in the way.
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    busy: i64,
    /// Pages in the log.
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    log: i64,
    /// Those of them that are in the database file.
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    checkpointed: i64,
}

fn checkpoint(conn: &mut Conn, copying: Copying) -> QueryResult<Progress> {
    sql_query(match copying {
        Copying::Nothing => "PRAGMA wal_checkpoint(NOOP)",
        Copying::Passively => "PRAGMA wal_checkpoint(PASSIVE)",
        Copying::AndTruncating => "PRAGMA wal_checkpoint(TRUNCATE)",
    })
    .get_result(conn)
}

/// The lane's hold on the thread. When it is dropped, the thread has ended.
pub(super) struct Checkpointer {
    committed: Option<SyncSender<()>>,
    thread: Option<JoinHandle<()>>,
    log_is_long: Arc<AtomicBool>,
}

impl Checkpointer {
    /// Says by `disk_failed` that the process must end.
    pub(super) fn start(options: &DbOptions, disk_failed: Arc<Notify>) -> Result<Self, Error> {
        let (committed, commits) = sync_channel(1);
        let log_is_long = Arc::new(AtomicBool::new(false));
        let mut copier = Copier {
            conn: establish(&options.url, Purpose::Writing)?,
            commits,
            pages: options.checkpoint_pages,
            log_is_long: Arc::clone(&log_is_long),
        };
        let thread = std::thread::Builder::new()
            .name("docket-checkpoint".into())
            .spawn(move || {
                if let Err(DiskFailed) = copier.copy() {
                    let Copier { conn, commits, .. } = copier;
                    // The lane ends after its next commit, whether or not anybody is notified.
                    drop(commits);
                    disk_failed.notify_one();
                    leave_open(conn);
                }
            })
            .map_err(|failure| Error::internal("starting the checkpoint thread", failure))?;
        Ok(Self { committed: Some(committed), thread: Some(thread), log_is_long })
    }

    /// There is more in the log.
    ///
    /// # Errors
    /// When nobody copies it any more, since the disk failed or the thread panicked.
    pub(super) fn committed(&self) -> Result<(), DiskFailed> {
        match self.committed.as_ref().map(|committed| committed.try_send(())) {
            Some(Err(TrySendError::Disconnected(()))) => Err(DiskFailed),
            // What it has not looked at yet covers this as well.
            _ => Ok(()),
        }
    }

    /// Whether the lane is to copy the end of the log now, with [`finish`]; said once.
    pub(super) fn take_log_is_long(&self) -> bool {
        self.log_is_long.swap(false, Ordering::Relaxed)
    }
}

#[cfg(test)]
impl Checkpointer {
    /// One whose thread has ended, as it does when the disk fails a copy.
    pub(super) fn ended() -> Self {
        let (committed, _) = sync_channel(1);
        Self { committed: Some(committed), thread: None, log_is_long: Arc::default() }
    }
}

/// A connection that outlived its lane would copy and remove the log when it is closed, while
/// somebody may have opened the file anew.
impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.committed = None;
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It panicked: that was told then.
            let _ = thread.join();
        }
    }
}

/// The disk failed.
pub(super) struct DiskFailed;

/// Leaves a connection open for as long as the process goes on: the last one that is closed copies
/// the log and removes it, and that must not be done on a disk that failed.
pub(super) fn leave_open(conn: Conn) {
    std::mem::forget(conn);
}

/// Copies what is left of the log, so that the next commit begins it anew unless a reader still
/// needs it.
pub(super) fn finish(conn: &mut Conn) -> Result<(), DiskFailed> {
    unless_disk_failed(checkpoint(conn, Copying::Passively)).map(|_| ())
}

/// The thread's own.
struct Copier {
    conn: Conn,
    commits: Receiver<()>,
    /// Pages that are worth a copy: one that many orders change is copied once for all of them.
    pages: i64,
    log_is_long: Arc<AtomicBool>,
}

impl Copier {
    /// Until the lane ends, or the disk fails.
    fn copy(&mut self) -> Result<(), DiskFailed> {
        while self.commits.recv().is_ok() {
            std::thread::park_timeout(EVERY);
            if self.lane_has_ended() {
                break;
            }
            let Some(seen) = unless_disk_failed(checkpoint(&mut self.conn, Copying::Nothing))?
            else {
                continue;
            };
            if seen.log - seen.checkpointed >= self.pages && self.copy_some()?.is_none() {
                std::thread::park_timeout(LATER);
                continue;
            }
            if seen.log >= LONG * self.pages && seen.checkpointed < seen.log {
                self.log_is_long.store(true, Ordering::Relaxed);
            }
        }
        Ok(())
    }

    fn copy_some(&mut self) -> Result<Option<Progress>, DiskFailed> {
        unless_disk_failed(checkpoint(&mut self.conn, Copying::Passively))
    }

    fn lane_has_ended(&self) -> bool {
        // One commit may have been told of since: what is looked at next covers it.
        let _ = self.commits.try_recv();
        self.commits.try_recv() == Err(TryRecvError::Disconnected)
    }
}

/// What else is in the way, a lock or a full disk, passes: the log keeps what is not copied.
fn unless_disk_failed(copied: QueryResult<Progress>) -> Result<Option<Progress>, DiskFailed> {
    match copied {
        Ok(progress) => Ok(Some(progress)),
        Err(failure) if is_of_the_disk(&failure) => {
            tracing::error!(error = %failure, "copying the write-ahead log failed on the disk");
            Err(DiskFailed)
        }
        Err(failure) => {
            tracing::warn!(error = %failure, "the write-ahead log could not be copied");
            Ok(None)
        }
    }
}

/// Copies SQLite's write-ahead log into the database file and empties it, so that what was erased
/// is gone from both; answers whether all of it was, which a reader that goes on may hinder. A
/// server that copies some of it just now is waited for. On PostgreSQL there is nothing to do.
///
/// # Errors
/// What the database refuses.
pub fn empty_log(url: &DatabaseUrl) -> Result<bool, Error> {
    let mut conn = establish(url, Purpose::Writing)?;
    if conn.dialect() == Dialect::Postgres {
        return Ok(true);
    }
    // SQLite waits for readers with the write lock in its hands: each wait is short, so that orders
    // go on between them.
    Statement::new("PRAGMA busy_timeout = 100").execute(&mut conn)?;
    let trying = Stopwatch::start();
    loop {
        let emptied = checkpoint(&mut conn, Copying::AndTruncating)?.busy == 0;
        if emptied || trying.elapsed() > PATIENCE {
            return Ok(emptied);
        }
        std::thread::sleep(EVERY);
    }
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;
    use crate::db::Db;
    use crate::kernel::{Actor, Clock, Origin};

    const MEBIBYTE: u64 = 1 << 20;

    struct Scene {
        folder: TempDir,
        db: Db,
    }

    impl Scene {
        async fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let url = DatabaseUrl::Sqlite(folder.path().join("docket.db"));
            let db = Db::open(&DbOptions::new(url), Clock::System).unwrap();
            let scene = Self { folder, db };
            scene.does("CREATE TABLE notes (text TEXT) STRICT").await;
            scene
        }

        async fn does(&self, sql: &'static str) {
            let origin = Origin::of(Actor::System);
            self.db.write(&origin, move |tx| tx.execute(Statement::new(sql))).await.unwrap();
        }

        async fn write_a_mebibyte(&self) {
            self.does("INSERT INTO notes VALUES (hex(zeroblob(524288)))").await;
        }

        fn size(&self, name: &str) -> u64 {
            std::fs::metadata(self.folder.path().join(name)).unwrap().len()
        }
    }

    #[tokio::test]
    async fn what_was_committed_is_copied_while_nobody_asks_for_it() {
        let scene = Scene::new().await;
        for _ in 0..48 {
            scene.write_a_mebibyte().await;
        }
        let waiting = Stopwatch::start();
        while scene.size("docket.db") < 32 * MEBIBYTE {
            assert!(waiting.elapsed() < Duration::from_secs(20), "nothing was copied");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    #[tokio::test]
    async fn who_waits_to_empty_the_log_does_not_hold_up_the_writer() {
        let scene = Scene::new().await;
        scene.write_a_mebibyte().await;
        let url = DatabaseUrl::Sqlite(scene.folder.path().join("docket.db"));
        let mut reader = establish(&url, Purpose::Reading).unwrap();
        Statement::new("BEGIN").execute(&mut reader).unwrap();
        Statement::new("SELECT COUNT(*) FROM notes").execute(&mut reader).unwrap();
        scene.write_a_mebibyte().await;
        let emptying = tokio::task::spawn_blocking(move || empty_log(&url));
        let hindering = Stopwatch::start();
        while hindering.elapsed() < Duration::from_secs(1) {
            scene.does("INSERT INTO notes VALUES ('an order')").await;
        }
        drop(reader);
        assert!(emptying.await.unwrap().unwrap(), "it gave up before the reader was done");
    }

    #[test]
    fn once_nobody_copies_the_lane_is_told_at_its_next_commit() {
        let (committed, commits) = sync_channel(1);
        let mut lanes = Checkpointer::ended();
        lanes.committed = Some(committed);
        assert!(lanes.committed().is_ok() && lanes.committed().is_ok());
        drop(commits);
        assert!(lanes.committed().is_err());
    }

    #[tokio::test]
    async fn a_long_log_begins_anew_under_commits_without_a_pause() {
        let scene = Scene::new().await;
        for _ in 0..256 {
            scene.write_a_mebibyte().await;
        }
        assert!(scene.size("docket.db") > 160 * MEBIBYTE);
        assert!(scene.size("docket.db-wal") < 192 * MEBIBYTE);
    }
}
