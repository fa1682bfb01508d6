//! What becomes of the server when more is asked of it than it can do, by clients who never come to
//! an end, or for long.
//!
//! `cargo bench --bench overload -- overload | slow-clients | memory
//! [--seconds N] [--minutes N] [--clients N] [--rounds N] [--json]`
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench fails by panicking, and prints what it measured"
)]

#[path = "overload/answers.rs"]
mod answers;
#[path = "../tests/baskets/data.rs"]
mod data;
#[path = "orders/figures.rs"]
mod figures;
#[path = "overload/flood.rs"]
mod flood;
#[path = "overload/load.rs"]
mod load;
#[path = "orders/machine.rs"]
mod machine;
#[path = "overload/memory.rs"]
mod memory;
#[path = "../tests/support/postgres.rs"]
mod postgres;
#[path = "../tests/support/process.rs"]
mod process;
#[path = "overload/processors.rs"]
mod processors;
#[path = "../tests/support/random.rs"]
mod random;
#[path = "overload/resident.rs"]
mod resident;
#[path = "orders/shop.rs"]
mod shop;
#[path = "overload/slow.rs"]
mod slow;
#[path = "overload/slow_clients.rs"]
mod slow_clients;

use std::time::Duration;

use figures::median;
use load::Prepared;
use shop::{Requests, Shop, new_key};

/// A scenario: its name, what it is, and the figures of one round.
type Scenario = (&'static str, &'static str, fn(&Asked) -> Vec<(&'static str, f64)>);

const SCENARIOS: &[Scenario] = &[
    ("overload", "three times as many orders as can be placed", flood::run),
    ("slow-clients", "a thousand clients that never come to an end", slow_clients::run),
    ("memory", "as many orders as can be placed, for minutes", memory::run),
];

/// What was asked for on the command line.
pub struct Asked {
    seconds: u64,
    /// How long as much as possible is asked.
    pub minutes: u64,
    /// Slow clients at once.
    pub clients: usize,
    rounds: usize,
    json: bool,
    scenarios: Vec<String>,
}

impl Asked {
    fn read(words: impl Iterator<Item = String>) -> Self {
        let mut asked = Self {
            seconds: 60,
            minutes: 3,
            clients: 1_000,
            rounds: 1,
            json: false,
            scenarios: Vec::new(),
        };
        let mut words = words.filter(|word| word != "--bench");
        while let Some(word) = words.next() {
            let mut number = || words.next().expect("a number").parse::<u64>().expect("a number");
            match word.as_str() {
                "--json" => asked.json = true,
                "--seconds" => asked.seconds = number(),
                "--minutes" => asked.minutes = number(),
                "--clients" => asked.clients = usize::try_from(number()).unwrap(),
                "--rounds" => asked.rounds = usize::try_from(number()).unwrap(),
                _ => asked.scenarios.push(word),
            }
        }
        asked
    }

    /// How long too much is asked.
    pub fn time(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

/// Ten thousand orders, to be sent in turns.
pub fn orders(shop: &Shop) -> Prepared {
    let mut requests = Requests::default();
    for body in shop.orders(10_000, |_, _| {}) {
        requests.order(&new_key(), &body);
    }
    Prepared::new(&requests)
}

fn main() {
    let asked = Asked::read(std::env::args().skip(1));
    for (name, what, run) in SCENARIOS {
        if !asked.scenarios.iter().any(|wanted| wanted == name || wanted == "all") {
            println!("{name:28} {what}");
            continue;
        }
        let rounds: Vec<_> = (0..asked.rounds).map(|_| run(&asked)).collect();
        let figure = |place: usize| {
            let values = rounds.iter().map(|round: &Vec<(&str, f64)>| round[place].1).collect();
            (rounds[0][place].0, median(values))
        };
        let medians: Vec<_> = (0..rounds[0].len()).map(figure).collect();
        figures::print(name, what, &medians, asked.json);
    }
}
