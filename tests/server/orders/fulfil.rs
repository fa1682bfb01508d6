//! Goods leave.

use serde_json::json;

use crate::support::{TestApp, both, card, line};

both! {
    async fn an_order_that_is_paid_and_sent_is_completed(app: &TestApp) {
        app.product("tea", 500, 10).await;
        app.product("milk", 100, 10).await;
        let lines = json!([line("tea", 2), line("milk", 1)]);
        let order = app.owner().order(lines, card("tok_visa")).await;
        let path = format!("/v1/orders/{}/fulfilments", order["id"].as_str().unwrap());
        let tea = &order["lines"][0]["id"];
        let parcel = json!({ "lines": [{ "line_id": tea, "quantity": 1 }], "tracking": "TR-1" });
        let part = app.owner().post(&path, &parcel).await.expect(201);
        assert_eq!(part["fulfilment_status"], "partially_fulfilled");
        assert_eq!(part["lines"][0]["quantity_fulfilled"], 1);
        assert_eq!(part["fulfilments"][0]["tracking"], "TR-1");
        assert_eq!(part["fulfilments"][0]["lines"][0]["line_id"], *tea);

        let too_much = json!({ "lines": [{ "line_id": tea, "quantity": 2 }] });
        let refused = app.owner().post(&path, &too_much).await.refused(409, "exceeds_unfulfilled");
        assert_eq!(refused["errors"][0]["left"], 1);

        let rest = app.owner().post(&path, &json!({})).await.expect(201);
        assert_eq!(
            (&rest["status"], &rest["fulfilment_status"]),
            (&json!("completed"), &json!("fulfilled")),
        );
        assert_eq!(rest["fulfilments"].as_array().unwrap().len(), 2);
        app.owner().post(&path, &json!({})).await.refused(409, "exceeds_unfulfilled");
        let cancel = format!("/v1/orders/{}/cancel", order["id"].as_str().unwrap());
        app.owner().post(&cancel, &json!({})).await.refused(409, "invalid_transition");
    }

    async fn parcels_name_lines_of_their_order_once(app: &TestApp) {
        app.product("tea", 500, 10).await;
        let order = app.owner().order(json!([line("tea", 2)]), card("tok_visa")).await;
        let path = format!("/v1/orders/{}/fulfilments", order["id"].as_str().unwrap());
        let line_id = &order["lines"][0]["id"];
        for lines in [
            json!([]),
            json!([{ "line_id": "nothing", "quantity": 1 }]),
            json!([{ "line_id": line_id, "quantity": 0 }]),
            json!([{ "line_id": line_id, "quantity": 1 }, { "line_id": line_id, "quantity": 1 }]),
        ] {
            app.owner().post(&path, &json!({ "lines": lines })).await.refused(422, "validation");
        }
    }
}
