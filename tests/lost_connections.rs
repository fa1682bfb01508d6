//! PostgreSQL closes all connections when it is started anew; whoever comes later does not notice.
//!
//! Only when there is a server (see `support/postgres.rs`).
#![allow(clippy::unwrap_used, reason = "these are tests")]

#[path = "support/postgres.rs"]
mod postgres;

use std::sync::{Arc, Barrier};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use docket::db::{Db, DbOptions, Statement};
use docket::error::Error;
use docket::kernel::{Actor, Clock, Origin};
use futures_util::future::join_all;

const READERS: u32 = 4;
const WRITERS: u32 = 8;

/// Work that goes on until so many others are at it as well.
fn together(count: u32) -> impl Fn() -> Result<(), Error> + Clone + Send + 'static {
    let barrier = Arc::new(Barrier::new(count as usize));
    move || {
        barrier.wait();
        Ok(())
    }
}

/// Uses every connection that the pools may have, at once.
async fn use_all_connections(db: &Db) {
    let (reading, writing) = (together(READERS), together(WRITERS));
    let reads = (0..READERS).map(|_| {
        let reading = reading.clone();
        db.read(move |conn| {
            Statement::new("SELECT 1").execute(conn)?;
            reading()
        })
    });
    assert!(join_all(reads).await.iter().all(Result::is_ok));
    let origin = Origin::of(Actor::CommandLine);
    let writes = (0..WRITERS).map(|_| {
        let writing = writing.clone();
        db.write(&origin, move |tx| {
            tx.execute(Statement::new("SELECT 1"))?;
            writing()
        })
    });
    assert!(join_all(writes).await.iter().all(Result::is_ok));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_that_the_server_closed_are_replaced_unseen() {
    let Some(url) = postgres::database() else { return };
    let options =
        DbOptions { readers: READERS, writers: WRITERS, ..DbOptions::new(url.parse().unwrap()) };
    let db = Db::open(&options, Clock::System).unwrap();
    use_all_connections(&db).await;
    PgConnection::establish(&url)
        .unwrap()
        .batch_execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity \
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        )
        .unwrap();
    use_all_connections(&db).await;
}
