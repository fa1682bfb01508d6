//! What an acknowledged order survives, with figures: power cuts, kills, full disks, syncs that
//! fail. Ends with a failure when a single one is lost or doubled.
//!
//! `cargo bench --bench durability [-- power-cuts kills disk-full sync-errors] [-- --cycles N]`;
//! without words all of them. `DOCKET_TEST_SEED=N` repeats the moments of death.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench fails by panicking, and prints what it measured"
)]

#[path = "../tests/support/books.rs"]
mod books;
#[path = "../tests/support/buyer.rs"]
mod buyer;
#[path = "../tests/crash/cycle.rs"]
mod cycle;
#[path = "../tests/support/disk.rs"]
mod disk;
#[path = "durability/disk_full.rs"]
mod disk_full;
#[path = "durability/kills.rs"]
mod kills;
#[path = "../tests/crash/load.rs"]
mod load;
#[path = "../tests/support/postgres.rs"]
mod postgres;
#[path = "durability/power_cuts.rs"]
mod power_cuts;
#[path = "../tests/support/process.rs"]
mod process;
#[path = "../tests/support/random.rs"]
mod random;
#[path = "durability/sync_errors.rs"]
mod sync_errors;
#[path = "durability/toll.rs"]
mod toll;

/// What was asked for on the command line.
struct Asked {
    words: Vec<String>,
    cycles: Option<usize>,
}

impl Asked {
    fn read() -> Self {
        let mut asked = Self { words: Vec::new(), cycles: None };
        let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
        while let Some(word) = words.next() {
            match word.as_str() {
                "--cycles" => asked.cycles = Some(words.next().unwrap().parse().unwrap()),
                _ => asked.words.push(word),
            }
        }
        asked
    }

    /// How many cycles of this are to be run, if any.
    fn cycles(&self, word: &str, usual: usize) -> Option<usize> {
        let wanted = self.words.is_empty() || self.words.iter().any(|asked| asked == word);
        wanted.then(|| self.cycles.unwrap_or(usual))
    }
}

#[tokio::main]
async fn main() {
    let asked = Asked::read();
    if let Some(cuts) = asked.cycles("power-cuts", 100) {
        power_cuts::run(cuts).await;
    }
    if let Some(kills) = asked.cycles("kills", 200) {
        kills::run(kills).await;
    }
    if let Some(rounds) = asked.cycles("disk-full", 20) {
        disk_full::run(rounds).await;
    }
    if let Some(errors) = asked.cycles("sync-errors", 100) {
        sync_errors::run(errors).await;
    }
}
