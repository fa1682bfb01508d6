//! Real baskets from end to end: products imported and orders replayed with the real commands,
//! against the real server, on both databases. Every total and every level is held against what
//! the files alone come to.
//!
//! `DOCKET_RETAIL_DATA=<folder> cargo test --test baskets -- --ignored --nocapture` buys all of
//! four weeks.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it saw"
)]

#[path = "support/books.rs"]
mod books;
#[path = "baskets/data.rs"]
mod data;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "support/process.rs"]
mod process;
#[path = "support/random.rs"]
mod random;

use std::collections::BTreeMap;
use std::path::Path;

use books::Books;
use data::{Baskets, acknowledged};
use process::{Home, Server, on_both};
use serde_json::Value;

/// Orders of a quick run.
const FEW: usize = 200;

on_both! {
    async fn every_basket_is_bought_once_for_its_price(home: Home) {
        let baskets = Baskets::few(home.data.path(), FEW);
        buy(home, &baskets).await;
    }

    #[ignore = "takes minutes: cargo test --test baskets -- --ignored --nocapture"]
    async fn every_basket_of_four_weeks_is_bought_once_for_its_price(home: Home) {
        let baskets = Baskets::all(home.data.path());
        buy(home, &baskets).await;
    }
}

async fn buy(home: Home, baskets: &Baskets) {
    let server = home.start(&[]);
    let imported = home.run(&["import", "products", baskets.products.to_str().unwrap()]);
    println!("{}", imported.trim());
    let products = baskets.left.len();
    let told = format!("{products} products: {products} created, 0 changed, 0 unchanged, ");
    assert!(imported.starts_with(&told) && imported.contains(" 0 bad rows"), "{imported}");

    let orders = baskets.totals.len();
    let (first, second) = (home.data.path().join("first"), home.data.path().join("second"));
    let report = replay(&home, &server, baskets, &first);
    assert_eq!((&report["orders"], &report["placed"]), (&orders.into(), &orders.into()));
    assert_eq!(report["replayed"], 0);
    let books = Books::of(&home);
    hold_against(baskets, &books).await;

    let report = replay(&home, &server, baskets, &second);
    assert_eq!(report["replayed"], orders);
    let (first, second) = (acknowledged(&first), acknowledged(&second));
    assert_eq!(first.len(), orders);
    for (key, answer) in first {
        assert_eq!(answer["body_sha256"], second[&key]["body_sha256"], "{key}");
        assert_eq!(answer["status"], second[&key]["status"], "{key}");
    }
    hold_against(baskets, &books).await;
    books.agree_with_the_gateway().await;
    server.stop();
    home.is_sound();
}

/// Replays the orders; every one of them must be answered as its card says.
fn replay(home: &Home, server: &Server, baskets: &Baskets, acknowledged: &Path) -> Value {
    let printed = home.run(&[
        "replay",
        baskets.orders.to_str().unwrap(),
        "--url",
        &server.api,
        "--concurrency",
        "32",
        "--acknowledged",
        acknowledged.to_str().unwrap(),
        "--json",
    ]);
    println!("{}", printed.trim());
    serde_json::from_str(&printed).unwrap()
}

/// Every order costs what its lines cost, and every unit that was sold is gone.
async fn hold_against(baskets: &Baskets, books: &Books) {
    let orders = Books::by_reference(books.orders().await);
    for order in orders.values() {
        let state = (order.status.as_str(), order.payment_status.as_str());
        assert_eq!(state, ("confirmed", "paid"), "{order:?}");
    }
    let totals: BTreeMap<_, _> =
        orders.into_iter().map(|(reference, order)| (reference, order.total)).collect();
    assert!(totals == baskets.totals, "totals differ");
    let left = baskets.left.iter().map(|(sku, left)| (sku.clone(), (*left, 0)));
    assert!(books.levels().await == left.collect(), "levels differ");
}
