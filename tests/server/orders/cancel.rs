//! Cancelling an order.

use serde_json::json;

use crate::support::{TestApp, both, card, line};

both! {
    async fn a_paid_order_gives_money_and_stock_back(app: &TestApp) {
        app.product("tea", 349, 10).await;
        let order = app.owner().order(json!([line("tea", 2)]), card("tok_visa")).await;
        let path = format!("/v1/orders/{}/cancel", order["id"].as_str().unwrap());
        let cancelled = app.owner().post(&path, &json!({})).await.expect(200);
        assert_eq!(cancelled["status"], "cancelled");
        assert_eq!(cancelled["payment_status"], "refunded");
        assert_eq!(cancelled["cancel_reason"], "requested");
        assert_eq!(cancelled["payments"][0]["amount_refunded"], 698);
        assert_eq!(app.stock("tea").await, (10, 0));

        let again = app.owner().post(&path, &json!({})).await.refused(409, "invalid_transition");
        assert_eq!(again["allowed"], json!([]));
    }

    async fn an_authorized_order_lets_the_money_go(app: &TestApp) {
        app.product("tea", 349, 10).await;
        let pay = json!({ "method": "card", "token": "tok_visa", "capture": "manual" });
        let order = app.owner().order(json!([line("tea", 2)]), pay).await;
        assert_eq!(order["payment_status"], "authorized");
        let path = format!("/v1/orders/{}/cancel", order["id"].as_str().unwrap());
        let cancelled =
            app.owner().post(&path, &json!({ "reason": "changed mind" })).await.expect(200);
        assert_eq!(cancelled["payment_status"], "voided");
        assert_eq!(cancelled["cancel_reason"], "changed mind");
        assert_eq!(cancelled["payments"][0]["status"], "voided");
        assert_eq!(app.stock("tea").await, (10, 0));
    }

    async fn what_has_left_stays_paid_and_out_of_stock(app: &TestApp) {
        app.product("tea", 100, 10).await;
        let order = app.owner().order(json!([line("tea", 3)]), card("tok_visa")).await;
        let id = order["id"].as_str().unwrap();
        let parcel = json!({ "lines": [{ "line_id": order["lines"][0]["id"], "quantity": 1 }] });
        app.owner().post(&format!("/v1/orders/{id}/fulfilments"), &parcel).await.expect(201);
        let cancelled =
            app.owner().post(&format!("/v1/orders/{id}/cancel"), &json!({})).await.expect(200);
        assert_eq!(cancelled["payment_status"], "partially_refunded");
        assert_eq!(cancelled["payments"][0]["amount_refunded"], 200);
        assert_eq!(app.stock("tea").await, (9, 0));
    }

    async fn a_stale_version_is_refused(app: &TestApp) {
        app.product("tea", 100, 10).await;
        let order = app.owner().order(json!([line("tea", 3)]), card("tok_visa")).await;
        let path = format!("/v1/orders/{}/cancel", order["id"].as_str().unwrap());
        let headers = [
            ("idempotency-key", "stale"),
            ("content-type", "application/json"),
            ("if-match", "\"1\""),
        ];
        let body = Some(b"{}".to_vec());
        let post = reqwest::Method::POST;
        let answer = app.owner().send(post.clone(), &path, &headers, body.clone()).await;
        answer.refused(412, "version_mismatch");
        let current = format!("\"{}\"", order["version"]);
        let headers =
            [headers[0], headers[1], ("if-match", current.as_str())];
        app.owner().send(post, &path, &headers, body).await.expect(200);
    }
}
