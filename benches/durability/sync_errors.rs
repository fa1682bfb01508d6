//! The n-th sync fails with EIO, for each n: what was acknowledged is there after a power cut, also
//! what was acknowledged by a process that started on what the failed one left in memory.

use std::collections::BTreeMap;
use std::io::{Read, Seek};
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use docket::kernel::Stopwatch;

use crate::cycle::{all_ends_well, die_under_load};
use crate::disk::{Disk, SHORT_LOG, Survivors};
use crate::load::Load;
use crate::process::Home;
use crate::toll::Toll;

const BUYERS: usize = 16;
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(1);
/// How long a server goes on under load after a sync has failed, or in its next life.
const ON: Duration = Duration::from_millis(150);
/// What a server says when a commit fails on the disk.
const SAID: &str = "the disk failed";

pub async fn run(errors: usize) {
    println!("\n== syncs that fail");
    let (home, load) = (Home::on_sqlite(), Arc::new(Load::of_buyers(BUYERS)));
    let Some(disk) = Disk::under(&home) else { return };
    let server = disk.start(&home, &[]);
    load.stock(&server.api).await;
    server.stop();
    let (mut toll, mut ends) = (Toll::default(), BTreeMap::new());
    for number in 1..=errors {
        let end = fail(&disk, &home, &load, number as u64).await;
        *ends.entry((disk.failed().unwrap(), end)).or_insert(0) += 1;
        if number % 2 == 0 {
            // What only memory holds is built upon.
            disk.fail_sync(0);
            let server = toll.start(|| disk.start_again(&home, &SHORT_LOG, Stdio::null()).unwrap());
            die_under_load(&load, server, ON).await;
        }
        disk.cut_power(Survivors::Nothing);
        toll.count(&load, &home).await;
    }
    all_ends_well(&load, &home, disk.start(&home, &[])).await;
    toll.print(&load);
    for ((file, end), count) in ends {
        println!("{count:>4} of {file}: {end}");
    }
}

/// Lets this sync of a server's life fail; how the server took it.
async fn fail(disk: &Disk, home: &Home, load: &Arc<Load>, number: u64) -> &'static str {
    disk.settle();
    disk.fail_sync(number);
    let mut errors = tempfile::tempfile().unwrap();
    let started = disk.start_again(home, &SHORT_LOG, errors.try_clone().unwrap().into());
    let Ok(mut server) = started else { return "did not start" };
    let running = tokio::spawn(Arc::clone(load).run(server.api.clone(), Arc::default()));
    let waited = Stopwatch::start();
    while disk.failed().is_none() {
        assert!(waited.elapsed() < PATIENCE, "there is no sync number {number}");
        tokio::time::sleep(PAUSE).await;
    }
    if number.is_multiple_of(4) {
        server.kill();
        running.await.unwrap();
        return "killed at that moment";
    }
    let failed = disk.failed().unwrap();
    if !failed.ends_with("-wal") && !failed.ends_with(".db") {
        tokio::time::sleep(ON).await;
        server.kill();
        running.await.unwrap();
        return "went on";
    }
    let status = server.end(PATIENCE);
    running.await.unwrap();
    let mut said = String::new();
    errors.rewind().unwrap();
    errors.read_to_string(&mut said).unwrap();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains(SAID), "{said}");
    "stopped by itself"
}
