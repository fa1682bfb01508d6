//! Placing an order.

use serde_json::{Value, json};

use crate::support::{TestApp, both, card, line, order_of};

both! {
    async fn the_answer_is_what_reading_gives(app: &TestApp) {
        let lines: Vec<Value> = (0..30).map(|number| line(&format!("tea-{}", number % 20), 1)).collect();
        for number in 0..20 {
            app.product(&format!("tea-{number}"), 100 + number, 10).await;
        }
        let mut body = order_of(json!(lines), card("tok_visa"));
        body["reference"] = "basket-7".into();
        body["metadata"] = json!({ "till": "7", "note": "\u{2615} \"hot\"" });
        let placed = app.owner().post("/v1/orders", &body).await;
        let path = format!("/v1/orders/{}", placed.expect(201)["id"].as_str().unwrap());
        let read = app.owner().get(&path).await;
        assert_eq!(read.body, placed.body);
        assert_eq!(read.header("etag"), placed.header("etag"));

        body["payment"] = json!({ "method": "card", "token": "tok_visa", "capture": "manual" });
        let placed = app.owner().post("/v1/orders", &body).await;
        let path = format!("/v1/orders/{}", placed.expect(201)["id"].as_str().unwrap());
        assert_eq!(app.owner().get(&path).await.body, placed.body);
    }

    async fn an_order_by_card_is_confirmed_and_paid(app: &TestApp) {
        app.product("tea", 349, 10).await;
        let body = json!({
            "reference": "31198570044",
            "customer": {
                "reference": "household-900",
                "email": "a@shop.test",
                "name": "A. Buyer",
            },
            "currency": "USD",
            "lines": [line("tea", 2), line("tea", 1)],
            "payment": card("tok_visa"),
            "shipping_address": { "line1": "1 High Street", "city": "Springfield" },
            "expected_total": 1047,
            "metadata": { "basket": "morning" },
        });
        let answer = app.owner().post("/v1/orders", &body).await;
        let order = answer.expect(201);
        assert_eq!(order["status"], "confirmed");
        assert_eq!(order["payment_status"], "paid");
        assert_eq!(order["fulfilment_status"], "unfulfilled");
        assert_eq!(order["total"], 1047);
        assert_eq!(order["subtotal"], 1047);
        assert_eq!(order["lines"].as_array().unwrap().len(), 2);
        assert_eq!(order["lines"][0]["unit_price"], 349);
        assert_eq!(order["lines"][0]["name"], "Product tea");
        assert_eq!(order["payments"][0]["status"], "captured");
        assert_eq!(order["payments"][0]["amount_captured"], 1047);
        assert_eq!(order["customer"], json!({ "reference": "household-900" }));
        assert_eq!(order["metadata"]["basket"], "morning");
        assert_eq!(order["number"], "1001");
        assert_eq!(
            answer.header("location"),
            format!("/v1/orders/{}", order["id"].as_str().unwrap()),
        );
        assert_eq!(app.stock("tea").await, (7, 0));
        assert!(!answer.body.contains("a@shop.test"), "an answer must not hold personal data");

        let read = app.owner().get(answer.header("location")).await;
        assert_eq!(read.expect(200), order);
        assert_eq!(read.header("etag"), answer.header("etag"));
        assert!(!read.header("x-request-id").is_empty());
        assert_eq!(read.header("x-trace-id").len(), 32);
        assert_eq!(order["trace_id"], answer.header("x-trace-id"));
    }

    async fn a_declined_card_leaves_a_cancelled_order_and_the_stock_as_it_was(app: &TestApp) {
        app.product("tea", 349, 10).await;
        for (token, code) in [
            ("tok_chargeDeclined", "card_declined"),
            ("tok_chargeDeclinedInsufficientFunds", "insufficient_funds"),
        ] {
            let body = order_of(json!([line("tea", 2)]), card(token));
            let problem =
                app.owner().post("/v1/orders", &body).await.refused(402, "payment_declined");
            assert_eq!(problem["decline_code"], code);
            assert!(problem["request_id"].is_string());
            let path = format!("/v1/orders/{}", problem["order_id"].as_str().unwrap());
            let order = app.owner().get(&path).await.expect(200);
            assert_eq!(order["status"], "cancelled");
            assert_eq!(order["payment_status"], "failed");
            assert_eq!(order["cancel_reason"], "payment_declined");
            assert_eq!(order["payments"][0]["id"], problem["payment_id"]);
            assert_eq!(app.stock("tea").await, (10, 0));
        }
    }

    async fn two_lines_of_one_product_want_their_sum(app: &TestApp) {
        app.product("last", 100, 1).await;
        let body = order_of(json!([line("last", 1), line("last", 1)]), card("tok_visa"));
        let problem =
            app.owner().post("/v1/orders", &body).await.refused(409, "insufficient_stock");
        let error = &problem["errors"][0];
        assert_eq!(error["sku"], "last");
        assert_eq!(error["requested"], 2);
        assert_eq!(error["available"], 1);
        assert_eq!(app.stock("last").await, (1, 0));
    }

    async fn a_shortage_names_only_the_products_that_are_short(app: &TestApp) {
        app.product("plenty", 100, 5).await;
        app.product("scarce", 100, 1).await;
        app.product("none", 100, 0).await;
        let lines = json!([line("plenty", 5), line("scarce", 2), line("none", 1)]);
        let body = order_of(lines, card("tok_visa"));
        let problem =
            app.owner().post("/v1/orders", &body).await.refused(409, "insufficient_stock");
        let named: Vec<_> = problem["errors"].as_array().unwrap().iter()
            .map(|error| (error["field"].as_str().unwrap().to_owned(), error["available"].clone()))
            .collect();
        let expected =
            [("lines[1].quantity".into(), json!(1)), ("lines[2].quantity".into(), json!(0))];
        assert_eq!(named, expected);
    }

    async fn a_price_that_changed_under_way_is_not_charged(app: &TestApp) {
        app.product("tea", 349, 10).await;
        let mut body = order_of(json!([line("tea", 1)]), card("tok_visa"));
        body["expected_total"] = json!(299);
        let problem = app.owner().post("/v1/orders", &body).await.refused(409, "total_mismatch");
        assert_eq!((&problem["expected"], &problem["actual"]), (&json!(299), &json!(349)));
        assert_eq!(app.stock("tea").await, (10, 0));
    }

    async fn unknown_products_and_missing_prices_are_named(app: &TestApp) {
        app.product("tea", 349, 10).await;
        let body = order_of(json!([line("tea", 1), line("nothing", 1)]), card("tok_visa"));
        let problem = app.owner().post("/v1/orders", &body).await.refused(422, "unknown_sku");
        assert_eq!(problem["errors"][0]["field"], "lines[1].sku");
        let mut body = order_of(json!([line("tea", 1)]), card("tok_visa"));
        body["currency"] = json!("EUR");
        app.owner().post("/v1/orders", &body).await.refused(422, "currency_mismatch");
    }

    async fn an_order_of_nothing_but_free_goods_is_paid_at_once(app: &TestApp) {
        app.product("sample", 0, 3).await;
        let order = app.owner().order(json!([line("sample", 1)]), card("tok_visa")).await;
        assert_eq!(
            (&order["status"], &order["payment_status"]),
            (&json!("confirmed"), &json!("paid")),
        );
        assert_eq!(app.stock("sample").await, (2, 0));
    }

    async fn a_total_beyond_the_range_is_refused(app: &TestApp) {
        app.product("gold", 9_007_199_254_740_991, 10).await;
        let body = order_of(json!([line("gold", 2)]), card("tok_visa"));
        app.owner().post("/v1/orders", &body).await.refused(422, "validation");
        let order = app.owner().order(json!([line("gold", 1)]), card("tok_visa")).await;
        assert_eq!(order["total"], 9_007_199_254_740_991_i64);
    }
}
