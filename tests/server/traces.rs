//! The span tree of every way an order can go, asserted to the last span: names, parents, kinds,
//! what is said of each, and what failed.

use serde_json::{Value, json};

use crate::support::{Answer, TestApp, both, card, fresh_key, line, order_of};

/// Attributes that are the same in every run and worth telling.
const TOLD: [&str; 3] = ["outcome", "error.type", "http.response.status_code"];

/// A span in one line, its children below it: name, kind when it is not internal, status when it
/// is an error, what is known of it.
fn draw(span: &Value, depth: usize, drawn: &mut String) {
    let word = |key: &str| span[key].as_str().unwrap();
    let mut line = format!("{}{}", "  ".repeat(depth), word("name"));
    if word("kind") != "internal" {
        line += &format!(" <{}>", word("kind"));
    }
    if word("status") != "unset" {
        line += &format!(" !{}", word("status"));
    }
    for key in TOLD {
        match &span["attributes"][key] {
            Value::Null => {}
            Value::String(text) => line += &format!(" {text}"),
            other => line += &format!(" {other}"),
        }
    }
    *drawn += &format!("{line}\n");
    // A key is at hand or is read, as it happens.
    if word("name") == "identity.authenticate" {
        return;
    }
    for child in span["children"].as_array().unwrap() {
        draw(child, depth + 1, drawn);
    }
}

fn drawn(trace: &Value) -> String {
    let mut text = String::new();
    trace["spans"].as_array().unwrap().iter().for_each(|span| draw(span, 0, &mut text));
    text
}

/// The whole of a trace, once its last span has ended.
async fn trace(app: &TestApp, trace_id: &str) -> Value {
    let path = format!("/v1/telemetry/{trace_id}");
    let ended = |view: &Value| view["traces"].as_array().is_some_and(|found| !found.is_empty());
    let view = app.eventually(&path, ended).await;
    let traces = view["traces"].as_array().unwrap();
    traces.iter().find(|trace| trace["trace_id"] == trace_id).unwrap().clone()
}

async fn trace_of(app: &TestApp, answer: &Answer) -> Value {
    trace(app, answer.header("x-trace-id")).await
}

fn every_span<'a>(spans: &'a [Value], found: &mut Vec<&'a Value>) {
    for span in spans {
        found.push(span);
        every_span(span["children"].as_array().unwrap(), found);
    }
}

fn named<'a>(trace: &'a Value, name: &str) -> &'a Value {
    let mut spans = Vec::new();
    every_span(trace["spans"].as_array().unwrap(), &mut spans);
    spans.into_iter().find(|span| span["name"] == name).unwrap_or_else(|| {
        panic!("no span {name} in\n{}", drawn(trace));
    })
}

#[track_caller]
fn looks_like(trace: &Value, expected: &str) {
    let expected: Vec<&str> = expected.lines().filter(|line| !line.trim().is_empty()).collect();
    let margin = expected[0].len() - expected[0].trim_start().len();
    let expected: String = expected.iter().map(|line| format!("{}\n", &line[margin..])).collect();
    let found = drawn(trace);
    assert_eq!(found, expected, "\n{found}");
}

both! {
    async fn a_placed_order(app: &TestApp) {
        app.product("tea", 349, 10).await;
        let body = order_of(json!([line("tea", 2)]), card("tok_visa"));
        let answer = app.owner().post("/v1/orders", &body).await;
        let order = answer.expect(201);
        let trace = trace_of(app, &answer).await;
        looks_like(&trace, "
            POST /v1/orders <server> 201
              identity.authenticate
              orders.place placed
                db.write
                  catalog.price
                  inventory.reserve
                  payments.open
                  audit.record
                payments.authorize <client> approved
                  db.write
                db.write
                  orders.finish
                    payments.settle
                      audit.record
                    inventory.post
                    audit.record
        ");
        let root = &named(&trace, "POST /v1/orders")["attributes"];
        assert_eq!(root["http.request.method"], "POST");
        assert_eq!(root["http.route"], "/v1/orders");
        assert_eq!(root["url.path"], "/v1/orders");
        assert_eq!(root["request_id"], answer.header("x-request-id"));
        assert_eq!(named(&trace, "orders.place")["attributes"]["order.id"], order["id"]);
        let payment = &order["payments"][0]["id"];
        assert_eq!(&named(&trace, "payments.authorize")["attributes"]["payment.id"], payment);
        let write = &named(&trace, "db.write")["attributes"];
        assert!(write["wait_us"].is_i64(), "{write}");
        assert_eq!(order["trace_id"], trace["trace_id"]);
    }

    async fn a_declined_card_is_an_outcome_and_not_an_error(app: &TestApp) {
        app.product("tea", 349, 10).await;
        let body = order_of(json!([line("tea", 2)]), card("tok_chargeDeclined"));
        let answer = app.owner().post("/v1/orders", &body).await;
        answer.refused(402, "payment_declined");
        let trace = trace_of(app, &answer).await;
        looks_like(&trace, "
            POST /v1/orders <server> 402
              identity.authenticate
              orders.place declined
                db.write
                  catalog.price
                  inventory.reserve
                  payments.open
                  audit.record
                payments.authorize <client> declined
                  db.write
                db.write
                  orders.finish
                    payments.settle
                      audit.record
                    inventory.release
                    audit.record
        ");
        assert_eq!(trace["kept_because"], "compensated");
    }

    async fn an_order_for_more_than_there_is(app: &TestApp) {
        app.product("tea", 349, 1).await;
        let body = order_of(json!([line("tea", 2)]), card("tok_visa"));
        let answer = app.owner().post("/v1/orders", &body).await;
        answer.refused(409, "insufficient_stock");
        looks_like(&trace_of(app, &answer).await, "
            POST /v1/orders <server> 409
              identity.authenticate
              orders.place out_of_stock
                db.write
                  catalog.price
                  inventory.reserve
        ");
    }

    async fn an_unknown_outcome_is_settled_in_a_trace_of_its_own_that_links_back(app: &TestApp) {
        app.product("tea", 349, 10).await;
        let body = order_of(json!([line("tea", 1)]), card("tok_timeout"));
        let answer = app.owner().post("/v1/orders", &body).await;
        let order = answer.expect(202);
        let placing = trace_of(app, &answer).await;
        looks_like(&placing, "
            POST /v1/orders <server> 202
              identity.authenticate
              orders.place pending
                db.write
                  catalog.price
                  inventory.reserve
                  payments.open
                  audit.record
                payments.authorize <client> !error unknown timeout
                  db.write
                db.write
                db.read
        ");
        assert_eq!(placing["kept_because"], "unknown_outcome");

        let path = format!("/v1/telemetry/{}", order["id"].as_str().unwrap());
        let both = |view: &Value| view["traces"].as_array().is_some_and(|all| all.len() == 2);
        let view = app.eventually(&path, both).await;
        let settling = &view["traces"][1];
        looks_like(settling, "
            orders.settle
              payments.look_up <client> approved
                db.read
              db.write
                orders.finish
                  payments.settle
                    audit.record
                  inventory.post
                  audit.record
        ");
        let link = &settling["spans"][0]["links"][0];
        assert_eq!(link["trace_id"], placing["trace_id"]);
        assert_eq!(link["span_id"], placing["spans"][0]["span_id"]);
        assert_eq!(view["order"]["payment_status"], "paid");
    }

    async fn a_cancelled_order_gives_its_money_back(app: &TestApp) {
        app.product("tea", 349, 10).await;
        let order = app.owner().order(json!([line("tea", 1)]), card("tok_visa")).await;
        let path = format!("/v1/orders/{}/cancel", order["id"].as_str().unwrap());
        let answer = app.owner().post(&path, &json!({})).await;
        answer.expect(200);
        let trace = trace_of(app, &answer).await;
        looks_like(&trace, "
            POST /v1/orders/{id}/cancel <server> 200
              identity.authenticate
              orders.cancel
                db.write
                  inventory.release
                  inventory.give_back
                  audit.record
                  payments.begin
                    audit.record
                payments.refund <client> approved
                  db.write
                db.write
                  orders.finish
                    payments.settle
                      audit.record
                    audit.record
        ");
        assert_eq!(trace["kept_because"], "compensated");
    }

    async fn a_replayed_key_asks_nobody(app: &TestApp) {
        app.product("tea", 349, 10).await;
        let body = order_of(json!([line("tea", 1)]), card("tok_visa"));
        let key = fresh_key();
        app.owner().post_as(&key, "/v1/orders", &body).await.expect(201);
        let again = app.owner().post_as(&key, "/v1/orders", &body).await;
        again.expect(201);
        looks_like(&trace_of(app, &again).await, "
            POST /v1/orders <server> 201
              identity.authenticate
              orders.place replayed
                db.write
        ");
    }
}
