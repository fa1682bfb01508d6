//! A transaction that stays open, so that what else happens meets it under way.

use std::future::Future;
use std::sync::mpsc;
use std::time::Duration;

use docket::db::WriteTx;
use docket::error::Error;
use docket::kernel::{Actor, Origin};
use tokio::task::JoinHandle;

use super::app::TestApp;

/// Who does not wait for the transaction has answered by then.
const LONG_ENOUGH: Duration = Duration::from_secs(2);

/// A transaction that has changed what it is to change, and is not committed.
pub struct Held<T> {
    end: mpsc::Sender<()>,
    writing: JoinHandle<T>,
}

impl TestApp {
    /// Changes the database as a person at the command line does, and does not commit yet.
    pub async fn holds<T: Send + 'static>(
        &self,
        work: impl Fn(&mut WriteTx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Held<T> {
        let db = self.database();
        let (begin, begun) = mpsc::channel();
        let (end, ended) = mpsc::channel();
        let writing = tokio::spawn(async move {
            let work = move |tx: &mut WriteTx<'_>| {
                let done = work(tx)?;
                begin.send(()).unwrap();
                ended.recv().unwrap();
                Ok(done)
            };
            let done = db.write(&Origin::of(Actor::CommandLine), work).await.unwrap();
            db.close().await;
            done
        });
        tokio::task::spawn_blocking(move || begun.recv().unwrap()).await.unwrap();
        Held { end, writing }
    }
}

impl<T> Held<T> {
    /// Commits once `other` has ended, or cannot end before; what came of both.
    pub async fn commits_after<Other>(self, other: impl Future<Output = Other>) -> (T, Other) {
        let mut other = Box::pin(other);
        let early = tokio::time::timeout(LONG_ENOUGH, &mut other).await;
        self.end.send(()).unwrap();
        let done = self.writing.await.unwrap();
        let other = match early {
            Ok(other) => other,
            Err(_) => other.await,
        };
        (done, other)
    }
}
