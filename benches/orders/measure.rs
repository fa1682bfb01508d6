//! Measuring: docket and the floors in turns, each on a fresh database of the same disk.

use crate::Asked;
use crate::client::{self, Seen};
use crate::database::Database;
use crate::floor::Floor;
use crate::machine::Usage;
use crate::process::Home;
use crate::rows::{Table, Written};
use crate::scenario::Scenario;
use crate::shop::Shop;

/// One round of docket.
pub struct Round {
    pub seen: Seen,
    pub server: Usage,
    /// Orders that stand in the database.
    pub orders: usize,
    pub lines: usize,
    /// Rows inserted and updated for them, by what is in the tables; 0 where these were not read.
    pub row_writes: usize,
}

/// What all rounds came to.
pub struct Measured {
    /// What of the database's settings the figures hang on.
    pub settings: Vec<(String, String)>,
    pub rounds: Vec<Round>,
    /// Each floor's orders per second, one number per round.
    pub floors: Vec<(&'static Floor, Vec<f64>)>,
}

/// Runs a scenario as often as was asked.
pub fn run(scenario: &Scenario, asked: &Asked) -> Measured {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::in_folder(folder.path());
    let database = scenario.database;
    let floors = if scenario.with_floors { database.floors() } else { &[] };
    let mut measured = Measured {
        settings: database.settings(),
        rounds: Vec::new(),
        floors: floors.iter().map(|floor| (floor, Vec::new())).collect(),
    };
    for _ in 0..asked.rounds {
        let home = database.home();
        let round = docket(scenario, &shop, &home, asked.orders);
        let written = scenario.with_floors.then(|| database.written(&home));
        let row_writes = written.as_ref().map_or(0, row_writes);
        measured.rounds.push(Round { row_writes, ..round });
        database.discard(home);
        for (floor, rates) in &mut measured.floors {
            rates.extend(written.as_ref().map(|written| rate(database, &shop, floor, written)));
        }
    }
    measured
}

fn docket(scenario: &Scenario, shop: &Shop, home: &Home, orders: usize) -> Round {
    let requests = home.data.path().join("requests");
    (scenario.requests)(shop, orders).write_to(&requests);
    let server = home.start(scenario.settings);
    home.run(&["import", "products", shop.products.to_str().unwrap()]);
    let before = Usage::of(server.id());
    let address = server.api.trim_start_matches("http://");
    let seen = client::send(address, &requests, scenario.clients);
    let server_used = Usage::of(server.id()).since(before);
    scenario.database.settle(home);
    server.stop();
    let count = |table| scenario.database.count(home, table);
    let (orders, lines) = (count("orders"), count("order_lines"));
    Round { seen, server: server_used, orders, lines, row_writes: 0 }
}

/// Orders per second of a floor on a fresh database.
fn rate(database: &dyn Database, shop: &Shop, floor: &Floor, written: &Written) -> f64 {
    let home = database.home();
    home.run(&["migrate"]);
    home.run(&["import", "products", shop.products.to_str().unwrap()]);
    let rate = database.rate(&home, floor, written);
    database.discard(home);
    rate
}

/// Rows inserted and updated; among them levels of stock, which are reserved first, then taken.
fn row_writes(written: &Written) -> usize {
    let (movements, ..) = written.movements();
    let of_table = |(place, (table, _)): (usize, &(&Table, Vec<String>))| {
        let rows: usize = written.orders.iter().map(|order| order[place].len()).sum();
        let levels = if place == movements { 2 } else { 0 };
        rows * (1 + usize::from(!table.later.is_empty()) + levels)
    };
    written.tables.iter().enumerate().map(of_table).sum()
}
