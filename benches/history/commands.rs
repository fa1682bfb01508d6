//! What looks at the whole database, or must not: the start of the server and the checks.

use std::process::{Command, Stdio};
use std::time::Duration;

use docket::check::{self, Invariant};
use docket::kernel::Stopwatch;

use crate::Bench;
use crate::Figure;
use crate::buyer::Buyer;
use crate::figures::median;
use crate::machine::Usage;
use crate::process::Home;
use crate::shop::ALL_ON;

/// How often a running command is looked at.
const LOOK: Duration = Duration::from_millis(20);

/// From the start of the process until `/readyz` says so: with the database in the system's memory,
/// and without.
pub fn start(bench: &Bench) -> Vec<Figure> {
    let home = &bench.history;
    let rounds = |before: fn(&Home)| {
        let round = |_| {
            before(home);
            seconds_until_ready(home)
        };
        median((0..bench.rounds).map(round).collect())
    };
    let warm = |_: &Home| {};
    vec![
        ("file_mib".to_owned(), home.database_file().metadata().unwrap().len() as f64 / MIB),
        ("warm_s".to_owned(), rounds(warm)),
        ("cold_s".to_owned(), rounds(forget)),
    ]
}

const MIB: f64 = 1_048_576.0;

/// Lets the system forget what it remembers of the database file.
fn forget(home: &Home) {
    let file = format!("if={}", home.database_file().display());
    let sync = Command::new("sync").status().unwrap();
    let dropped = Command::new("dd")
        .args([&file, "iflag=nocache", "count=0"])
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(sync.success() && dropped.success());
}

fn seconds_until_ready(home: &Home) -> f64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let took = Stopwatch::start();
    let server = home.start(ALL_ON);
    let ready = runtime.block_on(Buyer::new().get(&format!("{}/readyz", server.ops)));
    ready.unwrap().expect(200);
    let seconds = took.elapsed().as_secs_f64();
    server.stop();
    seconds
}

/// How long the checks take, and how much memory.
pub fn checks(bench: &Bench) -> Vec<Figure> {
    let check = run("check", &bench.history, &["check"]);
    [check, run("verify", &bench.history, &["audit", "verify"])].concat()
}

/// How long each invariant takes by itself: so long does the server's own check hold a snapshot.
pub fn invariants(bench: &Bench) -> Vec<Figure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let db = bench.history.database();
    let seconds = |invariant: &'static Invariant| {
        let took = Stopwatch::start();
        let now = db.clock().now();
        let finding = runtime.block_on(db.read(move |conn| check::find(conn, invariant, now)));
        assert_eq!(finding.unwrap(), None);
        (format!("{}_s", invariant.id), took.elapsed().as_secs_f64())
    };
    let figures = check::INVARIANTS.iter().copied().flatten().map(seconds).collect();
    runtime.block_on(db.close());
    figures
}

fn run(name: &str, home: &Home, arguments: &[&str]) -> Vec<Figure> {
    let took = Stopwatch::start();
    let mut child = home.command(arguments).stdout(Stdio::null()).spawn().unwrap();
    let mut resident = 0;
    let status = loop {
        resident = resident_of(child.id()).unwrap_or(resident);
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None => std::thread::sleep(LOOK),
        }
    };
    assert!(status.success(), "{name}: {status}");
    vec![
        (format!("{name}_s"), took.elapsed().as_secs_f64()),
        (format!("{name}_resident_mib"), resident as f64 / MIB),
    ]
}

/// Nothing when the process is ending.
fn resident_of(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.contains("VmHWM:").then(|| Usage::of(process).resident_most)
}
