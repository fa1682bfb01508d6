//! Who may do what: every route that the API describes, against every kind of key.

use docket::http::Scope;
use docket::identity;
use reqwest::Method;
use serde_json::Value;

use crate::support::{Answer, Client, TestApp, both};

/// A route as the API describes it.
#[derive(Debug, Clone)]
struct Route {
    method: Method,
    path: String,
    scope: Scope,
}

/// Every route, with the one scope that it wants.
async fn routes(app: &TestApp) -> Vec<Route> {
    let api = app.owner().get("/openapi.json").await.expect(200);
    let mut routes = Vec::new();
    for (path, item) in api["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let scope = scope(operation).unwrap_or_else(|| panic!("{method} {path}: which scope?"));
            let id = "01938f2e-7a51-7c3e-b3a5-0d6f3a2b9c11";
            let path = path.replace("{id}", id).replace("{sku}", "tea");
            assert!(!path.contains('{'), "{path}: teach this test its parameter");
            routes.push(Route { method, path, scope });
        }
    }
    assert!(routes.len() >= 17, "{routes:?}");
    routes
}

/// The scope of an operation, when it wants exactly one.
fn scope(operation: &Value) -> Option<Scope> {
    match operation["security"].as_array()?.as_slice() {
        [one] => match one["api_key"].as_array()?.as_slice() {
            [scope] => scope.as_str()?.parse().ok(),
            _ => None,
        },
        _ => None,
    }
}

/// A key with these scopes: its identifier and its text.
async fn key(app: &TestApp, scopes: Vec<Scope>) -> (String, String) {
    let create = move |tx: &mut docket::db::WriteTx<'_>| identity::create(tx, "test", &scopes);
    let key = app.at_command_line(create).await;
    (key.id.to_string(), key.text.expose().clone())
}

/// The request without a body: who may not ask is told so before anything else.
async fn ask(client: &Client, route: &Route) -> Answer {
    client.send(route.method.clone(), &route.path, &[], None).await
}

fn all_but(scope: Scope) -> Vec<Scope> {
    Scope::ALL.iter().copied().filter(|other| *other != scope).collect()
}

both! {
    async fn every_route_wants_a_working_key_with_its_scope(app: &TestApp) {
        let routes = routes(app).await;
        let (revoked_id, revoked) = key(app, Scope::ALL.to_vec()).await;
        app.at_command_line(move |tx| identity::revoke(tx, revoked_id.parse().unwrap())).await;
        for scope in Scope::ALL {
            let wanting: Vec<_> = routes.iter().filter(|route| route.scope == *scope).collect();
            if wanting.is_empty() {
                continue;
            }
            let with = app.client_with(Some(&key(app, vec![*scope]).await.1));
            let without = app.client_with(Some(&key(app, all_but(*scope)).await.1));
            for route in wanting {
                for refused in [None, Some("dk_unknown"), Some(revoked.as_str())] {
                    let answer = ask(&app.client_with(refused), route).await;
                    answer.refused(401, "unauthenticated");
                    assert!(answer.header("www-authenticate").starts_with("Bearer"), "{answer:?}");
                }
                let answer = ask(&without, route).await;
                assert_eq!(answer.refused(403, "missing_scope")["scope"], scope.as_str());
                let answer = ask(&with, route).await;
                assert!(![401, 403].contains(&answer.status), "{route:?}: {answer:?}");
            }
        }
    }

    async fn a_request_is_not_looked_at_before_its_caller_is_known(app: &TestApp) {
        app.product("tea", 500, 10).await;
        let (_, admin) = key(app, vec![Scope::Admin]).await;
        let (_, reader) = key(app, vec![Scope::OrdersRead]).await;
        for route in routes(app).await {
            let path = format!("{}?limit=0&unknown=%00", route.path.replace("0193", "x"));
            let headers = [("content-type", "text/plain"), ("if-match", "nonsense")];
            let body = (route.method != Method::GET).then(|| b"{broken".to_vec());
            let anonymous = app.client_with(None);
            let answer = anonymous.send(route.method.clone(), &path, &headers, body.clone()).await;
            answer.refused(401, "unauthenticated");
            let other = if route.scope == Scope::Admin { &reader } else { &admin };
            let limited = app.client_with(Some(other));
            let answer = limited.send(route.method.clone(), &path, &headers, body).await;
            answer.refused(403, "missing_scope");
        }
    }

    async fn what_is_refused_to_a_known_key_is_in_the_journal(app: &TestApp) {
        let (id, text) = key(app, vec![Scope::OrdersRead]).await;
        app.client_with(None).get("/v1/audit").await.refused(401, "unauthenticated");
        app.client_with(Some("dk_unknown")).get("/v1/audit").await.refused(401, "unauthenticated");
        let client = app.client_with(Some(&text));
        let refused = client.get("/v1/audit?subject=x").await;
        refused.refused(403, "missing_scope");
        let revoke = id.clone();
        app.at_command_line(move |tx| identity::revoke(tx, revoke.parse().unwrap())).await;
        client.get("/v1/orders").await.refused(401, "unauthenticated");

        let path = format!("/v1/audit?actor=key:{id}");
        let entries = app.eventually(&path, |page| page["data"].as_array().unwrap().len() == 2).await;
        let entry = &entries["data"][0];
        assert_eq!((&entry["type"], &entry["outcome"]), (&"access.refused".into(), &"refused".into()));
        assert_eq!(entry["subject"], format!("key:{id}"));
        assert_eq!(entry["request_id"], refused.header("x-request-id"));
        assert_eq!(entry["trace_id"], refused.header("x-trace-id"));
        let after = &entry["after"];
        assert_eq!((&after["reason"], &after["scope"]), (&"missing_scope".into(), &"audit:read".into()));
        assert_eq!(after["endpoint"], "GET /v1/audit");
        assert_eq!(entries["data"][1]["after"]["reason"], "revoked");
        let all = app.owner().get("/v1/audit?limit=200").await;
        assert_eq!(all.body.matches("access.refused").count(), 2, "anonymous refusals are counted only");
        assert!(!all.body.contains(&text) && !all.body.contains("dk_unknown"));
    }

    async fn a_key_works_as_soon_as_it_is_made_and_no_longer_than_it_may(app: &TestApp) {
        let (id, text) = key(app, vec![Scope::OrdersRead]).await;
        let client = app.client_with(Some(&text));
        client.get("/v1/orders").await.expect(200);
        for scheme in ["bearer", "BEARER", "Bearer  "] {
            let authorization = format!("{scheme} {text}");
            let headers = [("authorization", authorization.as_str())];
            let anonymous = app.client_with(None);
            anonymous.send(Method::GET, "/v1/orders", &headers, None).await.expect(200);
        }
        app.at_command_line(move |tx| identity::revoke(tx, id.parse().unwrap())).await;
        client.get("/v1/orders").await.refused(401, "unauthenticated");
    }
}
