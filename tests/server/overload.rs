//! More is asked than can be done at once: what is too much is sent away, and nothing half done.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use crate::support::{TestApp, both, card, fresh_key, line, order_of};

/// Fills the shelf as a client does that is told to try again: the server's own jobs have places in
/// so short a queue too.
async fn stock_up(app: &TestApp, stock: i64) {
    let tea = json!({ "name": "Tea", "price": 500, "currency": "USD" });
    while app.owner().put("/v1/products/tea", &tea).await.status == 503 {
        tokio::time::sleep(PAUSE).await;
    }
    let delivery = json!({ "delta": stock, "reason": "delivery" });
    while app.owner().post("/v1/inventory/tea/adjustments", &delivery).await.status == 503 {
        tokio::time::sleep(PAUSE).await;
    }
    assert_eq!(app.stock("tea").await, (stock, 0));
}

const PAUSE: Duration = Duration::from_millis(20);

both! {
    with [
        ("DOCKET_SERVER__REQUESTS_MAX", "2"),
        ("DOCKET_DATABASE__QUEUE", "2"),
        ("DOCKET_PAYMENTS__GATEWAY_TIMEOUT_MS", "5000"),
    ];

    async fn what_is_too_much_is_sent_away_and_nothing_is_left_half_done(app: &TestApp) {
        stock_up(app, 1_000).await;
        let body = order_of(json!([line("tea", 1)]), card("tok_visa"));
        let mut statuses = BTreeMap::new();
        for _ in 0..5 {
            let orders = (0..40).map(|_| async {
                let answer = app.owner().post_as(&fresh_key(), "/v1/orders", &body).await;
                if answer.status == 503 {
                    assert_eq!(answer.header("retry-after"), "1", "{answer:?}");
                    assert_eq!(answer.json()["request_id"], answer.header("x-request-id"));
                    assert_eq!(answer.json()["trace_id"], answer.header("x-trace-id"));
                }
                let code = answer.json()["code"].as_str().unwrap_or_default().to_owned();
                (answer.status, code)
            });
            for outcome in futures_util::future::join_all(orders).await {
                *statuses.entry(outcome).or_insert(0) += 1;
            }
        }
        // Of what was begun, nothing is left to settlement (202).
        let known = |(status, code): &&(u16, String)| {
            *status == 201 || (*status == 503 && ["overloaded", "unavailable"].contains(&code.as_str()))
        };
        assert!(statuses.keys().all(|outcome| known(&outcome)), "{statuses:?}");
        assert!(statuses.contains_key(&(503, "overloaded".into())), "{statuses:?}");
        assert!(statuses[&(201, String::new())] > 0, "{statuses:?}");
        while app.ops().get("/readyz").await.status == 503 {
            tokio::time::sleep(PAUSE).await;
        }
        let page = app.ops().get("/metrics").await.body;
        assert!(page.contains("http_overload_refusals_total"), "{page}");
    }

    async fn a_slow_gateway_keeps_nobody_out(app: &TestApp) {
        stock_up(app, 10).await;
        let slow = order_of(json!([line("tea", 1)]), card("tok_slow"));
        let slow = futures_util::future::join_all((0..4).map(|_| async {
            let placed = loop {
                let answer = app.owner().post_as(&fresh_key(), "/v1/orders", &slow).await;
                match answer.status {
                    503 => tokio::time::sleep(PAUSE).await,
                    _ => break answer,
                }
            };
            placed.expect(201);
        }));
        let others = async {
            let pending = |page: &serde_json::Value| {
                let orders = page["data"].as_array().unwrap();
                orders.iter().filter(|order| order["status"] == "pending").count() == 4
            };
            app.eventually("/v1/orders", pending).await;
            app.owner().get("/v1/orders").await.expect(200);
        };
        tokio::join!(slow, others);
    }
}
