//! Setting a password, signing in and out, and what stands in the way.

use std::time::Duration;

use docket::identity::{self, Role};

use crate::support::{PASSWORD, TestApp, both};

fn disables_clerk(tx: &mut docket::db::WriteTx<'_>) -> Result<(), docket::error::Error> {
    let people = identity::people(tx.conn())?;
    let clerk = people.iter().find(|person| person.login == "clerk").unwrap();
    identity::disable(tx, clerk.id)
}

const HOUR: Duration = Duration::from_secs(3600);

both! {
    async fn the_first_start_lets_the_owner_in_by_a_link_that_works_once(app: &TestApp) {
        let token = app.first().desk.clone().expect("the first start makes a link");
        let path = format!("/admin/set-up/{}", token.expose());
        let owner = app.visitor();
        let page = owner.page(&path).await;
        assert!(page.contains("value=\"owner\""), "{page}");
        for short in ["", "eleven char"] {
            let refused = owner.submit(&path, &[("password", short)]).await;
            assert_eq!(refused.status, 422);
            assert!(refused.body.contains("id=\"password-told\">A password has 12 to 200"), "{refused:?}");
        }
        let set = owner.submit(&path, &[("password", PASSWORD)]).await;
        assert_eq!((set.status, set.header("location")), (303, "/admin"), "{set:?}");
        let cookie = set.header("set-cookie");
        for rule in ["__Host-desk=", "; HttpOnly", "; SameSite=Lax", "; Secure", "; Path=/"] {
            assert!(cookie.contains(rule), "{rule} in {cookie}");
        }
        assert!(owner.page("/admin/staff").await.contains("Owner"));
        for again in [owner.get(&path).await, owner.submit(&path, &[("password", PASSWORD)]).await] {
            assert_eq!(again.status, 404);
            assert!(again.body.contains("docket staff link"), "{again:?}");
        }
        assert_eq!(app.journal("staff.created").await[0]["actor"], "system");
        let set = &app.journal("staff.password_set").await[0];
        assert_eq!(set["actor"], set["subject"]);
    }

    async fn a_link_runs_out_and_a_newer_one_replaces_it(app: &TestApp) {
        let link = |role| move |tx: &mut docket::db::WriteTx<'_>| identity::invite(tx, "ada", role);
        let first = app.at_command_line(link(Some(Role::Clerk))).await.token;
        let second = app.at_command_line(link(None)).await.token;
        let path = |token: &docket::kernel::Token| format!("/admin/set-up/{}", token.expose());
        let visitor = app.visitor();
        assert_eq!(visitor.get(&path(&first)).await.status, 404);
        visitor.page(&path(&second)).await;
        app.pass(24 * HOUR);
        assert_eq!(visitor.get(&path(&second)).await.status, 404);
        for nothing in ["x", &"x".repeat(43), "..%2f"] {
            assert_eq!(visitor.get(&format!("/admin/set-up/{nothing}")).await.status, 404, "{nothing}");
        }
    }

    async fn who_signs_in_comes_to_the_page_that_was_asked_for(app: &TestApp) {
        app.at_desk(Role::Clerk).await;
        let clerk = app.visitor();
        let turned = clerk.get("/admin?x=1&y=2").await;
        assert_eq!(turned.status, 303);
        assert_eq!(turned.header("location"), "/admin/sign-in?next=%2Fadmin%3Fx%3D1%26y%3D2");
        let form = clerk.page(turned.header("location")).await;
        assert!(form.contains("name=\"next\" value=\"/admin?x=1&#38;y=2\""), "{form}");
        let form = [("name", "CLERK "), ("password", PASSWORD), ("next", "/admin?x=1&y=2")];
        let signed_in = clerk.submit("/admin/sign-in", &form).await;
        assert_eq!((signed_in.status, signed_in.header("location")), (303, "/admin?x=1&y=2"));
        for elsewhere in ["//evil.example/admin", "https://evil.example", "/cart", ""] {
            let form = [("name", "clerk"), ("password", PASSWORD), ("next", elsewhere)];
            let signed_in = app.visitor().submit("/admin/sign-in", &form).await;
            assert_eq!((signed_in.status, signed_in.header("location")), (303, "/admin"), "{elsewhere}");
        }
        assert_eq!(app.journal("staff.signed_in").await.len(), 6);
    }

    async fn a_wrong_password_and_an_unknown_name_are_refused_alike(app: &TestApp) {
        app.at_desk(Role::Clerk).await;
        let visitor = app.visitor();
        let wrong = visitor.signs_in("clerk", "a wrong password").await;
        let unknown = visitor.signs_in("nobody", PASSWORD).await;
        assert_eq!((wrong.status, unknown.status), (401, 401));
        assert!(wrong.body.contains("role=\"alert\""), "{wrong:?}");
        assert_eq!(wrong.body.replace("clerk", "nobody"), unknown.body);
        let evil = visitor.signs_in("<script>alert(1)</script>\"'", "x").await;
        assert!(evil.status == 401 && !evil.body.contains("<script>alert"), "{evil:?}");
        assert_eq!(visitor.signs_in("\0", "\0").await.status, 401);
        let refused = app.journal("staff.sign_in_refused").await;
        assert_eq!(refused.len(), 1, "{refused:?}");
        assert_eq!((&refused[0]["actor"], &refused[0]["outcome"]), (&"visitor".into(), &"refused".into()));
        assert_eq!(refused[0]["after"]["reason"], "wrong_password");
        assert_eq!(visitor.get("/admin/orders").await.status, 303);
    }

    async fn after_five_failures_one_has_to_wait_longer_each_time(app: &TestApp) {
        app.at_desk(Role::Clerk).await;
        for name in ["clerk", "nobody"] {
            let visitor = app.visitor();
            for _ in 0..5 {
                assert_eq!(visitor.signs_in(name, "a wrong password").await.status, 401);
            }
            for wait in [30, 60] {
                // The right password is refused as well: it would be told from the others.
                let throttled = visitor.signs_in(name, PASSWORD).await;
                assert_eq!(throttled.status, 429, "{throttled:?}");
                let told: u64 = throttled.header("retry-after").parse().unwrap();
                assert!((wait - 10..=wait).contains(&told), "{told} of {wait}");
                assert!(throttled.body.contains(&format!("Wait {told} s")), "{throttled:?}");
                assert!(throttled.body.contains(&format!("value=\"{name}\"")));
                app.pass(Duration::from_secs(wait));
                assert_eq!(visitor.signs_in(name, "a wrong password").await.status, 401);
            }
        }
        app.pass(Duration::from_secs(900));
        assert_eq!(app.visitor().signs_in("clerk", PASSWORD).await.status, 303);
        // What failed before is forgotten.
        for _ in 0..5 {
            assert_eq!(app.visitor().signs_in("clerk", "a wrong password").await.status, 401);
        }
    }

    async fn strangers_do_not_keep_out_who_has_signed_in_before(app: &TestApp) {
        let clerk = app.at_desk(Role::Clerk).await;
        clerk.acts("/admin/orders", "/admin/sign-out", &[]).await;
        let stranger = app.visitor();
        for _ in 0..5 {
            assert_eq!(stranger.signs_in("clerk", "a wrong password").await.status, 401);
        }
        assert_eq!(stranger.signs_in("clerk", PASSWORD).await.status, 429);
        assert_eq!(clerk.signs_in("clerk", PASSWORD).await.status, 303);
        let cookie = clerk.signs_in("clerk", PASSWORD).await.headers.get_all("set-cookie").iter()
            .map(|cookie| cookie.to_str().unwrap().to_owned())
            .find(|cookie| cookie.starts_with("__Host-browser=")).unwrap();
        for rule in ["; HttpOnly", "; SameSite=Lax", "; Secure", "; Path=/"] {
            assert!(cookie.contains(rule), "{rule} in {cookie}");
        }
        // The browser is known for this person only, and its own attempts are counted as well.
        app.person("other", Role::Clerk).await;
        for _ in 0..5 {
            assert_eq!(stranger.signs_in("other", "a wrong password").await.status, 401);
        }
        assert_eq!(clerk.signs_in("other", PASSWORD).await.status, 429);
        for _ in 0..5 {
            assert_eq!(clerk.signs_in("clerk", "a wrong password").await.status, 401);
        }
        assert_eq!(clerk.signs_in("clerk", PASSWORD).await.status, 429);
        // Who made up a token is a stranger.
        app.pass(HOUR);
        let planted = app.visitor();
        planted.set_cookie("__Host-browser", &"x".repeat(43));
        assert_eq!(planted.signs_in("clerk", "a wrong password").await.status, 401);
        assert_eq!(stranger.signs_in("clerk", PASSWORD).await.status, 429);
        assert_eq!(clerk.signs_in("clerk", PASSWORD).await.status, 303);
    }

    async fn of_many_attempts_at_once_five_are_looked_at(app: &TestApp) {
        app.at_desk(Role::Clerk).await;
        let attempts = (0..12).map(|_| {
            let visitor = app.visitor();
            async move { visitor.signs_in("clerk", "a wrong password").await.status }
        });
        let mut statuses = futures_util::future::join_all(attempts).await;
        statuses.sort_unstable();
        assert_eq!(statuses, [[401; 5].as_slice(), &[429; 7]].concat());
    }

    async fn a_session_ends_when_it_is_idle_and_after_a_week(app: &TestApp) {
        let clerk = app.at_desk(Role::Clerk).await;
        clerk.page("/admin/orders").await;
        app.pass(11 * HOUR);
        clerk.page("/admin/orders").await;
        app.pass(12 * HOUR + HOUR / 2);
        let csrf = ("csrf", "whatever");
        assert_eq!(clerk.get("/admin/orders").await.status, 303);
        let late = clerk.submit("/admin/sign-out", &[csrf]).await;
        assert_eq!(late.status, 401);
        assert!(late.body.contains("You are signed out"), "{late:?}");
        assert_eq!(clerk.signs_in("clerk", PASSWORD).await.status, 303);
        for _ in 0..16 {
            app.pass(10 * HOUR);
            clerk.page("/admin/orders").await;
        }
        app.pass(8 * HOUR);
        assert_eq!(clerk.get("/admin/orders").await.status, 303);
    }

    async fn signing_out_ends_the_session_for_good(app: &TestApp) {
        let clerk = app.at_desk(Role::Clerk).await;
        let cookie = clerk.cookie("__Host-desk");
        let other_tab = app.visitor();
        other_tab.set_cookie("__Host-desk", &cookie);
        other_tab.page("/admin/orders").await;
        let out = clerk.acts("/admin/orders", "/admin/sign-out", &[]).await;
        assert_eq!((out.status, out.header("location")), (303, "/admin/sign-in"));
        assert!(out.header("set-cookie").contains("Max-Age=0"), "{out:?}");
        assert_eq!(other_tab.get("/admin/orders").await.status, 303);
        let entry = &app.journal("staff.signed_out").await[0];
        assert_eq!(entry["actor"], entry["subject"]);
    }

    async fn signing_in_makes_a_new_session_and_ends_the_one_before(app: &TestApp) {
        let clerk = app.at_desk(Role::Clerk).await;
        let before = clerk.cookie("__Host-desk");
        clerk.signs_in("clerk", PASSWORD).await;
        assert_ne!(clerk.cookie("__Host-desk"), before);
        let thief = app.visitor();
        thief.set_cookie("__Host-desk", &before);
        assert_eq!(thief.get("/admin/orders").await.status, 303);
        // A token that somebody planted is not taken over.
        thief.set_cookie("__Host-desk", &"x".repeat(43));
        thief.signs_in("clerk", PASSWORD).await;
        assert_ne!(thief.cookie("__Host-desk"), "x".repeat(43));
    }

    async fn a_new_password_and_a_disabled_person_end_every_session(app: &TestApp) {
        let clerk = app.at_desk(Role::Clerk).await;
        let again = app.person("clerk", Role::Clerk).await;
        assert_eq!(clerk.get("/admin/orders").await.status, 303);
        again.page("/admin/orders").await;
        app.at_command_line(disables_clerk).await;
        assert_eq!(again.get("/admin/orders").await.status, 303);
        assert_eq!(again.signs_in("clerk", PASSWORD).await.status, 401);
        let refused = app.journal("staff.sign_in_refused").await;
        assert_eq!(refused[0]["after"]["reason"], "disabled");
        let disabled = app.journal("staff.disabled").await;
        assert_eq!(disabled[0]["actor"], "cli");
    }
    async fn who_signs_in_while_being_disabled_has_no_session_afterwards(app: &TestApp) {
        app.at_desk(Role::Clerk).await;
        let clerk = app.visitor();
        let disabling = app.holds(disables_clerk).await;
        let ((), signed_in) = disabling.commits_after(clerk.signs_in("clerk", PASSWORD)).await;
        assert_eq!(signed_in.status, 401, "{signed_in:?}");
        assert_eq!(clerk.get("/admin/orders").await.status, 303);
    }

    async fn who_signs_in_by_a_password_that_is_being_changed_has_no_session_afterwards(app: &TestApp) {
        app.at_desk(Role::Clerk).await;
        let mut old = PASSWORD.to_owned();
        for round in 0..5 {
            let link = app.at_command_line(|tx| identity::invite(tx, "clerk", None)).await.token;
            let (path, new) = (format!("/admin/set-up/{}", link.expose()), format!("password number {round}"));
            let (clerk, thief) = (app.visitor(), app.visitor());
            let form = [("password", new.as_str())];
            let (set, _) = tokio::join!(clerk.submit(&path, &form), thief.signs_in("clerk", &old));
            assert_eq!(set.status, 303, "{set:?}");
            assert_eq!(thief.get("/admin/orders").await.status, 303);
            clerk.page("/admin/orders").await;
            old = new;
        }
    }
}
