//! What is counted over many deaths of a server.

use std::time::Duration;

use docket::kernel::Stopwatch;

use crate::books::Books;
use crate::load::{Load, Tally};
use crate::process::{Home, Server};

/// `docket check` and `docket audit verify` read everything: not after each death, but so many.
const WHOLE_EVERY: usize = 10;

/// Deaths so far.
#[derive(Default)]
pub struct Toll {
    deaths: usize,
    /// Orders that were acknowledged before the last death.
    acknowledged: usize,
    starts: Vec<Duration>,
}

impl Toll {
    /// Starts a server, and keeps how long it took until it listened.
    pub fn start(&mut self, start: impl FnOnce() -> Server) -> Server {
        let took = Stopwatch::start();
        let server = start();
        self.starts.push(took.elapsed());
        server
    }

    /// After a death: nothing that was acknowledged is lost or doubled, and the books are in order.
    pub async fn count(&mut self, load: &Load, home: &Home) {
        self.deaths += 1;
        let books = Books::of(home);
        let Tally { acknowledged, lost, doubled } = load.tally(&books).await;
        assert_eq!((lost, doubled), (0, 0), "of {acknowledged}, after {} deaths", self.deaths);
        self.acknowledged = acknowledged;
        let whole = self.deaths.is_multiple_of(WHOLE_EVERY);
        if whole {
            assert_eq!(books.findings().await, []);
        }
        books.close().await;
        if whole {
            home.run(&["audit", "verify"]);
        }
    }

    /// Prints what was counted, once all orders came to their end.
    pub fn print(mut self, load: &Load) {
        self.starts.sort();
        println!("deaths                       {:>10}", self.deaths);
        println!("orders sent                  {:>10}", load.sent());
        println!("acknowledged before a death  {:>10}", self.acknowledged);
        println!("lost, doubled                {:>10}", "0, 0");
        println!("ready again, median          {:>10.1?}", self.starts[self.starts.len() / 2]);
        println!("ready again, longest         {:>10.1?}", self.starts[self.starts.len() - 1]);
    }
}
