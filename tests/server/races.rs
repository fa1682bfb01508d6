//! Simultaneous requests on every path that moves money or stock: in whatever order they come,
//! there is one outcome, and afterwards every invariant holds.
//!
//! `cargo test --test server races -- --ignored` runs fifty rounds where five are run otherwise.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, TestApp, both, card, line, order_of};

const ROUNDS: usize = 5;
const MANY_ROUNDS: usize = 50;
const PRICE: i64 = 500;

type Request = BoxFuture<'static, Answer>;

/// A POST under this key, not sent yet.
fn post(app: &TestApp, key: String, path: &str, body: &Value) -> Request {
    post_to_version(app, key, path, body, None)
}

/// The same, with `If-Match` when a version is given.
fn post_to_version(
    app: &TestApp,
    key: String,
    path: &str,
    body: &Value,
    version: Option<&Value>,
) -> Request {
    let (client, path, body) = (app.owner().clone(), path.to_owned(), body.to_string());
    let if_match = version.map(|version| format!("\"{version}\""));
    async move {
        let mut headers =
            vec![("content-type", "application/json"), ("idempotency-key", key.as_str())];
        headers.extend(if_match.as_deref().map(|version| ("if-match", version)));
        client.send(Method::POST, &path, &headers, Some(body.into_bytes())).await
    }
    .boxed()
}

/// A POST that is sent again while the server says that it is too busy for it.
fn insist(app: &TestApp, key: String, path: &str, body: &Value) -> Request {
    let (client, path, body) = (app.owner().clone(), path.to_owned(), body.clone());
    async move {
        loop {
            let answer = client.post_as(&key, &path, &body).await;
            if answer.status != 503 {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    .boxed()
}

/// Sends each on a task of its own, so that they really meet.
async fn at_once(requests: Vec<Request>) -> Vec<Answer> {
    let running: Vec<_> = requests.into_iter().map(tokio::spawn).collect();
    join_all(running).await.into_iter().map(Result::unwrap).collect()
}

/// The statuses of the answers, in order of size.
fn statuses(answers: &[Answer]) -> Vec<u16> {
    let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    statuses
}

/// One of the answers is this success; every other one says that it came too late.
#[track_caller]
fn one_wins(answers: &[Answer], status: u16) {
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == status);
    assert_eq!(won.len(), 1, "{answers:#?}");
    assert!(lost.iter().all(|answer| [409, 412].contains(&answer.status)), "{lost:#?}");
}

/// An order of two units, its money held or taken, and where its parts are.
struct Placed {
    order: String,
    payment: String,
}

impl Placed {
    async fn held(app: &TestApp) -> Self {
        let pay = json!({ "method": "card", "token": "tok_visa", "capture": "manual" });
        Self::paid_by(app, pay).await
    }

    async fn paid(app: &TestApp) -> Self {
        Self::paid_by(app, card("tok_visa")).await
    }

    async fn paid_by(app: &TestApp, pay: Value) -> Self {
        let order = app.owner().order(json!([line("tea", 2)]), pay).await;
        let path =
            |room: &str, thing: &Value| format!("/v1/{room}/{}", thing["id"].as_str().unwrap());
        Self { order: path("orders", &order), payment: path("payments", &order["payments"][0]) }
    }

    async fn order(&self, app: &TestApp) -> Value {
        app.owner().get(&self.order).await.expect(200)
    }

    async fn payment(&self, app: &TestApp) -> Value {
        app.owner().get(&self.payment).await.expect(200)
    }

    fn cancel(&self, app: &TestApp, key: String) -> Request {
        post(app, key, &format!("{}/cancel", self.order), &json!({}))
    }

    fn fulfil(&self, app: &TestApp, key: String) -> Request {
        post(app, key, &format!("{}/fulfilments", self.order), &json!({}))
    }

    fn capture(&self, app: &TestApp, key: String) -> Request {
        post(app, key, &format!("{}/capture", self.payment), &json!({}))
    }

    fn void(&self, app: &TestApp, key: String) -> Request {
        post(app, key, &format!("{}/void", self.payment), &json!({}))
    }

    fn refund(&self, app: &TestApp, key: String, version: Option<&Value>) -> Request {
        let half = json!({ "amount": PRICE });
        post_to_version(app, key, &format!("{}/refunds", self.payment), &half, version)
    }
}

/// Runs a scenario so many times with enough of the product, and then looks at the stock.
macro_rules! rounds {
    ($($scenario:ident)+) => {$(
        mod $scenario {
            use super::*;

            both! {
                async fn a_few_times(app: &TestApp) {
                    run(app, ROUNDS).await;
                }

                #[ignore = "takes a while: cargo test --test server races -- --ignored"]
                async fn many_times(app: &TestApp) {
                    run(app, MANY_ROUNDS).await;
                }
            }

            async fn run(app: &TestApp, rounds: usize) {
                app.product("tea", PRICE, 10_000).await;
                for round in 0..rounds {
                    super::$scenario(app, round).await;
                }
            }
        }
    )+};
}

rounds! {
    the_last_unit_is_sold_to_one_of_200_buyers
    a_refund_clicked_twice_is_given_once
    of_two_refunds_of_one_version_one_is_given
    capture_or_void_takes_all
    of_two_cancels_one_counts
    cancel_or_fulfil
    cancel_and_capture_leave_nothing_taken_of_a_cancelled_order
    the_last_units_leave_once
}

async fn the_last_unit_is_sold_to_one_of_200_buyers(app: &TestApp, round: usize) {
    let sku = format!("last-{round}");
    app.product(&sku, PRICE, 1).await;
    let body = order_of(json!([line(&sku, 1)]), card("tok_visa"));
    let buyers =
        (0..200).map(|buyer| insist(app, format!("buyer-{round}-{buyer}"), "/v1/orders", &body));
    let answers = at_once(buyers.collect()).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
    for answer in answers.iter().filter(|answer| answer.status != 201) {
        assert_eq!(answer.refused(409, "insufficient_stock")["errors"][0]["available"], 0);
    }
    assert_eq!(app.stock(&sku).await, (0, 0));
}

async fn a_refund_clicked_twice_is_given_once(app: &TestApp, round: usize) {
    let placed = Placed::paid(app).await;
    let key = format!("refund-{round}");
    let twice = vec![placed.refund(app, key.clone(), None), placed.refund(app, key.clone(), None)];
    let answers = at_once(twice).await;
    // The second click meets a key in use, a refund under way, or the first one's answer.
    for answer in &answers {
        let in_use = answer.status == 409 && answer.json()["code"] == "idempotency_key_in_use";
        assert!([201, 202].contains(&answer.status) || in_use, "{answers:#?}");
    }
    assert!(answers.iter().any(|answer| answer.status == 201), "{answers:#?}");
    let again = placed.refund(app, key, None).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (201, "true"));
    assert!(answers.iter().all(|answer| answer.status != 201 || answer.body == again.body));
    assert_eq!(placed.payment(app).await["amount_refunded"], PRICE);
}

async fn of_two_refunds_of_one_version_one_is_given(app: &TestApp, round: usize) {
    let placed = Placed::paid(app).await;
    let version = placed.payment(app).await["version"].clone();
    let refund = |click| placed.refund(app, format!("refund-{round}-{click}"), Some(&version));
    one_wins(&at_once(vec![refund(1), refund(2)]).await, 201);
    assert_eq!(placed.payment(app).await["amount_refunded"], PRICE);
}

async fn capture_or_void_takes_all(app: &TestApp, round: usize) {
    let placed = Placed::held(app).await;
    let capture = placed.capture(app, format!("capture-{round}"));
    let void = placed.void(app, format!("void-{round}"));
    let answers = at_once(vec![capture, void]).await;
    one_wins(&answers, 200);
    let (status, taken) =
        if answers[0].status == 200 { ("captured", 2 * PRICE) } else { ("voided", 0) };
    let payment = placed.payment(app).await;
    assert_eq!((&payment["status"], &payment["amount_captured"]), (&json!(status), &json!(taken)));
}

async fn of_two_cancels_one_counts(app: &TestApp, round: usize) {
    let (on_hand, _) = app.stock("tea").await;
    let placed = Placed::paid(app).await;
    let cancel = |click| placed.cancel(app, format!("cancel-{round}-{click}"));
    one_wins(&at_once(vec![cancel(1), cancel(2)]).await, 200);
    assert_eq!(placed.order(app).await["payment_status"], "refunded");
    assert_eq!(app.stock("tea").await, (on_hand, 0));
}

async fn cancel_or_fulfil(app: &TestApp, round: usize) {
    let (on_hand, _) = app.stock("tea").await;
    let placed = Placed::paid(app).await;
    let cancel = placed.cancel(app, format!("cancel-{round}"));
    let fulfil = placed.fulfil(app, format!("fulfil-{round}"));
    let answers = at_once(vec![cancel, fulfil]).await;
    let order = placed.order(app).await;
    match (answers[0].status, answers[1].status) {
        (200, 409) => {
            assert_eq!(
                (&order["status"], &order["payment_status"]),
                (&json!("cancelled"), &json!("refunded"))
            );
            assert_eq!(app.stock("tea").await, (on_hand, 0));
        }
        (409, 201) => {
            assert_eq!(
                (&order["status"], &order["payment_status"]),
                (&json!("completed"), &json!("paid"))
            );
            assert_eq!(app.stock("tea").await, (on_hand - 2, 0));
        }
        _ => panic!("{answers:#?}"),
    }
}

async fn cancel_and_capture_leave_nothing_taken_of_a_cancelled_order(app: &TestApp, round: usize) {
    let placed = Placed::held(app).await;
    let cancel = placed.cancel(app, format!("cancel-{round}"));
    let capture = placed.capture(app, format!("capture-{round}"));
    let answers = at_once(vec![cancel, capture]).await;
    let order = placed.order(app).await;
    let state = (order["status"].as_str().unwrap(), order["payment_status"].as_str().unwrap());
    let expected = match (answers[0].status, answers[1].status) {
        (200, 409) => ("cancelled", "voided"),
        (409, 200) => ("confirmed", "paid"),
        // One after the other: taken, and given back.
        (200, 200) => ("cancelled", "refunded"),
        _ => panic!("{answers:#?}"),
    };
    assert_eq!(state, expected, "{answers:#?}");
}

async fn the_last_units_leave_once(app: &TestApp, round: usize) {
    let placed = Placed::paid(app).await;
    let fulfil = |click| placed.fulfil(app, format!("fulfil-{round}-{click}"));
    one_wins(&at_once(vec![fulfil(1), fulfil(2)]).await, 201);
    let order = placed.order(app).await;
    assert_eq!(
        (&order["status"], &order["lines"][0]["quantity_fulfilled"]),
        (&json!("completed"), &json!(2))
    );
    assert_eq!(order["fulfilments"].as_array().unwrap().len(), 1);
}

both! {
    async fn sixty_four_buyers_of_different_products_do_not_meet(app: &TestApp) {
        let sku = |buyer| format!("sku-{buyer}");
        for buyer in 0..64 {
            app.product(&sku(buyer), PRICE, 3).await;
        }
        for number in 0..3 {
            let buyers = (0..64).map(|buyer| {
                let body = order_of(json!([line(&sku(buyer), 1)]), card("tok_visa"));
                post(app, format!("order-{buyer}-{number}"), "/v1/orders", &body)
            });
            assert_eq!(statuses(&at_once(buyers.collect()).await), [201; 64]);
        }
        for buyer in 0..64 {
            assert_eq!(app.stock(&sku(buyer)).await, (0, 0));
        }
    }

    async fn the_same_products_in_opposite_order_are_no_deadlock(app: &TestApp) {
        let skus: Vec<String> = (0..PRODUCTS).map(|number| format!("sku-{number}")).collect();
        for sku in &skus {
            app.product(sku, PRICE, STOCK).await;
        }
        for number in 0..3 {
            let buyers = (0..BUYERS).map(|buyer| {
                let body = order_of(json!(turned(&skus, buyer)), card("tok_visa"));
                post(app, format!("order-{buyer}-{number}"), "/v1/orders", &body)
            });
            let answers = at_once(buyers.collect()).await;
            assert_eq!(statuses(&answers), [201; BUYERS]);
            let total = PRICE * i64::try_from(PRODUCTS).unwrap();
            assert!(answers.iter().all(|answer| answer.json()["total"] == total));
        }
        let sold = i64::try_from(3 * BUYERS).unwrap();
        for sku in &skus {
            assert_eq!(app.stock(sku).await, (STOCK - sold, 0));
        }
    }
}

const PRODUCTS: usize = 12;
const BUYERS: usize = 24;
const STOCK: i64 = 1_000;

/// One of each product; every buyer begins elsewhere, every other one goes backwards.
fn turned(skus: &[String], buyer: usize) -> Vec<Value> {
    let mut lines: Vec<Value> = skus.iter().map(|sku| line(sku, 1)).collect();
    lines.rotate_left(buyer % PRODUCTS);
    if buyer % 2 == 1 {
        lines.reverse();
    }
    lines
}
