//! Every address of the desk: nobody, each role, and forms of other sessions.

use docket::identity::Role;
use reqwest::Method;

use crate::support::{TestApp, both};

/// Method, address, and who may.
type Door = (&'static str, &'static str, &'static [Role]);

const ANYONE: &[Role] = &Role::ALL;
const CHANGERS: &[Role] = &[Role::Owner, Role::Clerk];
const OWNERS: &[Role] = &[Role::Owner];

macro_rules! id {
    () => {
        "01938f2e-7a51-7c3e-b3a5-0d6f3a2b9c11"
    };
}

/// What is done without being signed in (the sign-in, the set-up by a link) is not here.
const DOORS: &[Door] = &[
    ("GET", "/admin", ANYONE),
    ("POST", "/admin/sign-out", ANYONE),
    ("GET", "/admin/password", ANYONE),
    ("POST", "/admin/password", ANYONE),
    ("GET", "/admin/orders", ANYONE),
    ("GET", concat!("/admin/orders/", id!()), ANYONE),
    ("POST", concat!("/admin/orders/", id!(), "/cancel"), CHANGERS),
    ("POST", concat!("/admin/orders/", id!(), "/fulfil"), CHANGERS),
    ("POST", concat!("/admin/orders/", id!(), "/payments/", id!(), "/capture"), CHANGERS),
    ("POST", concat!("/admin/orders/", id!(), "/payments/", id!(), "/void"), CHANGERS),
    ("POST", concat!("/admin/orders/", id!(), "/payments/", id!(), "/refund"), CHANGERS),
    ("GET", "/admin/products", ANYONE),
    ("GET", "/admin/products/export.csv", ANYONE),
    ("GET", "/admin/products/import", CHANGERS),
    ("GET", "/admin/product", CHANGERS),
    ("POST", "/admin/product", CHANGERS),
    ("GET", "/admin/product/tea", ANYONE),
    ("GET", "/admin/stock", ANYONE),
    ("GET", "/admin/stock/tea", ANYONE),
    ("POST", "/admin/stock/tea", CHANGERS),
    ("GET", "/admin/payments", ANYONE),
    ("GET", "/admin/audit", ANYONE),
    ("GET", concat!("/admin/audit/", id!()), ANYONE),
    ("GET", concat!("/admin/audit/", id!(), "/proof.json"), ANYONE),
    ("GET", "/admin/telemetry", ANYONE),
    ("GET", "/admin/telemetry/latency", ANYONE),
    ("GET", "/admin/telemetry/logs", ANYONE),
    ("GET", "/admin/telemetry/modules", ANYONE),
    ("GET", "/admin/telemetry/health", ANYONE),
    ("POST", "/admin/telemetry/log-filter", CHANGERS),
    ("GET", "/admin/telemetry/traces/0123456789abcdef0123456789abcdef.json", ANYONE),
    ("GET", "/admin/telemetry/traces/0123456789abcdef0123456789abcdef.html", ANYONE),
    ("GET", concat!("/admin/telemetry/", id!()), ANYONE),
    ("GET", "/admin/keys", OWNERS),
    ("POST", "/admin/keys", OWNERS),
    ("POST", concat!("/admin/keys/", id!(), "/revoke"), OWNERS),
    ("GET", "/admin/staff", OWNERS),
    ("POST", "/admin/staff", OWNERS),
    ("POST", concat!("/admin/staff/", id!(), "/role"), OWNERS),
    ("POST", concat!("/admin/staff/", id!(), "/disable"), OWNERS),
    ("POST", concat!("/admin/staff/", id!(), "/enable"), OWNERS),
    ("POST", concat!("/admin/staff/", id!(), "/link"), OWNERS),
];

both! {
    async fn nobody_gets_in(app: &TestApp) {
        let nobody = app.visitor();
        let stranger = app.visitor();
        stranger.set_cookie("__Host-desk", &"x".repeat(43));
        for (method, path, _) in DOORS {
            for visitor in [&nobody, &stranger] {
                if *method == "GET" {
                    let turned = visitor.get(path).await;
                    assert_eq!(turned.status, 303, "{path}");
                    assert!(turned.header("location").starts_with("/admin/sign-in?next=%2Fadmin"), "{path}");
                } else {
                    let refused = visitor.submit(path, &[("csrf", "x")]).await;
                    assert_eq!(refused.status, 401, "{path}");
                    assert!(refused.header("content-type").starts_with("text/html"));
                }
            }
        }
    }

    async fn each_role_may_what_it_is_there_for(app: &TestApp) {
        for role in Role::ALL {
            let person = app.at_desk(role).await;
            for (method, path, roles) in DOORS {
                let answer = match *method {
                    "GET" => person.get(path).await,
                    // Who may is told of the missing token, who may not of the role.
                    _ => person.submit(path, &[]).await,
                };
                let refused = answer.body.contains("Your role may not do this");
                assert_eq!(refused, !roles.contains(&role), "{role:?} {method} {path}: {answer:?}");
                assert!(!refused || answer.status == 403);
            }
        }
    }

    async fn a_form_of_another_session_changes_nothing(app: &TestApp) {
        let owner = app.at_desk(Role::Owner).await;
        let other = app.person("other", Role::Owner).await;
        let theirs = other.csrf("/admin/orders").await;
        for (method, path, _) in DOORS {
            if *method == "GET" {
                continue;
            }
            for form in [vec![], vec![("csrf", "")], vec![("csrf", theirs.as_str())]] {
                let refused = owner.submit(path, &form).await;
                assert_eq!(refused.status, 403, "{path} {form:?}");
                assert!(refused.body.contains("This form is too old"), "{refused:?}");
            }
            let ours = owner.csrf("/admin/orders").await;
            for headers in [vec![], vec![("sec-fetch-site", "cross-site")], vec![("origin", "null")]] {
                let form: &[(&str, &str)] = &[("csrf", &ours)];
                let refused = owner.send(Method::POST, path, &headers, Some(form)).await;
                assert_eq!(refused.status, 403, "{path} {headers:?}");
            }
        }
        owner.page("/admin/orders").await;
    }

    async fn pages_of_the_desk_are_not_compressed_and_forbid_what_they_do_not_need(app: &TestApp) {
        let owner = app.at_desk(Role::Owner).await;
        let pages = ["orders", "keys", "staff", "sign-in", "nothing", "set-up/x"];
        for path in &pages.map(|page| format!("/admin/{page}")) {
            let answer = owner.send(Method::GET, path, &[("accept-encoding", "gzip")], None).await;
            assert_eq!(answer.header("content-encoding"), "", "{path}");
            let policy = answer.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}");
            assert_eq!(answer.header("cache-control"), "no-store");
            assert_eq!(answer.header("referrer-policy"), "same-origin");
            assert_eq!(answer.header("x-frame-options"), "DENY");
            for forbidden in ["<script>", "style=\"", "onclick", "http://", "https://"] {
                assert!(!answer.body.contains(forbidden), "{forbidden} on {path}");
            }
        }
    }
}
