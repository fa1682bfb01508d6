//! A server that dies or stops, at any moment, loses nothing that it acknowledged, charges nobody
//! twice, and brings everything to rest when it is started again. On both databases.
//!
//! `cargo test --test crash -- --ignored` kills it as often as a release should bear.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints what it measured"
)]

#[path = "support/books.rs"]
mod books;
#[path = "support/buyer.rs"]
mod buyer;
#[path = "crash/cycle.rs"]
mod cycle;
#[path = "support/disk.rs"]
mod disk;
#[path = "crash/kill.rs"]
mod kill;
#[path = "crash/load.rs"]
mod load;
#[path = "crash/points.rs"]
mod points;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "crash/power.rs"]
mod power;
#[path = "support/process.rs"]
mod process;
#[path = "support/random.rs"]
mod random;
#[path = "crash/stop.rs"]
mod stop;
#[path = "crash/subjects.rs"]
mod subjects;
