//! Batches in which something goes wrong. One command holds the lane until the others wait behind
//! it, so that they share a commit.

use std::sync::Arc;
use std::sync::mpsc;

use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use super::command::{Command, Job};
use super::{Outcome, Server};
use crate::db::checkpoint::Checkpointer;
use crate::db::connection::{Purpose, establish};
use crate::db::{DatabaseUrl, Db, DbOptions, Statement, Turn, WriteTx};
use crate::error::{Error, Refusal};
use crate::kernel::{Actor, Clock, Origin};

#[derive(QueryableByName)]
struct Counted {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

struct Scene {
    _folder: TempDir,
    db: Arc<Db>,
}

impl Scene {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::Sqlite(folder.path().join("docket.db"));
        let db = Arc::new(Db::open(&DbOptions::new(url), Clock::System).unwrap());
        let scene = Self { _folder: folder, db };
        let tables = "CREATE TABLE notes (text TEXT PRIMARY KEY) STRICT";
        scene.does(tables).await;
        let late = "CREATE TABLE debts (note TEXT REFERENCES notes DEFERRABLE INITIALLY DEFERRED)";
        scene.does(late).await;
        scene
    }

    async fn does(&self, sql: &'static str) {
        self.db.write(&origin(), move |tx| tx.execute(Statement::new(sql))).await.unwrap();
    }

    /// Keeps the lane busy until the other end is dropped.
    async fn hold(&self) -> mpsc::Sender<()> {
        let (sender, held) = mpsc::channel::<()>();
        let (began, has_begun) = tokio::sync::oneshot::channel();
        let (held, began) = (std::sync::Mutex::new(held), std::sync::Mutex::new(Some(began)));
        let db = Arc::clone(&self.db);
        tokio::spawn(async move {
            let hold = move |_: &mut WriteTx<'_>| {
                if let Some(began) = began.lock().unwrap().take() {
                    began.send(()).unwrap();
                }
                let _ = held.lock().unwrap().recv();
                Ok(())
            };
            db.write(&origin(), hold).await
        });
        has_begun.await.unwrap();
        sender
    }

    /// Sends a command; it waits in the lane when this returns.
    async fn send(
        &self,
        work: impl Fn(&mut WriteTx<'_>) -> Result<(), Error> + Send + 'static,
    ) -> JoinHandle<Result<(), Error>> {
        let db = Arc::clone(&self.db);
        let sent = tokio::spawn(async move { db.write(&origin(), work).await });
        // On the one thread of these tests, the command is sent once its task has had its turn.
        tokio::task::yield_now().await;
        sent
    }

    async fn notes(&self) -> i64 {
        let query = "SELECT COUNT(*) AS count FROM notes";
        let read = self.db.read(move |conn| Statement::new(query).first::<Counted>(conn)).await;
        read.unwrap().unwrap().count
    }
}

fn origin() -> Origin {
    Origin::of(Actor::System)
}

fn note(text: &'static str) -> impl Fn(&mut WriteTx<'_>) -> Result<(), Error> + Send + 'static {
    move |tx| tx.execute(Statement::new("INSERT INTO notes VALUES (?)").bind(text)).map(|_| ())
}

/// Breaks a rule that SQLite looks at only when it commits.
fn debt(tx: &mut WriteTx<'_>) -> Result<(), Error> {
    tx.execute(Statement::new("INSERT INTO debts VALUES ('nobody')")).map(|_| ())
}

#[tokio::test]
async fn a_command_that_is_refused_undoes_only_itself() {
    let scene = Scene::new().await;
    let hold = scene.hold().await;
    let first = scene.send(note("first")).await;
    let refused = scene
        .send(|tx| {
            note("refused")(tx)?;
            Err(Refusal::new(409, "planted", "Planted.").into())
        })
        .await;
    let last = scene.send(note("last")).await;
    drop(hold);
    first.await.unwrap().unwrap();
    assert!(matches!(refused.await.unwrap(), Err(Error::Refused(_))));
    last.await.unwrap().unwrap();
    assert_eq!(scene.notes().await, 2);
}

#[tokio::test]
async fn a_command_that_panics_undoes_only_itself() {
    let scene = Scene::new().await;
    let hold = scene.hold().await;
    let first = scene.send(note("first")).await;
    let dead = scene
        .send(|tx| {
            note("dead")(tx)?;
            panic!("planted")
        })
        .await;
    let last = scene.send(note("last")).await;
    drop(hold);
    first.await.unwrap().unwrap();
    assert!(matches!(dead.await.unwrap(), Err(Error::Internal { .. })));
    last.await.unwrap().unwrap();
    assert_eq!(scene.notes().await, 2);
}

#[tokio::test]
async fn a_commit_that_fails_fails_all_of_its_batch_and_nothing_more() {
    let scene = Scene::new().await;
    let hold = scene.hold().await;
    let innocent = scene.send(note("innocent")).await;
    let guilty = scene.send(debt).await;
    drop(hold);
    assert!(matches!(innocent.await.unwrap(), Err(Error::Unavailable(_))));
    assert!(matches!(guilty.await.unwrap(), Err(Error::Unavailable(_))));
    scene.does("INSERT INTO notes VALUES ('later')").await;
    assert_eq!(scene.notes().await, 1);
}

#[tokio::test]
async fn what_was_answered_ahead_of_a_failed_commit_is_written_before_anything_else() {
    let scene = Scene::new().await;
    let hold = scene.hold().await;
    let db = Arc::clone(&scene.db);
    let ahead = tokio::spawn(async move { db.write_ahead(&origin(), note("ahead")).await });
    tokio::task::yield_now().await;
    let guilty = scene.send(debt).await;
    drop(hold);
    ahead.await.unwrap().unwrap();
    assert!(matches!(guilty.await.unwrap(), Err(Error::Unavailable(_))));
    assert_eq!(scene.notes().await, 0);
    scene.does("UPDATE notes SET text = 'seen' WHERE text = 'ahead'").await;
    assert_eq!(scene.notes().await, 1);
    scene.does("INSERT INTO notes VALUES ('ahead')").await;
    assert_eq!(scene.notes().await, 2, "it was written once");
}

#[tokio::test]
async fn what_was_answered_ahead_stands_when_its_batch_is_run_again() {
    let scene = Scene::new().await;
    let hold = scene.hold().await;
    let db = Arc::clone(&scene.db);
    let ahead = tokio::spawn(async move { db.write_ahead(&origin(), note("ahead")).await });
    tokio::task::yield_now().await;
    let refused = scene.send(|_| Err(Refusal::new(409, "planted", "Planted.").into())).await;
    drop(hold);
    ahead.await.unwrap().unwrap();
    assert!(matches!(refused.await.unwrap(), Err(Error::Refused(_))));
    assert_eq!(scene.notes().await, 1);
}

#[test]
fn once_nobody_copies_the_log_the_lane_makes_one_commit_more_and_ends() {
    let scene = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::Sqlite(scene.path().join("docket.db"));
    let (queue, commands) = tokio::sync::mpsc::channel(2);
    let [first, second] =
        ["CREATE TABLE first (a TEXT)", "CREATE TABLE second (a TEXT)"].map(|sql| {
            let (reply, answer) = tokio::sync::oneshot::channel();
            let work = move |tx: &mut WriteTx<'_>| tx.execute(Statement::new(sql));
            let command: Box<dyn Command> = Box::new(Job::new(Turn::New, origin(), work, reply));
            assert!(queue.try_send(command).is_ok());
            answer
        });
    let mut server = Server {
        conn: establish(&url, Purpose::Writing).unwrap(),
        commands,
        batch: 1,
        clock: Clock::System,
        owed: Vec::new(),
        careful: 0,
        checkpointer: Checkpointer::ended(),
    };
    drop(queue);
    let outcome = server.serve();
    assert!(outcome == Outcome::DiskFailed);
    drop(server);
    assert!(first.blocking_recv().unwrap().is_ok());
    assert!(second.blocking_recv().is_err(), "the second was answered");
}
