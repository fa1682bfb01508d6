//! Measuring: docket and the floors in turns, each on a fresh directory of the same disk.

use std::path::Path;

use rusqlite::Connection;

use crate::client::{self, Seen};
use crate::machine::Usage;
use crate::process::Home;
use crate::rows::{OrderRows, of_orders};
use crate::scenario::Scenario;
use crate::shop::Shop;
use crate::{Asked, floor};

/// Orders in one commit of the batched floor.
const BATCH: usize = 64;
/// Bytes of an order's share are counted with what the checkpoints write of it.
const CHECKPOINT: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// One round of docket.
pub struct Round {
    pub seen: Seen,
    pub server: Usage,
    /// Orders that stand in the database.
    pub orders: usize,
    /// Rows inserted and updated for them, by what is in the tables.
    pub lines: usize,
}

/// What all rounds came to.
pub struct Measured {
    pub rounds: Vec<Round>,
    /// Orders per second of the batched floor, one number per round.
    pub batched: Vec<f64>,
    /// Orders per second of the floor with one order per commit.
    pub single: Vec<f64>,
}

/// Runs a scenario as often as was asked.
pub fn run(scenario: &Scenario, asked: &Asked) -> Measured {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::in_folder(folder.path());
    let mut measured = Measured { rounds: Vec::new(), batched: Vec::new(), single: Vec::new() };
    for _ in 0..asked.rounds {
        let home = Home::on_sqlite();
        measured.rounds.push(docket(scenario, &shop, &home, asked.orders));
        if scenario.with_floors {
            let rows = of_orders(&home.data.path().join("docket.db"));
            measured.batched.push(rate(&shop, &rows, BATCH));
            // Fewer will do: every order waits for the disk.
            measured.single.push(rate(&shop, &rows[..rows.len().min(3_000)], 1));
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
    server.stop();
    let conn = Connection::open(home.data.path().join("docket.db")).unwrap();
    conn.execute_batch(CHECKPOINT).unwrap();
    let count = |table: &str| {
        let sql = format!("SELECT COUNT(*) FROM {table}");
        usize::try_from(conn.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap()).unwrap()
    };
    Round { seen, server: server_used, orders: count("orders"), lines: count("order_lines") }
}

/// Orders per second of the bare loop on a fresh database.
fn rate(shop: &Shop, rows: &[OrderRows], batch: usize) -> f64 {
    let home = Home::on_sqlite();
    home.run(&["migrate"]);
    home.run(&["import", "products", shop.products.to_str().unwrap()]);
    let database: &Path = &home.data.path().join("docket.db");
    let conn = Connection::open(database).unwrap();
    // The import has entries of its own, whose numbers the orders' entries had to follow.
    conn.execute_batch("DROP TRIGGER journal_sequence_no_delete; DELETE FROM journal_sequence;")
        .unwrap();
    drop(conn);
    rows.len() as f64 / floor::seconds(database, rows, batch)
}
