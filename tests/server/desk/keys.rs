//! API keys at the desk.

use docket::identity::Role;

use crate::support::{TestApp, between, both};

both! {
    async fn an_owner_makes_a_key_that_is_shown_once_and_revokes_it(app: &TestApp) {
        let owner = app.at_desk(Role::Owner).await;
        let page = owner.page("/admin/keys").await;
        let once = between(&page, "name=\"once\" value=\"", "\"").to_owned();
        let scopes = [("scope", "orders:read"), ("scope", "catalog:read")];
        let form = [("name", "<b>till</b>"), scopes[0], scopes[1], ("once", once.as_str())];
        let made = owner.acts("/admin/keys", "/admin/keys", &form).await;
        assert_eq!(made.status, 200, "{made:?}");
        let key = between(&made.body, "class=\"secret\">", "<").to_owned();
        assert!(key.starts_with("dk_"));
        let till = app.client_with(Some(&key));
        till.get("/v1/orders").await.expect(200);
        till.get("/v1/audit").await.refused(403, "missing_scope");
        // The same button once more.
        let again = owner.acts("/admin/keys", "/admin/keys", &form).await;
        assert_eq!(again.status, 200);
        assert!(again.body.contains("was made already") && !again.body.contains("dk_"), "{again:?}");
        let page = owner.page("/admin/keys").await;
        assert!(page.contains("&#60;b&#62;till") && !page.contains(&key), "{page}");
        let made = app.journal("key.created").await;
        assert_eq!(made.len(), 2);
        assert!(made[1]["actor"].as_str().unwrap().starts_with("staff:"), "{made:?}");
        let till_row = page.split("<tr>").find(|row| row.contains("&#60;b&#62;till")).unwrap();
        let revoke = between(till_row, "action=\"", "\"");
        for _ in 0..2 {
            let revoked = owner.acts("/admin/keys", revoke, &[]).await;
            assert_eq!((revoked.status, revoked.header("location")), (303, "/admin/keys"), "{revoked:?}");
        }
        till.get("/v1/orders").await.refused(401, "unauthenticated");
        let revoked = app.journal("key.revoked").await;
        assert_eq!(revoked.len(), 1);
        assert!(revoked[0]["actor"].as_str().unwrap().starts_with("staff:"));
    }

    async fn a_key_needs_a_name_and_something_to_do(app: &TestApp) {
        let owner = app.at_desk(Role::Owner).await;
        for form in [
            vec![("name", ""), ("scope", "orders:read")],
            vec![("name", "till")],
            vec![("name", "till"), ("scope", "everything")],
        ] {
            let refused = owner.acts("/admin/keys", "/admin/keys", &form).await;
            assert_eq!(refused.status, 422, "{form:?}");
            assert!(refused.body.contains("role=\"alert\""), "{refused:?}");
        }
        assert_eq!(app.journal("key.created").await.len(), 1);
    }
}
