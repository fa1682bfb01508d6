//! A life of a server under load, and what must be true when all lives are over.
#![allow(dead_code, reason = "not every binary that includes this file needs all of it")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::sync::Arc;
use std::time::Duration;

use crate::books::Books;
use crate::load::Load;
use crate::process::{Home, Server};

/// Runs the load on the server, and kills that so long after the first answer.
pub async fn die_under_load(load: &Arc<Load>, server: Server, after: Duration) {
    // The moment of death is what is random here; nothing waits for this pause.
    die_under_load_at(load, server, tokio::time::sleep(after)).await;
}

/// The same, once something has come to pass after the first answer.
pub async fn die_under_load_at(load: &Arc<Load>, server: Server, moment: impl Future) {
    let answers = load.answers();
    let running = tokio::spawn(Arc::clone(load).run(server.api.clone(), Arc::default()));
    while load.answers() == answers {
        assert!(!running.is_finished(), "the server takes no orders");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    moment.await;
    server.kill();
    running.await.unwrap();
}

/// How the last server brought all to its end.
#[derive(Debug)]
pub struct Rest {
    /// How long it took until no order waited for its outcome.
    pub took: Duration,
    /// So many orders had no answer before.
    pub unanswered: usize,
}

/// Everything that was sent gets its answer, is there once, and is told the same ever after; the
/// gateway agrees, every invariant holds, and the journal is whole to its end.
pub async fn all_ends_well(load: &Load, home: &Home, server: Server) -> Rest {
    let books = Books::of(home);
    let took = books.come_to_rest().await;
    let unanswered = load.ask_for_every_answer(&server.api).await;
    books.come_to_rest().await;
    load.is_answered_alike(&server.api).await;
    load.is_in(&books).await;
    books.agree_with_the_gateway().await;
    books.come_to_number().await;
    drop(books);
    server.stop();
    home.is_sound();
    Rest { took, unanswered }
}
