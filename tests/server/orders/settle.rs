//! Outcomes that come late.

use std::time::Duration;

use serde_json::json;

use crate::support::{TestApp, both, card, line, order_of};

both! {
    async fn an_unknown_outcome_is_settled_without_anyone_asking(app: &TestApp) {
        app.product("tea", 500, 10).await;
        let body = order_of(json!([line("tea", 2)]), card("tok_timeout"));
        let first = app.owner().post_as("late", "/v1/orders", &body).await;
        let order = first.expect(202);
        assert_eq!(
            (&order["status"], &order["payment_status"]),
            (&json!("pending"), &json!("unpaid")),
        );
        assert_eq!(first.header("retry-after"), "1");
        assert_eq!(app.stock("tea").await, (10, 2));

        let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
        app.eventually(&path, |order| order["status"] == "confirmed").await;
        assert_eq!(app.stock("tea").await, (8, 0));
        let again = app.owner().post_as("late", "/v1/orders", &body).await;
        assert_eq!(again.expect(201)["payment_status"], "paid");
        assert_eq!(again.header("idempotency-replayed"), "true");
        let third = app.owner().post_as("late", "/v1/orders", &body).await;
        assert_eq!(third.body, again.body);
    }

    async fn an_outcome_that_is_settled_after_days_is_answered_to_the_same_key(app: &TestApp) {
        app.product("tea", 500, 10).await;
        let body = order_of(json!([line("tea", 2)]), card("tok_timeout"));
        let order = app.owner().post_as("weekend", "/v1/orders", &body).await.expect(202);
        app.pass(Duration::from_secs(80 * 3600));
        let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
        app.eventually(&path, |order| order["status"] != "pending").await;
        let again = app.owner().post_as("weekend", "/v1/orders", &body).await;
        assert_eq!(again.header("idempotency-replayed"), "true", "{again:?}");
        assert_eq!(again.json()["id"], order["id"]);
        let orders = app.owner().get("/v1/orders").await.expect(200);
        assert_eq!(orders["data"].as_array().unwrap().len(), 1);
    }

    async fn while_an_outcome_is_unknown_its_key_answers_how_the_order_stands(app: &TestApp) {
        app.product("tea", 500, 10).await;
        let body = order_of(json!([line("tea", 2)]), card("tok_timeout"));
        let order = app.owner().post_as("pending", "/v1/orders", &body).await.expect(202);
        let again = app.owner().post_as("pending", "/v1/orders", &body).await;
        assert!(again.status == 202 || again.status == 201, "{again:?}");
        assert_eq!(again.json()["id"], order["id"]);
        let cancel = format!("/v1/orders/{}/cancel", order["id"].as_str().unwrap());
        let refused = app.owner().post(&cancel, &json!({})).await;
        assert!(refused.status == 409 || refused.status == 200, "{refused:?}");
    }
}
