//! SIGKILL at random moments of a load, again and again on the same data.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use crate::books::Books;
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
        let server = home.start(&SETTINGS);
        let answers = load.answers();
        let stopping = Arc::new(AtomicBool::new(false));
        let running = tokio::spawn(Arc::clone(&load).run(server.api.clone(), stopping));
        while load.answers() == answers {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // The moment of death is what is random here; nothing waits for this pause.
        tokio::time::sleep(Duration::from_millis(random.between(0, longest_ms))).await;
        server.kill();
        running.await.unwrap();
        assert_eq!(Books::of(&home).findings().await, []);
    }
    let server = home.start(&SETTINGS);
    let books = Books::of(&home);
    let rest = books.come_to_rest().await;
    let unanswered = load.ask_for_every_answer(&server.api).await;
    books.come_to_rest().await;
    println!(
        "{kills} kills, {} orders sent, {unanswered} of them unanswered, at rest after {rest:.1?}",
        load.sent()
    );
    load.is_answered_alike(&server.api).await;
    load.is_in(&books).await;
    books.agree_with_the_gateway().await;
    books.come_to_number().await;
    server.stop();
    home.is_sound();
}
