//! SIGKILL at random moments of a load, again and again on the same data.

use std::sync::Arc;
use std::time::Duration;

use crate::books::Books;
use crate::cycle::{all_ends_well, die_under_load};
use crate::load::Load;
use crate::process::{Home, on_both};
use crate::random::Random;

/// A gateway that is waited for briefly: settlement takes over after 2.6 s.
const SETTINGS: [(&str, &str); 1] = [("DOCKET_PAYMENTS__GATEWAY_TIMEOUT_MS", "300")];

on_both! {
    async fn four_kills_lose_and_double_nothing(home: Home) {
        kill_again_and_again(home, 4, 400).await;
    }

    #[ignore = "takes a minute: cargo test --test crash -- --ignored"]
    async fn twenty_kills_lose_and_double_nothing(home: Home) {
        kill_again_and_again(home, 20, 2_000).await;
    }
}

async fn kill_again_and_again(home: Home, kills: usize, longest_ms: u64) {
    let mut random = Random::told();
    let load = Arc::new(Load::new());
    let server = home.start(&SETTINGS);
    load.stock(&server.api).await;
    server.kill();
    for _ in 0..kills {
        let after = Duration::from_millis(random.between(0, longest_ms));
        die_under_load(&load, home.start(&SETTINGS), after).await;
        assert_eq!(Books::of(&home).findings().await, []);
    }
    let rest = all_ends_well(&load, &home, home.start(&SETTINGS)).await;
    println!("{kills} kills, {} orders sent, {rest:.1?}", load.sent());
}
