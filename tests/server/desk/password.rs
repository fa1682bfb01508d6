//! A person changes the own password.

use docket::identity::Role;

use crate::support::{PASSWORD, TestApp, both};

const PAGE: &str = "/admin/password";
const NEW: &str = "battery staple, incorrect";

both! {
    async fn a_person_changes_the_own_password_and_other_sessions_end(app: &TestApp) {
        let here = app.at_desk(Role::Auditor).await;
        let elsewhere = app.visitor();
        assert_eq!(elsewhere.signs_in("auditor", PASSWORD).await.status, 303);
        let changed = here.acts(PAGE, PAGE, &[("before", PASSWORD), ("password", NEW)]).await;
        assert_eq!((changed.status, changed.header("location")), (303, "/admin/password?done=1"));
        assert!(here.page("/admin/password?done=1").await.contains("Your password is changed"));
        assert_eq!(elsewhere.get("/admin/orders").await.status, 303, "signed out");
        assert_eq!(elsewhere.signs_in("auditor", PASSWORD).await.status, 401);
        assert_eq!(elsewhere.signs_in("auditor", NEW).await.status, 303);
        let set = app.journal("staff.password_set").await;
        assert_eq!(set.len(), 2, "by the link, and now: {set:?}");
    }

    async fn a_wrong_password_of_before_changes_nothing(app: &TestApp) {
        let clerk = app.at_desk(Role::Clerk).await;
        for (before, password, told) in [
            ("not the password", NEW, "not the password that you have now"),
            (PASSWORD, "short", "A password has 12 to 200 characters."),
            (PASSWORD, "", "A password has 12 to 200 characters."),
        ] {
            let form = [("before", before), ("password", password)];
            let refused = clerk.acts(PAGE, PAGE, &form).await;
            assert_eq!(refused.status, 422, "{refused:?}");
            assert!(refused.body.contains(told) && !refused.body.contains(NEW), "{refused:?}");
        }
        assert_eq!(app.visitor().signs_in("clerk", PASSWORD).await.status, 303);
    }

    async fn guessing_the_password_of_before_is_slowed_down(app: &TestApp) {
        let clerk = app.at_desk(Role::Clerk).await;
        let mut last = 422;
        for _ in 0..30 {
            let form = [("before", "not the password"), ("password", NEW)];
            last = clerk.acts(PAGE, PAGE, &form).await.status;
            if last != 422 {
                break;
            }
        }
        assert_eq!(last, 429);
    }
}
