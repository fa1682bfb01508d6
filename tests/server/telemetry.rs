//! From any id to everything.

use serde_json::{Value, json};

use crate::support::{Answer, TestApp, both, card, line, order_of};

async fn about(app: &TestApp, id: &str) -> Answer {
    app.owner().get(&format!("/v1/telemetry/{id}")).await
}

fn kinds(journal: &Value) -> Vec<&str> {
    journal.as_array().unwrap().iter().map(|entry| entry["type"].as_str().unwrap()).collect()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

async fn refund(app: &TestApp, payment: &str) -> Value {
    let path = format!("/v1/payments/{payment}/refunds");
    app.owner().post(&path, &json!({ "amount": 100 })).await.expect(201)
}

both! {
    async fn every_id_of_an_order_leads_to_the_same_order_traces_and_entries(app: &TestApp) {
        app.product("tea", 349, 10).await;
        let body = order_of(json!([line("tea", 2)]), card("tok_visa"));
        let placed = app.owner().post("/v1/orders", &body).await;
        let order = placed.expect(201);
        let payment = text(&order["payments"][0]["id"]).to_owned();
        let refund = refund(app, &payment).await;
        let path = format!("/v1/telemetry/{}", text(&order["id"]));
        let whole = |view: &Value| {
            view["traces"].as_array().is_some_and(|traces| traces.len() == 2)
                && kinds(&view["journal"]).len() == 6
        };
        let view = app.eventually(&path, whole).await;
        assert_eq!(view["kind"], "order");
        assert_eq!(kinds(&view["journal"]), [
            "order.placed",
            "payment.captured",
            "order.confirmed",
            "payment.refund_requested",
            "payment.refunded",
            "order.payment_changed",
        ]);
        assert_eq!(view["missing_traces"], json!([]));
        assert_eq!(view["order"]["payments"][0]["amount_refunded"], 100);

        let entry = text(&view["journal"][1]["id"]).to_owned();
        let number = text(&order["number"]).to_owned();
        let request = placed.header("x-request-id").to_owned();
        for (id, kind) in [
            (payment.as_str(), "payment"),
            (text(&refund["id"]), "operation"),
            (entry.as_str(), "journal_entry"),
            (number.as_str(), "order"),
            (text(&order["trace_id"]), "trace"),
            (request.as_str(), "request"),
        ] {
            let found = about(app, id).await.expect(200);
            assert_eq!(found["kind"], kind, "{id}");
            assert_eq!(found["order"]["id"], order["id"], "{kind}");
            assert_eq!(kinds(&found["journal"]), kinds(&view["journal"]), "{kind}");
            assert_eq!(found["traces"].as_array().unwrap().len(), 2, "{kind}");
        }
    }

    async fn an_entry_without_a_trace_leads_to_itself(app: &TestApp) {
        app.at_command_line(|tx| docket::identity::create(tx, "other", &[])).await;
        let by_command_line = |page: &Value| !page["data"].as_array().unwrap().is_empty();
        let page = app.eventually("/v1/audit?actor=cli", by_command_line).await;
        let entry = &page["data"][0];
        let view = about(app, text(&entry["id"])).await.expect(200);
        assert_eq!((&view["kind"], &view["journal"]), (&json!("journal_entry"), &json!([entry])));
    }

    async fn a_trace_that_changed_nothing_is_found_too(app: &TestApp) {
        let read = app.owner().get("/v1/orders?limit=1").await;
        let id = read.header("x-trace-id").to_owned();
        let view = app.eventually(&format!("/v1/telemetry/{id}"), |_| true).await;
        assert_eq!(view["traces"][0]["spans"][0]["name"], "GET /v1/orders");
        assert_eq!((&view["order"], &view["journal"]), (&Value::Null, &json!([])));
    }

    async fn a_client_may_name_its_request_and_find_it_by_that_name(app: &TestApp) {
        app.product("tea", 349, 10).await;
        let body = order_of(json!([line("tea", 1)]), card("tok_visa")).to_string();
        let headers = [
            ("content-type", "application/json"),
            ("idempotency-key", "named"),
            ("x-request-id", "till-7-basket-4711"),
        ];
        let sent = app.owner().send(
            reqwest::Method::POST, "/v1/orders", &headers, Some(body.into_bytes())
        ).await;
        let order = sent.expect(201);
        let found = |view: &Value| view["order"]["id"] == order["id"];
        app.eventually("/v1/telemetry/till-7-basket-4711", found).await;
    }

    async fn an_id_of_nobody_is_404(app: &TestApp) {
        for id in [
            "0193abcd-0000-7000-8000-000000000000",
            "4bf92f3577b34da6a3ce929d0e0e4736",
            "999999",
            "nonsense",
            "%27%20OR%201=1",
        ] {
            about(app, id).await.refused(404, "not_found");
        }
    }
}
