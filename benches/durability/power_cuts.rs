//! The power goes under load, again and again: in turns nothing survives that was not synced, and
//! any sectors of it.

use std::sync::Arc;
use std::time::Duration;

use crate::books::Books;
use crate::cycle::{all_ends_well, die_under_load, die_under_load_at};
use crate::disk::{Disk, SHORT_LOG, Survivors};
use crate::load::Load;
use crate::process::Home;
use crate::random::Random;
use crate::toll::Toll;

const BUYERS: usize = 32;
/// In every so many cuts, which come later, the log is as long as in a shop; in the others it is
/// copied into the database and begun anew all the time.
const LATE_EVERY: usize = 10;

pub async fn run(cuts: usize) {
    println!("\n== power cuts");
    let (home, load) = (Home::on_sqlite(), Arc::new(Load::of_buyers(BUYERS)));
    let Some(disk) = Disk::under(&home) else { return };
    let (mut random, mut toll) = (Random::told(), Toll::default());
    let (mut unsynced, mut begun_anew) = (0, 0);
    for cut in 1..=cuts {
        let late = cut.is_multiple_of(LATE_EVERY);
        let settings: &[_] = if late { &[] } else { &SHORT_LOG };
        let server = toll.start(|| disk.start(&home, settings));
        if cut == 1 {
            load.stock(&server.api).await;
        }
        let longest_ms = if late { 3_000 } else { 1_000 };
        let after = Duration::from_millis(random.between(0, longest_ms));
        let mut log = None;
        let moment = async {
            log = disk.salt_of_log();
            tokio::time::sleep(after).await;
        };
        die_under_load_at(&load, server, moment).await;
        begun_anew += u32::from(log.is_some() && disk.salt_of_log() != log);
        unsynced += match cut % 2 {
            0 => disk.cut_power(Survivors::Some(&mut random)),
            _ => disk.cut_power(Survivors::Nothing),
        };
        toll.count(&load, &home).await;
    }
    all_ends_well(&load, &home, disk.start(&home, &[])).await;
    toll.print(&load);
    println!("pages that were not synced   {unsynced:>10}");
    println!("lives with a log begun anew  {begun_anew:>10}");
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
