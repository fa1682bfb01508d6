//! How fast orders are placed, and how close that is to what the database below allows: docket and
//! the bare loop that writes the very same rows, in turns, on the same disk, medians.
//!
//! `cargo bench --bench orders [-- SCENARIO…] [-- --orders N --rounds N --json]`; without scenarios
//! the main one. `-- all` runs every one, `-- list` names them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench fails by panicking, and prints what it measured"
)]

#[path = "orders/client.rs"]
mod client;
#[path = "../tests/baskets/data.rs"]
mod data;
#[path = "orders/database.rs"]
mod database;
#[path = "orders/figures.rs"]
mod figures;
#[path = "orders/floor.rs"]
mod floor;
#[path = "orders/machine.rs"]
mod machine;
#[path = "orders/measure.rs"]
mod measure;
#[path = "../tests/support/postgres.rs"]
mod postgres;
#[path = "orders/postgresql.rs"]
mod postgresql;
#[path = "../tests/support/process.rs"]
mod process;
#[path = "../tests/support/random.rs"]
mod random;
#[path = "orders/report.rs"]
mod report;
#[path = "orders/rows.rs"]
mod rows;
#[path = "orders/scenario.rs"]
mod scenario;
#[path = "orders/shop.rs"]
mod shop;
#[path = "orders/sqlite.rs"]
mod sqlite;

use scenario::{MAIN, SCENARIOS};

/// What was asked for on the command line.
pub struct Asked {
    /// Requests in a round.
    pub orders: usize,
    /// Rounds, of which the median counts.
    pub rounds: usize,
    /// A line of JSON per scenario instead of a table.
    pub json: bool,
    scenarios: Vec<String>,
}

impl Asked {
    fn read(words: impl Iterator<Item = String>) -> Self {
        let mut asked = Self { orders: 9_000, rounds: 3, json: false, scenarios: Vec::new() };
        let mut words = words.filter(|word| word != "--bench");
        while let Some(word) = words.next() {
            let mut number = || words.next().expect("a number").parse().expect("a number");
            match word.as_str() {
                "--json" => asked.json = true,
                "--orders" => asked.orders = number(),
                "--rounds" => asked.rounds = number(),
                _ => asked.scenarios.push(word),
            }
        }
        asked
    }

    fn wants(&self, name: &str) -> bool {
        match self.scenarios.is_empty() {
            true => name == MAIN,
            false => self.scenarios.iter().any(|asked| asked == name || asked == "all"),
        }
    }
}

fn main() {
    let mut words = std::env::args().skip(1).peekable();
    if words.next_if(|word| word == client::COMMAND).is_some() {
        return client::run(words);
    }
    let asked = Asked::read(words);
    if asked.scenarios.iter().any(|word| word == "list") {
        SCENARIOS.iter().for_each(|scenario| println!("{:24} {}", scenario.name, scenario.what));
        return;
    }
    for scenario in SCENARIOS.iter().filter(|scenario| asked.wants(scenario.name)) {
        let measured = measure::run(scenario, &asked);
        report::print(scenario, &measured, asked.json);
    }
}
