//! Capturing and voiding held money.

use serde_json::{Value, json};

use crate::support::{TestApp, both, line};

async fn authorized(app: &TestApp) -> (Value, String) {
    app.product("tea", 500, 10).await;
    let pay = json!({ "method": "card", "token": "tok_visa", "capture": "manual" });
    let order = app.owner().order(json!([line("tea", 2)]), pay).await;
    let payment = order["payments"][0]["id"].as_str().unwrap().to_owned();
    (order, format!("/v1/payments/{payment}"))
}

both! {
    async fn money_is_captured_in_parts_until_all_is_taken(app: &TestApp) {
        let (order, payment) = authorized(app).await;
        let path = format!("{payment}/capture");
        let first = app.owner().post(&path, &json!({ "amount": 300 })).await.expect(200);
        assert_eq!(
            (&first["status"], &first["amount_captured"]),
            (&json!("partially_captured"), &json!(300)),
        );
        let too_much = app.owner().post(&path, &json!({ "amount": 701 })).await;
        assert_eq!(too_much.refused(409, "amount_exceeds_capturable")["available"], 700);
        let order_path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
        assert_eq!(app.owner().get(&order_path).await.json()["payment_status"], "partially_paid");
        let rest = app.owner().post(&path, &json!({})).await.expect(200);
        assert_eq!((&rest["status"], &rest["amount_captured"]), (&json!("captured"), &json!(1000)));
        assert_eq!(app.owner().get(&order_path).await.json()["payment_status"], "paid");
        app.owner().post(&path, &json!({})).await.refused(409, "invalid_transition");
    }

    async fn a_voided_payment_cannot_be_captured(app: &TestApp) {
        let (order, payment) = authorized(app).await;
        let voided = app.owner().post(&format!("{payment}/void"), &json!({})).await.expect(200);
        assert_eq!(voided["status"], "voided");
        let refused = app.owner().post(&format!("{payment}/capture"), &json!({})).await;
        assert_eq!(refused.refused(409, "invalid_transition")["allowed"], json!([]));
        let id = order["id"].as_str().unwrap();
        let order = app.owner().get(&format!("/v1/orders/{id}")).await.expect(200);
        assert_eq!(
            (&order["status"], &order["payment_status"]),
            (&json!("confirmed"), &json!("voided")),
        );
        let parcel = app.owner().post(&format!("/v1/orders/{id}/fulfilments"), &json!({})).await;
        parcel.refused(409, "payment_not_secured");
    }

    async fn what_is_left_after_a_part_was_captured_can_be_voided(app: &TestApp) {
        let (_, payment) = authorized(app).await;
        app.owner().post(&format!("{payment}/capture"), &json!({ "amount": 400 }))
            .await.expect(200);
        let voided = app.owner().post(&format!("{payment}/void"), &json!({})).await.expect(200);
        assert_eq!(
            (&voided["status"], &voided["amount_captured"]),
            (&json!("captured"), &json!(400)),
        );
    }

    async fn captures_wants_an_amount_in_range(app: &TestApp) {
        let (_, payment) = authorized(app).await;
        let too_much = json!(9_007_199_254_740_992_i64);
        for amount in [json!(0), json!(-1), json!("1"), too_much, json!(1.5)] {
            let body = json!({ "amount": amount });
            let answer = app.owner().post(&format!("{payment}/capture"), &body).await;
            answer.refused(422, "validation");
        }
    }
}
