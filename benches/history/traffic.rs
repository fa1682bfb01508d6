//! Many clients at once: orders beside an empty database, reads beside the cheapest answer there
//! is, and orders while the whole database is being checked.

use std::fs;

use docket::kernel::Stopwatch;
use rusqlite::Connection;

use crate::Bench;
use crate::Figure;
use crate::client::{self, Seen};
use crate::figures::median;
use crate::machine::Usage;
use crate::process::{Home, Server};
use crate::random::Random;
use crate::shop::ALL_ON;
use crate::shop::{Requests, Shop, new_key};

const CLIENTS: usize = 64;
/// Orders in a round: enough for the jobs in the background to get their turn.
const ORDERS: usize = 30_000;
const READS: usize = 30_000;
/// Buyers that leave the machine time for the check.
const FEW: usize = 8;
/// The check is cut short before the write-ahead log fills the disk.
const LOG_ENOUGH: u64 = 4 << 30;
/// Orders of a small database, and of a measurement while the check runs.
const SOME: usize = 2_000;

/// What a server did in one go.
struct Run {
    seen: Seen,
    resident_mib: f64,
}

impl Run {
    fn rate(&self) -> f64 {
        self.seen.latencies.len() as f64 / self.seen.seconds
    }
}

fn send(server: &Server, address: &str, requests: &Requests, clients: usize) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("requests");
    requests.write_to(&file);
    let seen = client::send(address.trim_start_matches("http://"), &file, clients);
    assert!(seen.statuses.iter().all(|(status, _)| *status < 300), "{:?}", seen.statuses);
    let resident_mib = Usage::of(server.id()).resident_most as f64 / f64::from(1 << 20);
    Run { seen, resident_mib }
}

fn baskets(shop: &Shop, count: usize) -> Requests {
    let mut requests = Requests::default();
    shop.orders(count, |_, _| {}).iter().for_each(|body| requests.order(&new_key(), body));
    requests
}

fn empty_shop(shop: &Shop) -> Home {
    let home = Home::on_sqlite();
    home.run(&["migrate"]);
    home.run(&["import", "products", shop.products.to_str().unwrap()]);
    home
}

fn place(bench: &Bench, home: &Home) -> Run {
    let server = home.start(ALL_ON);
    let run = send(&server, &server.api, &baskets(&bench.shop, ORDERS), CLIENTS);
    server.stop();
    run
}

/// The figures of a way of running, by names that begin with `of`.
fn told(of: &str, runs: &[Run]) -> Vec<Figure> {
    let figure = |name: &str, value: fn(&Run) -> f64| {
        (format!("{of}_{name}"), median(runs.iter().map(value).collect()))
    };
    vec![
        figure("per_second", Run::rate),
        figure("p50_ms", |run| run.seen.quantile(0.5)),
        figure("p99_ms", |run| run.seen.quantile(0.99)),
        figure("resident_mib", |run| run.resident_mib),
    ]
}

/// Round by round, so that what slows the machine down slows both down.
fn ratio(name: &str, runs: &[Run], to: &[Run]) -> Figure {
    let ratios = runs.iter().zip(to).map(|(run, to)| run.rate() / to.rate());
    (name.to_owned(), median(ratios.collect()))
}

/// Orders per second, with and without a history.
pub fn orders(bench: &Bench) -> Vec<Figure> {
    let (mut history, mut empty) = (Vec::new(), Vec::new());
    for _ in 0..bench.rounds {
        empty.push(place(bench, &empty_shop(&bench.shop)));
        history.push(place(bench, &bench.history));
    }
    let mut figures = [told("history", &history), told("empty", &empty)].concat();
    figures.push(ratio("history_to_empty", &history, &empty));
    figures
}

/// Reads of single orders, of a small database and with a history; `/livez` lives on the ops
/// listener, which has one thread.
pub fn reads(bench: &Bench) -> Vec<Figure> {
    let small = empty_shop(&bench.shop);
    let server = small.start(ALL_ON);
    send(&server, &server.api, &baskets(&bench.shop, SOME), CLIENTS);
    server.stop();
    [("small", &small), ("history", &bench.history)].map(|home| read(bench, home)).concat()
}

fn read(bench: &Bench, (name, home): (&str, &Home)) -> Vec<Figure> {
    let mut requests = Requests::default();
    ids(home, READS).iter().for_each(|id| requests.read(&format!("/v1/orders/{id}")));
    let mut live = Requests::default();
    (0..READS).for_each(|_| live.read("/livez"));
    let (mut reads, mut lives) = (Vec::new(), Vec::new());
    let server = home.start(ALL_ON);
    for _ in 0..bench.rounds {
        reads.push(send(&server, &server.api, &requests, CLIENTS));
        lives.push(send(&server, &server.ops, &live, CLIENTS));
    }
    server.stop();
    let mut figures = told(name, &reads);
    figures
        .push((format!("{name}_livez_per_second"), median(lives.iter().map(Run::rate).collect())));
    figures.push(ratio(&format!("{name}_to_livez"), &reads, &lives));
    figures
}

/// Orders of a database, any of them.
fn ids(home: &Home, count: usize) -> Vec<String> {
    let conn = Connection::open(home.database_file()).unwrap();
    let most: i64 = conn.query_row("SELECT MAX(number) FROM orders", [], |row| row.get(0)).unwrap();
    let mut query = conn.prepare("SELECT id FROM orders WHERE number = ?").unwrap();
    let mut random = Random::from_seed(1);
    let mut id = || {
        let number = random.between(1_001, u64::try_from(most).unwrap());
        query.query_row([i64::try_from(number).unwrap()], |row| row.get(0)).unwrap()
    };
    (0..count).map(|_| id()).collect()
}

/// Orders while another process checks the whole database, which holds one snapshot of it: how much
/// slower they are, and how long the write-ahead log grows.
pub fn beside_check(bench: &Bench) -> Vec<Figure> {
    let home = &bench.history;
    let server = home.start(ALL_ON);
    let place = || send(&server, &server.api, &baskets(&bench.shop, SOME), FEW);
    let quiet: Vec<Run> = (0..bench.rounds).map(|_| place()).collect();
    let log = home.data.path().join("docket.db-wal");
    let mut log_most = 0;
    let mut beside = Vec::new();
    let mut check = home.command(&["check"]).spawn().unwrap();
    let took = Stopwatch::start();
    while check.try_wait().unwrap().is_none() {
        beside.push(place());
        log_most = fs::metadata(&log).unwrap().len().max(log_most);
        if log_most > LOG_ENOUGH {
            check.kill().unwrap();
        }
    }
    let seconds = took.elapsed().as_secs_f64();
    let afterwards = vec![place()];
    server.stop();
    let mut figures = [told("quiet", &quiet), told("beside", &beside)].concat();
    figures.extend(told("afterwards", &afterwards));
    figures.push(("check_s".to_owned(), seconds));
    figures.push(("log_most_mib".to_owned(), log_most as f64 / f64::from(1 << 20)));
    figures
}
