//! Where the desk begins.

use docket::identity::Role;
use serde_json::json;

use crate::support::{TestApp, between, both, card, line, order_of};

both! {
    async fn the_desk_begins_with_what_waits(app: &TestApp) {
        app.product("tea", 250, 100).await;
        app.product("mug", 900, 3).await;
        let held = json!({ "method": "card", "token": "tok_visa", "capture": "manual" });
        let manual = json!({ "method": "manual" });
        for payment in [held, manual, card("tok_visa"), card("tok_visa")] {
            let body = order_of(json!([line("tea", 2)]), payment);
            app.owner().post("/v1/orders", &body).await.expect(201);
        }
        let declined = order_of(json!([line("tea", 1)]), card("tok_chargeDeclined"));
        app.owner().post("/v1/orders", &declined).await.refused(402, "payment_declined");
        let auditor = app.at_desk(Role::Auditor).await;
        let page = auditor.page("/admin").await;
        for (address, waiting) in [
            ("/admin/orders?status=confirmed&#38;fulfilment_status=unfulfilled", "4"),
            ("/admin/orders?status=confirmed&#38;fulfilment_status=partially_fulfilled", "0"),
            ("/admin/orders?status=confirmed&#38;payment_status=authorized", "1"),
            ("/admin/orders?status=confirmed&#38;payment_status=unpaid", "1"),
            ("/admin/stock?at_most=10", "1"),
            ("/admin/telemetry/health", "0"),
        ] {
            let tile = between(&page, &format!("href=\"{address}\">"), "</a>");
            assert!(tile.contains(&format!(">{waiting}<")), "{address}: {tile}");
            let list = auditor.page(&address.replace("&#38;", "&")).await;
            if address.starts_with("/admin/orders") {
                assert_eq!(list.matches("scope=\"row\"").count().to_string(), waiting, "{list}");
            }
        }
        // The shop is a click away, and a role that is a name as well stands there once.
        assert!(page.contains("href=\"/\"") && !page.contains(">Auditor<"), "{page}");
    }
}
