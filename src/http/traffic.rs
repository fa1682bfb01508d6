//! The requests of this process: how many run, how many are worked on, and whether more may begin.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// The requests of this process.
#[derive(Debug, Clone, Default)]
pub struct Traffic(Arc<Counts>);

#[derive(Debug, Default)]
struct Counts {
    stopping: AtomicBool,
    /// All that are not over, with the work that goes on after their client has gone.
    running: AtomicUsize,
    /// Of those, the ones that wait for somebody else: they take up a connection, and no time.
    waiting: AtomicUsize,
}

/// Counted for as long as this lives.
#[derive(Debug)]
struct Counted {
    counts: Arc<Counts>,
    among: fn(&Counts) -> &AtomicUsize,
}

impl Counted {
    fn begin(counts: &Arc<Counts>, among: fn(&Counts) -> &AtomicUsize) -> Self {
        among(counts).fetch_add(1, Ordering::SeqCst);
        Self { counts: Arc::clone(counts), among }
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        (self.among)(&self.counts).fetch_sub(1, Ordering::SeqCst);
    }
}

tokio::task_local! {
    static RUNNING: Running;
}

/// A request that was let in, until everything that it began has ended.
#[derive(Debug, Clone, Default)]
pub(super) struct Running {
    counted: Option<Arc<Counted>>,
}

impl Running {
    /// Does the work of this request.
    pub(super) async fn during<T>(self, work: impl Future<Output = T>) -> T {
        RUNNING.scope(self, work).await
    }

    /// The request whose work this is; outside of requests, one that nobody counts.
    pub(super) fn current() -> Self {
        RUNNING.try_with(Self::clone).unwrap_or_default()
    }
}

/// A request waits for somebody else, as long as this lives: for the rest of its body, for a
/// gateway. Meanwhile another one can be let in.
#[derive(Debug)]
#[must_use = "dropping it ends the waiting"]
pub struct Waiting {
    _counted: Option<Counted>,
}

impl Waiting {
    /// The running request begins to wait; outside of requests, nobody does.
    pub fn begin() -> Self {
        let running = Running::current().counted;
        let counts = running.map(|running| Arc::clone(&running.counts));
        Self { _counted: counts.map(|counts| Counted::begin(&counts, |counts| &counts.waiting)) }
    }
}

impl Traffic {
    /// From now on the server is stopping: new requests are refused, and those that are running
    /// are waited for.
    pub fn stop(&self) {
        self.0.stopping.store(true, Ordering::SeqCst);
    }

    /// Whether the server is stopping.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.0.stopping.load(Ordering::SeqCst)
    }

    /// How many requests are running.
    #[must_use]
    pub fn running(&self) -> usize {
        self.0.running.load(Ordering::SeqCst)
    }

    /// Lets a request in, unless `most` are being worked on already.
    pub(super) fn let_in(&self, most: usize) -> Option<Running> {
        let waiting = self.0.waiting.load(Ordering::SeqCst);
        let counted = Counted::begin(&self.0, |counts| &counts.running);
        let worked_on = self.running().saturating_sub(waiting);
        (worked_on <= most).then(|| Running { counted: Some(Arc::new(counted)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn no_more_are_let_in_than_can_be_worked_on() {
        let traffic = Traffic::default();
        let first = traffic.let_in(1).unwrap();
        assert!(traffic.let_in(1).is_none());
        let waiting = first.clone().during(async { Waiting::begin() }).await;
        let second = traffic.let_in(1).unwrap();
        drop(waiting);
        assert!(traffic.let_in(1).is_none());
        drop((first, second));
        assert_eq!(traffic.running(), 0);
    }
}
