//! The disk is full under load, again and again: writes are refused at once, reads go on, and with
//! room again the server goes on by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use docket::kernel::Stopwatch;

use crate::buyer::{Answer, Buyer};
use crate::cycle::all_ends_well;
use crate::disk::{Disk, Room};
use crate::load::Load;
use crate::process::{Home, Server};

const BUYERS: usize = 16;
/// So many answers are waited for before the disk is full.
const ANSWERS: usize = 100;
const REFUSAL_MOST: Duration = Duration::from_secs(1);
const RECOVERY_MOST: Duration = Duration::from_secs(10);
/// A log that is written over from its start needs no room until it has grown.
const FULL_MOST: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(1);
const READS: usize = 20;

/// The longest that each thing took.
#[derive(Default)]
struct Longest {
    read: Duration,
    recovery: Duration,
}

pub async fn run(rounds: usize) {
    println!("\n== full disks");
    let (home, load) = (Home::on_sqlite(), Arc::new(Load::of_buyers(BUYERS)));
    let Some(disk) = Disk::under(&home) else { return };
    let server = disk.start(&home, &[]);
    load.stock(&server.api).await;
    let stopping = Arc::new(AtomicBool::new(false));
    let running =
        tokio::spawn(Arc::clone(&load).run_through(server.api.clone(), Arc::clone(&stopping)));
    let mut longest = Longest::default();
    for round in 0..rounds {
        until_answers(&load, ANSWERS, FULL_MOST).await;
        let refused = load.refused();
        disk.set_room(if round % 2 == 0 { Room::NoWrites } else { Room::NoNewBlocks });
        let full = Stopwatch::start();
        while load.refused() < refused + BUYERS {
            assert!(full.elapsed() < FULL_MOST, "nobody was refused in round {round}");
            tokio::time::sleep(PAUSE).await;
        }
        longest.read = longest.read.max(reads(&server).await);
        disk.set_room(Room::Plenty);
        let recovery = until_answers(&load, 2 * BUYERS, RECOVERY_MOST).await;
        longest.recovery = longest.recovery.max(recovery);
    }
    stopping.store(true, Ordering::SeqCst);
    let refusals = running.await.unwrap();
    all_ends_well(&load, &home, server).await;
    println!("rounds                       {rounds:>10}");
    println!("orders sent and acknowledged {:>10}", load.sent());
    println!("lost, doubled                {:>10}", "0, 0");
    println!("refusals (503)               {:>10}", refusals.count);
    println!("writes without room          {:>10}", disk.refused());
    println!("longest refusal              {:>10.1?}", refusals.slowest);
    println!("longest read meanwhile       {:>10.1?}", longest.read);
    println!("longest recovery             {:>10.1?}", longest.recovery);
    assert!(refusals.slowest < REFUSAL_MOST, "{refusals:?}");
}

/// Waits for so many more answers that are no refusals.
async fn until_answers(load: &Load, more: usize, most: Duration) -> Duration {
    let (answers, waited) = (load.answers(), Stopwatch::start());
    while load.answers() < answers + more {
        assert!(waited.elapsed() < most, "orders are not taken");
        tokio::time::sleep(PAUSE).await;
    }
    waited.elapsed()
}

/// What still works on a full disk; the longest that one of it took.
async fn reads(server: &Server) -> Duration {
    let buyer = Buyer::new();
    let get = async |url: String| -> (Answer, Duration) {
        let took = Stopwatch::start();
        (buyer.get(&url).await.unwrap(), took.elapsed())
    };
    let mut longest = Duration::ZERO;
    for _ in 0..READS {
        let (orders, took) = get(format!("{}/v1/orders?limit=5", server.api)).await;
        orders.expect(200);
        let (alive, took_alive) = get(format!("{}/livez", server.ops)).await;
        alive.expect(200);
        let (ready, took_ready) = get(format!("{}/readyz", server.ops)).await;
        assert!([200, 503].contains(&ready.status), "{ready:?}");
        longest = longest.max(took).max(took_alive).max(took_ready);
    }
    assert!(longest < REFUSAL_MOST, "a read took {longest:.1?}");
    longest
}
