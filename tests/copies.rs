//! Several copies on one PostgreSQL share the work: together they come to the same figures as one,
//! and what a dead one left is settled by the others.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says what it saw"
)]

#[path = "support/books.rs"]
mod books;
#[path = "support/buyer.rs"]
mod buyer;
#[path = "baskets/data.rs"]
mod data;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "support/process.rs"]
mod process;
#[path = "support/random.rs"]
mod random;

use std::time::Duration;

use books::Books;
use buyer::{Buyer, card, order_of};
use data::Baskets;
use process::{Home, Server, succeeded};

const FEW: usize = 100;
const LATE: usize = 12;

/// Two copies, as on two machines.
async fn two_homes() -> Option<[Home; 2]> {
    let one = Home::on_postgres().await?;
    let other = one.of_another_copy();
    Some([one, other])
}

/// Of the copies the last to stop has sealed all that any of them wrote.
fn stop_and_check([one, other]: [Server; 2], homes: &[Home; 2]) {
    one.stop();
    other.stop();
    homes[1].is_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_copies_come_to_the_figures_of_one() {
    let Some(homes) = two_homes().await else { return };
    let folder = homes[0].data.path();
    let baskets = Baskets::few(folder, FEW);
    let servers = [homes[0].start(&[]), homes[1].start(&[])];
    homes[0].run(&["import", "products", baskets.products.to_str().unwrap()]);
    let halves = baskets.halves(folder);
    let replays = [0, 1].map(|half| {
        let file = halves[half].to_str().unwrap();
        let url = &servers[half].api;
        let mut command =
            homes[half].command(&["replay", file, "--url", url, "--concurrency", "16"]);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
        command.spawn().unwrap()
    });
    for replay in replays {
        succeeded(&replay.wait_with_output().unwrap());
    }
    let books = Books::of(&homes[0]);
    let totals = Books::by_reference(books.orders().await).into_iter();
    let totals: Vec<_> = totals.map(|(reference, order)| (reference, order.total)).collect();
    assert_eq!(totals, baskets.totals.into_iter().collect::<Vec<_>>());
    let left = baskets.left.into_iter().map(|(sku, left)| (sku, (left, 0)));
    assert_eq!(books.levels().await, left.collect());
    books.agree_with_the_gateway().await;
    stop_and_check(servers, &homes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_dead_copy_left_is_settled_by_the_other() {
    let Some(homes) = two_homes().await else { return };
    // Long enough that every order is still unanswered when the copy dies.
    let settings = [("DOCKET_PAYMENTS__GATEWAY_TIMEOUT_MS", "4000")];
    let [dying, living] = [homes[0].start(&settings), homes[1].start(&settings)];
    let (buyer, books) = (Buyer::new(), Books::of(&homes[1]));
    buyer.stock(&living.api, "tea", 349, 1_000).await;
    let name = |number| format!("late-{number}");
    let body = move |number| order_of(&name(number), "tea", 1, card("tok_timeout"));
    let orders: Vec<_> = (0..LATE)
        .map(|number| {
            let (buyer, url) = (buyer.clone(), format!("{}/v1/orders", dying.api));
            let body = body(number);
            tokio::spawn(async move { buyer.post(&url, &name(number), &body).await })
        })
        .collect();
    let open = i64::try_from(2 * LATE).unwrap();
    while books.unsettled().await < open {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    dying.kill();
    for order in orders {
        assert_eq!(order.await.unwrap(), None, "it was answered before its server died");
    }
    let rest = books.come_to_rest().await;
    println!("{LATE} orders of a dead copy at rest after {rest:.1?}");
    let url = format!("{}/v1/orders", living.api);
    for number in 0..LATE {
        let order = buyer.post(&url, &name(number), &body(number)).await.unwrap();
        assert!(order.replayed, "{order:?}");
        assert_eq!(order.expect(201)["payment_status"], "paid");
    }
    assert_eq!(books.orders().await.len(), LATE);
    assert_eq!(books.levels().await["tea"], (1_000 - 12, 0));
    books.agree_with_the_gateway().await;
    books.come_to_number().await;
    living.stop();
    homes[1].is_sound();
}
