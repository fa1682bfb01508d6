//! Giving money back.

use serde_json::json;

use crate::support::{TestApp, both, card, line};

both! {
    async fn money_is_given_back_in_parts_and_never_more_than_was_taken(app: &TestApp) {
        app.product("tea", 500, 10).await;
        let order = app.owner().order(json!([line("tea", 2)]), card("tok_visa")).await;
        let payment = order["payments"][0]["id"].as_str().unwrap();
        let path = format!("/v1/payments/{payment}/refunds");
        let refund = app.owner().post(&path, &json!({ "amount": 400, "reason": "broken" }))
            .await.expect(201);
        assert_eq!(refund["payment_id"], payment);
        assert_eq!((&refund["amount"], &refund["status"]), (&json!(400), &json!("succeeded")));
        assert_eq!(refund["reason"], "broken");
        let order_path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
        assert_eq!(
            app.owner().get(&order_path).await.json()["payment_status"],
            "partially_refunded",
        );
        let too_much = app.owner().post(&path, &json!({ "amount": 601 })).await;
        assert_eq!(too_much.refused(409, "amount_exceeds_refundable")["available"], 600);
        app.owner().post(&path, &json!({})).await.expect(201);
        let order = app.owner().get(&order_path).await.expect(200);
        assert_eq!(order["payment_status"], "refunded");
        assert_eq!(order["status"], "confirmed");
        assert_eq!(app.stock("tea").await, (8, 0), "a refund is no return of goods");
        app.owner().post(&path, &json!({})).await.refused(409, "invalid_transition");
    }
}
