//! The power goes under load, again and again: in turns nothing survives that was not synced, and
//! any sectors of it.

use std::sync::Arc;
use std::time::Duration;

use crate::books::Books;
use crate::cycle::{all_ends_well, die_under_load};
use crate::disk::{Disk, Survivors};
use crate::load::Load;
use crate::process::Home;
use crate::random::Random;
use crate::toll::Toll;

const BUYERS: usize = 32;
/// Every so many cuts come later: SQLite copies its log into the database meanwhile.
const LATE_EVERY: usize = 10;

pub async fn run(cuts: usize) {
    println!("\n== power cuts");
    let (home, load) = (Home::on_sqlite(), Arc::new(Load::of_buyers(BUYERS)));
    let Some(disk) = Disk::under(&home) else { return };
    let (mut random, mut toll, mut unsynced) = (Random::told(), Toll::default(), 0);
    for cut in 1..=cuts {
        let server = toll.start(|| disk.start(&home, &[]));
        if cut == 1 {
            load.stock(&server.api).await;
        }
        let longest_ms = if cut.is_multiple_of(LATE_EVERY) { 3_000 } else { 1_000 };
        let after = Duration::from_millis(random.between(0, longest_ms));
        die_under_load(&load, server, after).await;
        unsynced += match cut % 2 {
            0 => disk.cut_power(Survivors::Some(&mut random)),
            _ => disk.cut_power(Survivors::Nothing),
        };
        toll.count(&load, &home).await;
    }
    all_ends_well(&load, &home, disk.start(&home, &[])).await;
    toll.print(&load);
    println!("pages that were not synced   {unsynced:>10}");
    control().await;
}

/// The same without syncs of the log must lose something, or the cuts prove nothing.
async fn control() {
    let (home, load) = (Home::on_sqlite(), Arc::new(Load::of_buyers(BUYERS)));
    let Some(disk) = Disk::under(&home) else { return };
    let server = disk.start(&home, &[]);
    load.stock(&server.api).await;
    disk.skip_log_syncs(true);
    die_under_load(&load, server, Duration::from_millis(300)).await;
    disk.cut_power(Survivors::Nothing);
    let tally = load.tally(&Books::of(&home)).await;
    println!("control, the log not synced: {} of {} lost", tally.lost, tally.acknowledged);
    assert!(tally.lost > 0, "the control lost nothing");
}
