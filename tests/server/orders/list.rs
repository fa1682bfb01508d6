//! Lists of orders.

use serde_json::json;

use crate::support::{TestApp, both, card, line};

both! {
    async fn pages_show_every_order_once_newest_first(app: &TestApp) {
        app.product("tea", 500, 100).await;
        let mut placed = Vec::new();
        for _ in 0..7 {
            let order = app.owner().order(json!([line("tea", 1)]), card("tok_visa")).await;
            placed.push(order["id"].clone());
        }
        placed.reverse();
        let mut seen = Vec::new();
        let mut path = "/v1/orders?limit=3&payment_status=paid".to_owned();
        loop {
            let page = app.owner().get(&path).await.expect(200);
            seen.extend(page["data"].as_array().unwrap().iter().map(|order| order["id"].clone()));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("/v1/orders?limit=3&payment_status=paid&cursor={cursor}");
        }
        assert_eq!(seen, placed);
    }

    async fn filters_select_by_axis_customer_reference_and_time(app: &TestApp) {
        app.product("tea", 500, 100).await;
        let mut body = crate::support::order_of(json!([line("tea", 1)]), card("tok_visa"));
        body["reference"] = json!("R-1");
        body["customer"]["reference"] = json!("household-7");
        let order = app.owner().post("/v1/orders", &body).await.expect(201);
        app.owner().order(json!([line("tea", 1)]), json!({ "method": "manual" })).await;
        let created = order["created_at"].as_str().unwrap();
        for (query, count) in [
            ("status=confirmed".to_owned(), 2),
            ("status=cancelled".to_owned(), 0),
            ("payment_status=paid".to_owned(), 1),
            ("payment_status=unpaid&status=confirmed".to_owned(), 1),
            ("fulfilment_status=unfulfilled".to_owned(), 2),
            ("customer=household-7".to_owned(), 1),
            ("customer=nobody".to_owned(), 0),
            ("reference=R-1".to_owned(), 1),
            (format!("created_after={created}"), 1),
            (format!("created_before={created}"), 0),
        ] {
            let page = app.owner().get(&format!("/v1/orders?{query}")).await.expect(200);
            assert_eq!(page["data"].as_array().unwrap().len(), count, "{query}");
        }
    }

    async fn a_cursor_belongs_to_its_filters(app: &TestApp) {
        app.product("tea", 500, 100).await;
        for _ in 0..3 {
            app.owner().order(json!([line("tea", 1)]), card("tok_visa")).await;
        }
        let page = app.owner().get("/v1/orders?limit=1").await.expect(200);
        let cursor = page["next_cursor"].as_str().unwrap();
        let other = format!("/v1/orders?limit=1&status=confirmed&cursor={cursor}");
        app.owner().get(&other).await.refused(400, "invalid_cursor");
        app.owner().get("/v1/orders?cursor=%24").await.refused(400, "invalid_cursor");
        for limit in ["0", "201", "-1", "many", "1.5", ""] {
            app.owner().get(&format!("/v1/orders?limit={limit}")).await.refused(422, "validation");
        }
        app.owner().get("/v1/orders?state=paid").await.refused(422, "validation");
        app.owner().get("/v1/orders?status=lost").await.refused(422, "validation");
    }
}
