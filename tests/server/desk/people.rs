//! The people of the desk, run by an owner.

use docket::identity::{self, Role};

use crate::support::{PASSWORD, TestApp, Visitor, between, both};

/// Where a person's form goes, by the last part of its address.
async fn of(owner: &Visitor, login: &str, action: &str) -> String {
    let page = owner.page("/admin/staff").await;
    let row = page
        .split("<tr>")
        .find(|row| row.contains(&format!("<span class=\"quiet\">{login}")))
        .unwrap();
    let form = row
        .split("action=\"")
        .find(|rest| rest.split('"').next().unwrap().ends_with(action))
        .unwrap();
    form.split('"').next().unwrap().to_owned()
}

async fn once(owner: &Visitor) -> String {
    between(&owner.page("/admin/staff").await, "name=\"once\" value=\"", "\"").to_owned()
}

both! {
    async fn an_owner_adds_a_person_by_a_link_that_is_shown_once(app: &TestApp) {
        let owner = app.at_desk(Role::Owner).await;
        let once = once(&owner).await;
        let form = [("login", "Ada"), ("name", "Ada <b>L</b>"), ("role", "clerk"), ("once", once.as_str())];
        let added = owner.acts("/admin/staff", "/admin/staff", &form).await;
        assert_eq!(added.status, 200, "{added:?}");
        let link = between(&added.body, "class=\"secret\">", "<").to_owned();
        let base = format!("http://{}", app.address());
        let path = link.strip_prefix(&base).unwrap_or_else(|| panic!("{link}"));
        let again = owner.acts("/admin/staff", "/admin/staff", &form).await;
        assert_eq!(again.status, 200);
        assert!(again.body.contains("was done already") && !again.body.contains(path), "{again:?}");
        let ada = app.visitor();
        assert_eq!(ada.submit(path, &[("password", PASSWORD)]).await.status, 303);
        let page = ada.page("/admin/orders").await;
        assert!(page.contains("Ada &#60;b&#62;L") && !page.contains("/admin/staff\""), "{page}");
        let once = self::once(&owner).await;
        let form = [("login", "ADA"), ("name", "x"), ("role", "clerk"), ("once", once.as_str())];
        let taken = owner.acts("/admin/staff", "/admin/staff", &form).await;
        assert_eq!(taken.status, 409, "{taken:?}");
        for (field, value) in [("login", "a b"), ("name", ""), ("role", "king")] {
            let mut form = vec![("login", "bob"), ("name", "Bob"), ("role", "clerk")];
            form.iter_mut().find(|(name, _)| *name == field).unwrap().1 = value;
            let once = self::once(&owner).await;
            form.push(("once", &once));
            let refused = owner.acts("/admin/staff", "/admin/staff", &form).await;
            assert_eq!(refused.status, 422, "{form:?} {refused:?}");
        }
    }

    async fn a_changed_role_and_a_disabled_person_are_signed_out(app: &TestApp) {
        let owner = app.at_desk(Role::Owner).await;
        let clerk = app.at_desk(Role::Clerk).await;
        let change = of(&owner, "clerk", "/role").await;
        let changed = owner.acts("/admin/staff", &change, &[("role", "auditor")]).await;
        assert_eq!((changed.status, changed.header("location")), (303, "/admin/staff"), "{changed:?}");
        assert_eq!(clerk.get("/admin/orders").await.status, 303);
        assert_eq!(clerk.signs_in("clerk", PASSWORD).await.status, 303);
        assert!(clerk.page("/admin/orders").await.contains("Auditor"));
        let entry = &app.journal("staff.changed").await[0];
        assert_eq!((&entry["before"]["role"], &entry["after"]["role"]), (&"clerk".into(), &"auditor".into()));
        let disable = of(&owner, "clerk", "/disable").await;
        for _ in 0..2 {
            assert_eq!(owner.acts("/admin/staff", &disable, &[]).await.status, 303);
        }
        assert_eq!(app.journal("staff.disabled").await.len(), 1);
        assert_eq!(clerk.get("/admin/orders").await.status, 303);
        assert_eq!(clerk.signs_in("clerk", PASSWORD).await.status, 401);
        let enable = of(&owner, "clerk", "/enable").await;
        assert_eq!(owner.acts("/admin/staff", &enable, &[]).await.status, 303);
        assert_eq!(clerk.signs_in("clerk", PASSWORD).await.status, 303);
        let link = of(&owner, "clerk", "/link").await;
        let made = owner.acts("/admin/staff", &link, &[("once", &once(&owner).await)]).await;
        assert!(made.status == 200 && made.body.contains("/admin/set-up/"), "{made:?}");
        // The password stays until the link is used.
        assert_eq!(clerk.signs_in("clerk", PASSWORD).await.status, 303);
    }

    async fn the_last_owner_stays(app: &TestApp) {
        let owner = app.at_desk(Role::Owner).await;
        let (role, disable) = (of(&owner, "owner", "/role").await, of(&owner, "owner", "/disable").await);
        let lowered = owner.acts("/admin/staff", &role, &[("role", "clerk")]).await;
        let disabled = owner.acts("/admin/staff", &disable, &[]).await;
        for refused in [lowered, disabled] {
            assert_eq!(refused.status, 409, "{refused:?}");
            assert!(refused.body.contains("Nobody else could run the shop"), "{refused:?}");
        }
        let other = app.person("other", Role::Owner).await;
        let (theirs, ours) = (of(&owner, "other", "/disable").await, disable);
        let csrf = (owner.csrf("/admin/staff").await, other.csrf("/admin/staff").await);
        let (one, two) = (&[("csrf", csrf.0.as_str())], &[("csrf", csrf.1.as_str())]);
        let (first, second) = tokio::join!(owner.submit(&theirs, one), other.submit(&ours, two));
        let done = [first.status, second.status].iter().filter(|status| **status == 303).count();
        assert_eq!(done, 1, "{first:?} {second:?}");
    }
    async fn of_two_links_made_at_once_one_can_be_used(app: &TestApp) {
        let owner = app.at_desk(Role::Owner).await;
        app.at_desk(Role::Clerk).await;
        let (path, once) = (of(&owner, "clerk", "/link").await, once(&owner).await);
        let form = [("once", once.as_str())];
        let making = app.holds(|tx| identity::invite(tx, "clerk", None)).await;
        let again = owner.acts("/admin/staff", &path, &form);
        let (first, second) = making.commits_after(again).await;
        let first = format!("/admin/set-up/{}", first.token.expose());
        let second = between(&second.body, "class=\"secret\">", "<").split_once("/admin").unwrap().1;
        let visitor = app.visitor();
        let second = visitor.get(&format!("/admin{second}")).await;
        assert_eq!((visitor.get(&first).await.status, second.status), (404, 200));
    }
}
