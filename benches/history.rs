//! docket with a long history in its database (SQLite): what a million orders more cost.
//!
//! `cargo bench --bench history [-- FIGURE…] [-- --orders N --keep DIR --rounds N --json]`; without
//! figures all of them, `-- list` names them. The history is made once and takes some minutes: kept
//! in a folder, it is there for the next run as well.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench fails by panicking, and prints what it measured"
)]

#[path = "../tests/support/buyer.rs"]
mod buyer;
#[path = "orders/client.rs"]
mod client;
#[path = "history/commands.rs"]
mod commands;
#[path = "history/copies.rs"]
mod copies;
#[path = "../tests/baskets/data.rs"]
mod data;
#[path = "orders/database.rs"]
#[allow(dead_code, reason = "it is read, not measured")]
mod database;
#[path = "history/desk.rs"]
mod desk;
#[path = "orders/figures.rs"]
mod figures;
#[path = "orders/floor.rs"]
#[allow(dead_code, reason = "it is read, not measured")]
mod floor;
#[path = "history/journal.rs"]
mod journal;
#[path = "history/lists.rs"]
mod lists;
#[path = "history/load.rs"]
mod load;
#[path = "orders/machine.rs"]
mod machine;
#[path = "../tests/support/postgres.rs"]
mod postgres;
#[path = "../tests/support/process.rs"]
mod process;
#[path = "../tests/support/random.rs"]
mod random;
#[path = "orders/rows.rs"]
mod rows;
#[path = "history/sample.rs"]
mod sample;
#[path = "orders/shop.rs"]
mod shop;
#[path = "orders/sqlite.rs"]
#[allow(dead_code, reason = "it is read, not measured")]
mod sqlite;
#[path = "history/traffic.rs"]
mod traffic;

use std::path::PathBuf;

use process::Home;
use shop::Shop;

/// A name and what was measured.
pub type Figure = (String, f64);

/// How something is measured.
type Measure = fn(&Bench) -> Vec<Figure>;

/// What is measured: its name, what it is, and how.
const FIGURES: &[(&str, &str, Measure)] = &[
    ("start", "from the start of the process until it is ready", commands::start),
    ("orders", "real baskets, 64 buyers, beside an empty database in turns", traffic::orders),
    ("reads", "orders by their id, 64 clients, beside /livez in turns", traffic::reads),
    ("lists", "pages of the order list, first and deep, one client: p99", lists::pages),
    ("combined", "pages under two filters at once: p99", lists::combined),
    ("journal", "pages of the journal, one client: p99", journal::pages),
    ("desk", "pages of the desk and the window, its store full: p99", desk::pages),
    ("check", "docket check and docket audit verify", commands::checks),
    ("invariants", "each invariant by itself", commands::invariants),
    ("beside", "real baskets, 8 buyers, beside docket check", traffic::beside_check),
];

/// What the figures work with.
pub struct Bench {
    /// The shop with the history.
    pub history: Home,
    /// Baskets for it, and for an empty one.
    pub shop: Shop,
    /// Rounds, of which the median counts.
    pub rounds: usize,
}

/// What was asked for on the command line.
struct Asked {
    orders: usize,
    keep: Option<PathBuf>,
    rounds: usize,
    json: bool,
    figures: Vec<String>,
}

impl Asked {
    fn read(words: impl Iterator<Item = String>) -> Self {
        let figures = Vec::new();
        let mut asked = Self { orders: 100_000, keep: None, rounds: 3, json: false, figures };
        let mut words = words.filter(|word| word != "--bench");
        while let Some(word) = words.next() {
            let mut next = || words.next().expect("a value");
            match word.as_str() {
                "--json" => asked.json = true,
                "--orders" => asked.orders = next().parse().expect("a number"),
                "--rounds" => asked.rounds = next().parse().expect("a number"),
                "--keep" => asked.keep = Some(next().into()),
                _ => asked.figures.push(word),
            }
        }
        asked
    }

    fn wants(&self, name: &str) -> bool {
        self.figures.is_empty() || self.figures.iter().any(|asked| asked == name)
    }
}

fn main() {
    let mut words = std::env::args().skip(1).peekable();
    if words.next_if(|word| word == client::COMMAND).is_some() {
        return client::run(words);
    }
    let asked = Asked::read(words);
    if asked.figures.iter().any(|word| word == "list") {
        FIGURES.iter().for_each(|(name, what, _)| println!("{name:12} {what}"));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::in_folder(folder.path());
    let history = asked.keep.as_deref().map_or_else(Home::on_sqlite, Home::in_folder);
    if !history.database_file().exists() {
        let figures = load::fill(&history, &shop, asked.orders);
        figures::print("load", "making the history", &figures, asked.json);
    }
    let bench = Bench { history, shop, rounds: asked.rounds };
    for (name, what, measure) in FIGURES.iter().filter(|(name, ..)| asked.wants(name)) {
        figures::print(name, what, &measure(&bench), asked.json);
    }
}
