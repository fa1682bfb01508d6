//! The power goes at random moments of a load: only what was synced is there afterwards. On SQLite,
//! for PostgreSQL syncs its own files.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use docket::kernel::Stopwatch;

use crate::books::Books;
use crate::cycle::{all_ends_well, die_under_load, die_under_load_at};
use crate::disk::{Disk, SHORT_LOG, Survivors};
use crate::load::{Load, Tally};
use crate::process::Home;
use crate::random::Random;

const PATIENCE: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_power_cuts_lose_and_double_nothing() {
    let (home, load) = (Home::on_sqlite(), Arc::new(Load::of_buyers(8)));
    let Some(disk) = Disk::under(&home) else { return };
    let mut random = Random::told();
    for cut in 0..3 {
        let server = disk.start(&home, &SHORT_LOG);
        if cut == 0 {
            load.stock(&server.api).await;
            die_under_load_at(&load, server, log_begins_anew(&disk)).await;
        } else {
            die_under_load(&load, server, Duration::from_millis(random.between(0, 400))).await;
        }
        let unsynced = match cut {
            0 => disk.cut_power(Survivors::Nothing),
            _ => disk.cut_power(Survivors::Some(&mut random)),
        };
        let books = Books::of(&home);
        let tally = load.tally(&books).await;
        println!("{unsynced} pages were not synced, {tally:?}");
        assert_eq!((tally.lost, tally.doubled), (0, 0));
        assert_eq!(books.findings().await, []);
        books.close().await;
    }
    all_ends_well(&load, &home, disk.start(&home, &[])).await;
}

/// Waits until the log was copied to its end: what was synced since is not all there is.
async fn log_begins_anew(disk: &Disk) {
    let (waiting, first) = (Stopwatch::start(), disk.salt_of_log());
    assert!(first.is_some(), "nothing was written yet");
    while disk.salt_of_log() == first {
        assert!(waiting.elapsed() < PATIENCE, "the log is never begun anew");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// Or else the test above proves nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_cut_loses_orders_when_the_log_is_not_synced() {
    let (home, load) = (Home::on_sqlite(), Arc::new(Load::of_buyers(8)));
    let Some(disk) = Disk::under(&home) else { return };
    let server = disk.start(&home, &[]);
    load.stock(&server.api).await;
    disk.skip_log_syncs(true);
    die_under_load(&load, server, Duration::from_millis(200)).await;
    disk.cut_power(Survivors::Nothing);
    let Tally { acknowledged, lost, .. } = load.tally(&Books::of(&home)).await;
    println!("{lost} of {acknowledged} acknowledged orders are lost");
    assert!(lost > 0);
}

/// A failed sync leaves changes in memory that are not on the disk, and never will be.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_sync_ends_the_server_and_nothing_is_built_on_it() {
    let (home, load) = (Home::on_sqlite(), Arc::new(Load::of_buyers(8)));
    let Some(disk) = Disk::under(&home) else { return };
    disk.settle();
    for killed in [false, true] {
        let mut server = disk.start_again(&home, &SHORT_LOG, Stdio::null()).unwrap();
        if !killed {
            load.stock(&server.api).await;
        }
        let running = tokio::spawn(Arc::clone(&load).run(server.api.clone(), Arc::default()));
        fail_a_commit(&disk).await;
        match killed {
            true => server.kill(),
            false => assert_eq!(server.end(PATIENCE).code(), Some(1)),
        }
        running.await.unwrap();
        disk.fail_sync(0);
    }
    let server = disk.start_again(&home, &[], Stdio::inherit()).unwrap();
    die_under_load(&load, server, Duration::from_millis(200)).await;
    disk.cut_power(Survivors::Nothing);
    let books = Books::of(&home);
    let tally = load.tally(&books).await;
    println!("{tally:?}");
    assert_eq!((tally.lost, tally.doubled), (0, 0));
    books.close().await;
    all_ends_well(&load, &home, disk.start(&home, &[])).await;
}

/// Lets syncs fail until it was one of SQLite's files.
async fn fail_a_commit(disk: &Disk) {
    let is_sqlite = |file: String| file.ends_with("-wal") || file.ends_with(".db");
    while !disk.failed().is_some_and(is_sqlite) {
        disk.fail_sync(20);
        while disk.failed().is_none() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}
