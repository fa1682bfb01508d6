//! A database to measure on: how docket gets a fresh one, what it left there, and what the same
//! database does for the bare loop.

use crate::floor::Floor;
use crate::process::Home;
use crate::rows::Written;

pub trait Database: Sync {
    /// What of its settings the figures hang on, by name.
    fn settings(&self) -> Vec<(String, String)>;

    /// A place of its own for docket, on the same disk each time.
    fn home(&self) -> Home;

    /// The place is needed no more; nothing of it goes on beside the next one.
    fn discard(&self, home: Home);

    /// Waits until what docket does after its answers is done as well; the server still runs.
    fn settle(&self, home: &Home);

    /// Rows of a table.
    fn count(&self, home: &Home, table: &str) -> usize;

    /// What docket wrote there for each order; no server runs there any more.
    fn written(&self, home: &Home) -> Written;

    /// The floors to be measured in turns with docket.
    fn floors(&self) -> &'static [Floor];

    /// Orders per second of a floor, at a home that has the products and nothing else.
    fn rate(&self, home: &Home, floor: &Floor, written: &Written) -> f64;
}
