//! Payments and the journal at the desk.

use docket::identity::Role;
use serde_json::json;

use crate::support::{TestApp, between, both, card, line};

both! {
    async fn payments_are_listed_with_their_orders(app: &TestApp) {
        app.product("tea", 250, 100).await;
        for _ in 0..52 {
            app.owner().order(json!([line("tea", 1)]), card("tok_visa")).await;
        }
        let auditor = app.at_desk(Role::Auditor).await;
        let page = auditor.page("/admin/payments").await;
        assert_eq!(page.matches("state captured").count(), 50);
        assert!(page.contains(">1052</a>") && page.contains("$2.50"), "{page}");
        let next = between(&page, "rel=\"next\" href=\"", "\"").to_owned();
        assert_eq!(auditor.page(&next).await.matches("state captured").count(), 2);
    }

    async fn an_auditor_proves_an_entry(app: &TestApp) {
        app.product("tea", 250, 10).await;
        let order = app.owner().order(json!([line("tea", 1)]), card("tok_visa")).await;
        let subject = format!("order:{}", order["id"].as_str().unwrap());
        let both = |page: &serde_json::Value| page["data"].as_array().unwrap().len() == 2;
        app.eventually(&format!("/v1/audit?subject={subject}"), both).await;
        let auditor = app.at_desk(Role::Auditor).await;
        let page = auditor.page(&format!("/admin/audit?subject={subject}")).await;
        assert!(page.contains("order.placed") && page.contains("order.confirmed"), "{page}");
        let entry = format!("/admin/audit/{}", between(&page, "href=\"/admin/audit/", "\""));
        for _ in 0..100 {
            if auditor.page(&entry).await.contains("Proved:") {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        let page = auditor.page(&entry).await;
        assert!(page.contains("Proved: this entry is as it was"), "{page}");
        assert!(page.contains(&format!("/admin/orders/{}", order["id"].as_str().unwrap())));
        let proof = auditor.get(&format!("{entry}/proof.json")).await.expect(200);
        assert_eq!(proof["entry"]["subject"], subject);
        assert_eq!(auditor.get("/admin/audit/nothing").await.status, 404);
        // Who did it is there by name, beside what the journal calls it.
        for named in [page, auditor.page("/admin/audit?actor=").await] {
            assert!(named.contains("bootstrap") && named.contains("key:"), "{named}");
        }
        let other = auditor.page("/admin/audit?actor=nobody").await;
        assert!(other.contains("Nothing matches."));
    }
}
