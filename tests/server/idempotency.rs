//! The same request again has no second effect.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use docket::http::Scope;
use docket::identity;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestApp, both, card, line, order_of};

/// Sends the same twice; the second answer is the first again.
async fn twice(client: &Client, key: &str, path: &str, body: &Value, status: u16) -> Value {
    let first = client.post_as(key, path, body).await;
    assert_eq!(first.status, status, "{first:?}");
    assert_eq!(first.header("idempotency-replayed"), "");
    replays(&first, &client.post_as(key, path, body).await);
    replays(&first, &client.post_as(key, path, body).await);
    first.json()
}

#[track_caller]
fn replays(first: &Answer, again: &Answer) {
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    for name in ["content-type", "location", "etag"] {
        assert_eq!(again.header(name), first.header(name), "{name}");
    }
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert!(!again.header("x-request-id").is_empty());
    assert_ne!(again.header("x-request-id"), first.header("x-request-id"));
}

fn tea(quantity: i64) -> Value {
    order_of(json!([line("tea", quantity)]), card("tok_visa"))
}

async fn orders_of(app: &TestApp) -> usize {
    let page = app.owner().get("/v1/orders?limit=200").await.expect(200);
    page["data"].as_array().unwrap().len()
}

/// `keys` keys, each sent `copies` times at once: one effect and one answer each.
async fn a_crowd(app: &TestApp, keys: usize, copies: usize) {
    app.product("tea", 500, 1_000_000).await;
    for wave in (0..keys).collect::<Vec<_>>().chunks(4) {
        let mut sent = tokio::task::JoinSet::new();
        for key in wave.iter().copied() {
            for _ in 0..copies {
                let client = app.owner().clone();
                sent.spawn(async move {
                    let answer =
                        client.post_as(&format!("crowd-{key}"), "/v1/orders", &tea(1)).await;
                    (key, answer)
                });
            }
        }
        let mut bodies: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
        let mut firsts: BTreeMap<usize, usize> = BTreeMap::new();
        for (key, answer) in sent.join_all().await {
            if answer.status == 409 {
                answer.refused(409, "idempotency_key_in_use");
                continue;
            }
            assert_eq!(answer.status, 201, "{answer:?}");
            *firsts.entry(key).or_default() +=
                usize::from(answer.header("idempotency-replayed").is_empty());
            bodies.entry(key).or_default().insert(answer.body);
        }
        for key in wave {
            assert_eq!(firsts[key], 1, "one request of key {key} placed its order");
            assert_eq!(bodies[key].len(), 1, "{bodies:?}");
        }
    }
    assert_eq!(app.stock("tea").await, (1_000_000 - i64::try_from(keys).unwrap(), 0));
    let found = app.owner().get("/v1/orders?limit=200").await.expect(200);
    assert_eq!(found["data"].as_array().unwrap().len(), keys);
}

both! {
    async fn every_change_is_answered_again_byte_for_byte(app: &TestApp) {
        app.product("tea", 500, 10).await;
        let owner = app.owner();
        let declined = order_of(json!([line("tea", 1)]), card("tok_chargeDeclined"));
        twice(owner, "declined", "/v1/orders", &declined, 402).await;
        let free = json!({ "name": "Sample", "price": 0, "currency": "USD" });
        owner.put("/v1/products/sample", &free).await.expect(201);
        let adjust = json!({ "delta": 5, "reason": "delivery" });
        twice(owner, "adjust", "/v1/inventory/sample/adjustments", &adjust, 201).await;
        let sample = order_of(json!([line("sample", 1)]), card("tok_visa"));
        twice(owner, "free", "/v1/orders", &sample, 201).await;

        let order = twice(owner, "placed", "/v1/orders", &tea(2), 201).await;
        let order_path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
        let payment = format!("/v1/payments/{}", order["payments"][0]["id"].as_str().unwrap());
        let part = json!({ "lines": [{ "line_id": order["lines"][0]["id"], "quantity": 1 }] });
        twice(owner, "parcel", &format!("{order_path}/fulfilments"), &part, 201).await;
        let refund = json!({ "amount": 100 });
        twice(owner, "refund", &format!("{payment}/refunds"), &refund, 201).await;
        twice(owner, "cancel", &format!("{order_path}/cancel"), &json!({}), 200).await;

        let mut held = tea(1);
        held["payment"]["capture"] = json!("manual");
        let order = twice(owner, "held", "/v1/orders", &held, 201).await;
        let payment = format!("/v1/payments/{}", order["payments"][0]["id"].as_str().unwrap());
        twice(owner, "capture", &format!("{payment}/capture"), &json!({ "amount": 200 }), 200).await;
        twice(owner, "void", &format!("{payment}/void"), &json!({}), 200).await;

        let bill = order_of(json!([line("tea", 1)]), json!({ "method": "manual" }));
        let order = twice(owner, "bill", "/v1/orders", &bill, 201).await;
        let payment = format!("/v1/payments/{}", order["payments"][0]["id"].as_str().unwrap());
        twice(owner, "received", &format!("{payment}/capture"), &json!({}), 200).await;
        assert_eq!(orders_of(app).await, 5);
        assert_eq!((app.stock("tea").await, app.stock("sample").await), ((7, 0), (4, 0)));
    }

    async fn another_body_is_another_request(app: &TestApp) {
        app.product("tea", 500, 10).await;
        let first = app.owner().post_as("k", "/v1/orders", &tea(1)).await;
        first.expect(201);
        for other in [tea(2), json!({}), json!([]), order_of(json!([]), card("tok_visa"))] {
            let answer = app.owner().post_as("k", "/v1/orders", &other).await;
            // A body that is none is told so first.
            assert_eq!(answer.status, 422, "{answer:?}");
        }
        let reused = app.owner().post_as("k", "/v1/orders", &tea(2)).await;
        reused.refused(422, "idempotency_key_reused");
        let spaced = format!(" {}", tea(1)).into_bytes();
        let headers = [("content-type", "application/json"), ("idempotency-key", "k")];
        let answer = app.owner().send(Method::POST, "/v1/orders", &headers, Some(spaced)).await;
        answer.refused(422, "idempotency_key_reused");
        replays(&first, &app.owner().post_as("k", "/v1/orders", &tea(1)).await);
        assert_eq!(app.stock("tea").await, (9, 0));
    }

    async fn a_refused_request_leaves_its_key_free(app: &TestApp) {
        app.product("tea", 500, 1).await;
        let owner = app.owner();
        owner.post_as("k", "/v1/orders", &tea(2)).await.refused(409, "insufficient_stock");
        owner.post_as("k", "/v1/orders", &json!({})).await.refused(422, "validation");
        let unknown = order_of(json!([line("coffee", 1)]), card("tok_visa"));
        owner.post_as("k", "/v1/orders", &unknown).await.refused(422, "unknown_sku");
        let adjust = json!({ "delta": -2, "reason": "lost" });
        let path = "/v1/inventory/tea/adjustments";
        owner.post_as("a", path, &adjust).await.refused(409, "insufficient_stock");
        owner.post(path, &json!({ "delta": 9, "reason": "delivery" })).await.expect(201);
        owner.post_as("a", path, &adjust).await.expect(201);
        twice(owner, "k", "/v1/orders", &tea(2), 201).await;
        assert_eq!(app.stock("tea").await, (6, 0));
        let nothing = "/v1/orders/01938f2e-7a51-7c3e-b3a5-0d6f3a2b9c11/cancel";
        owner.post_as("n", nothing, &json!({})).await.refused(404, "not_found");
        owner.post_as("n", nothing, &json!({ "reason": "x" })).await.refused(404, "not_found");
    }

    async fn a_key_belongs_to_one_address_and_one_holder(app: &TestApp) {
        app.product("tea", 500, 10).await;
        app.product("milk", 100, 10).await;
        let adjust = json!({ "delta": 1, "reason": "delivery" });
        for sku in ["tea", "milk"] {
            let path = format!("/v1/inventory/{sku}/adjustments");
            app.owner().post_as("k", &path, &adjust).await.expect(201);
        }
        app.owner().post_as("k", "/v1/orders", &tea(1)).await.expect(201);
        let create = |tx: &mut docket::db::WriteTx<'_>| identity::create(tx, "other", Scope::ALL);
        let other = app.at_command_line(create).await.text.expose().clone();
        let answer = app.client_with(Some(&other)).post_as("k", "/v1/orders", &tea(2)).await;
        answer.expect(201);
        assert_eq!(answer.header("idempotency-replayed"), "");
        assert_eq!((app.stock("tea").await, app.stock("milk").await), ((8, 0), (11, 0)));
    }

    async fn every_post_wants_a_key(app: &TestApp) {
        let api = app.owner().get("/openapi.json").await.expect(200);
        let id = "01938f2e-7a51-7c3e-b3a5-0d6f3a2b9c11";
        let mut posts = 0;
        for (path, item) in api["paths"].as_object().unwrap() {
            if item.get("post").is_none() {
                continue;
            }
            posts += 1;
            let path = path.replace("{id}", id).replace("{sku}", "tea");
            let headers = [("content-type", "application/json")];
            let answer = app.owner().send(Method::POST, &path, &headers, Some(b"{}".to_vec())).await;
            answer.refused(400, "idempotency_key_required");
        }
        assert!(posts >= 7, "{posts}");
    }

    async fn a_key_of_255_characters_is_as_good_as_any(app: &TestApp) {
        app.product("tea", 500, 10).await;
        let visible: String = ('!'..='~').collect();
        for key in ["k".repeat(255), visible, "'; DROP TABLE orders; --".replace(' ', "_")] {
            twice(app.owner(), &key, "/v1/orders", &tea(1), 201).await;
        }
        assert_eq!(app.stock("tea").await, (7, 0));
    }

    async fn a_key_is_forgotten_after_three_days(app: &TestApp) {
        app.product("tea", 500, 10).await;
        let first = app.owner().post_as("k", "/v1/orders", &tea(1)).await;
        first.expect(201);
        app.pass(Duration::from_secs(71 * 3600));
        replays(&first, &app.owner().post_as("k", "/v1/orders", &tea(1)).await);
        app.pass(Duration::from_secs(2 * 3600));
        let second = app.owner().post_as("k", "/v1/orders", &tea(2)).await;
        assert_ne!(second.expect(201)["id"], first.json()["id"]);
        assert_eq!(second.header("idempotency-replayed"), "");
        replays(&second, &app.owner().post_as("k", "/v1/orders", &tea(2)).await);
        assert_eq!(app.stock("tea").await, (7, 0));
    }

    async fn a_crowd_with_one_key_places_one_order(app: &TestApp) {
        a_crowd(app, 20, 50).await;
    }

    // cargo test --test server -- --ignored a_crowd_of_two_hundred_keys
    #[ignore = "takes a minute"]
    async fn a_crowd_of_two_hundred_keys_places_two_hundred_orders(app: &TestApp) {
        a_crowd(app, 200, 50).await;
    }

    async fn one_refund_comes_of_many_requests_for_it(app: &TestApp) {
        app.product("tea", 500, 10).await;
        let order = app.owner().order(json!([line("tea", 2)]), card("tok_visa")).await;
        let payment = order["payments"][0]["id"].as_str().unwrap().to_owned();
        let mut sent = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let (client, path) = (app.owner().clone(), format!("/v1/payments/{payment}/refunds"));
            sent.spawn(async move { client.post_as("r", &path, &json!({ "amount": 300 })).await });
        }
        let mut bodies = BTreeSet::new();
        for answer in sent.join_all().await {
            match answer.status {
                409 => drop(answer.refused(409, "idempotency_key_in_use")),
                _ => drop((answer.expect(201), bodies.insert(answer.body))),
            }
        }
        assert_eq!(bodies.len(), 1, "{bodies:?}");
        let read = app.owner().get(&format!("/v1/payments/{payment}")).await.expect(200);
        assert_eq!(read["amount_refunded"], 300);
    }
}
