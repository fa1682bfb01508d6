//! Orders by invoice or cash.

use std::time::Duration;

use serde_json::json;

use crate::support::{TestApp, both, line};

const DAY: Duration = Duration::from_secs(24 * 3600);

both! {
    async fn the_goods_leave_the_stock_when_the_money_is_recorded(app: &TestApp) {
        app.product("tea", 500, 10).await;
        let order = app.owner().order(json!([line("tea", 2)]), json!({ "method": "manual" })).await;
        assert_eq!(
            (&order["status"], &order["payment_status"]),
            (&json!("confirmed"), &json!("unpaid")),
        );
        assert_eq!(app.stock("tea").await, (10, 2));
        let payment = order["payments"][0]["id"].as_str().unwrap();
        let path = format!("/v1/payments/{payment}/capture");
        let part = app.owner().post(&path, &json!({ "amount": 400 })).await.expect(200);
        assert_eq!(part["status"], "partially_captured");
        assert_eq!(app.stock("tea").await, (10, 2));
        app.owner().post(&path, &json!({})).await.expect(200);
        assert_eq!(app.stock("tea").await, (8, 0));
        let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
        assert_eq!(app.owner().get(&path).await.json()["payment_status"], "paid");
        app.pass(8 * DAY);
        app.owner().post(&format!("{path}/cancel"), &json!({})).await.expect(200);
        assert_eq!(app.stock("tea").await, (10, 0));
    }

    async fn the_goods_leave_the_stock_when_they_are_sent_first(app: &TestApp) {
        app.product("tea", 500, 10).await;
        let order = app.owner().order(json!([line("tea", 2)]), json!({ "method": "manual" })).await;
        let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
        app.owner().post(&format!("{path}/fulfilments"), &json!({})).await.expect(201);
        assert_eq!(app.stock("tea").await, (8, 0));
        let payment = order["payments"][0]["id"].as_str().unwrap();
        app.owner().post(&format!("/v1/payments/{payment}/capture"), &json!({})).await.expect(200);
        assert_eq!(app.owner().get(&path).await.json()["status"], "completed");
        assert_eq!(app.stock("tea").await, (8, 0));
    }

    async fn an_order_that_is_not_paid_in_time_expires_and_frees_its_stock(app: &TestApp) {
        app.product("tea", 500, 10).await;
        let order = app.owner().order(json!([line("tea", 2)]), json!({ "method": "manual" })).await;
        let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
        app.pass(6 * DAY);
        assert_eq!(app.owner().get(&path).await.json()["status"], "confirmed");
        app.pass(2 * DAY);
        let expired = app.eventually(&path, |order| order["status"] == "cancelled").await;
        assert_eq!(expired["cancel_reason"], "expired");
        assert_eq!(expired["payment_status"], "voided");
        assert_eq!(app.stock("tea").await, (10, 0));
    }

    async fn a_cancelled_order_waits_for_no_money(app: &TestApp) {
        app.product("tea", 500, 10).await;
        let order = app.owner().order(json!([line("tea", 2)]), json!({ "method": "manual" })).await;
        let path = format!("/v1/orders/{}/cancel", order["id"].as_str().unwrap());
        let cancelled = app.owner().post(&path, &json!({})).await.expect(200);
        assert_eq!(cancelled["payment_status"], "voided");
        assert_eq!(app.stock("tea").await, (10, 0));
        let payment = order["payments"][0]["id"].as_str().unwrap();
        let late = app.owner().post(&format!("/v1/payments/{payment}/capture"), &json!({})).await;
        late.refused(409, "invalid_transition");
    }
}
