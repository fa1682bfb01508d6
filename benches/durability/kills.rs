//! SIGKILL under load, again and again, on both databases.

use std::sync::Arc;
use std::time::Duration;

use crate::cycle::{all_ends_well, die_under_load};
use crate::load::Load;
use crate::process::Home;
use crate::random::Random;
use crate::toll::Toll;

const BUYERS: usize = 32;
const LONGEST_MS: u64 = 400;

pub async fn run(kills: usize) {
    println!("\n== kills, SQLite");
    kill(Home::on_sqlite(), kills).await;
    if let Some(home) = Home::on_postgres().await {
        println!("\n== kills, PostgreSQL");
        kill(home, kills).await;
    }
}

async fn kill(home: Home, kills: usize) {
    let load = Arc::new(Load::of_buyers(BUYERS));
    let (mut random, mut toll) = (Random::told(), Toll::default());
    for kill in 1..=kills {
        let server = toll.start(|| home.start(&[]));
        if kill == 1 {
            load.stock(&server.api).await;
        }
        let after = Duration::from_millis(random.between(0, LONGEST_MS));
        die_under_load(&load, server, after).await;
        toll.count(&load, &home).await;
    }
    all_ends_well(&load, &home, home.start(&[])).await;
    toll.print(&load);
}
