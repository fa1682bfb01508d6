//! Every page × everybody who might ask for it. The pages are found in the source; one that has no
//! row in the table fails the test.

use std::collections::BTreeSet;
use std::path::Path;

use docket::identity::Role;
use reqwest::Method;

use crate::support::{TestApp, Visitor, both};

/// Who is answered something else than a refusal.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Who {
    /// The shop is open.
    Everybody,
    /// Whoever is signed in at the desk.
    Staff,
    /// Owners and clerks.
    Changers,
    /// Owners.
    Owners,
}

use Who::{Changers, Everybody, Owners, Staff};

const TABLE: &[(&str, &str, Who)] = &[
    ("GET", "/", Everybody),
    ("GET", "/assets/{version}/{name}", Everybody),
    ("GET", "/pictures/{file}", Everybody),
    ("GET", "/products/{sku}", Everybody),
    ("GET", "/cart", Everybody),
    ("POST", "/cart/lines", Everybody),
    ("POST", "/cart/lines/{sku}", Everybody),
    ("GET", "/checkout", Everybody),
    ("POST", "/checkout", Everybody),
    ("GET", "/orders/{link}", Everybody),
    ("GET", "/orders/{link}/events", Everybody),
    ("GET", "/admin/sign-in", Everybody),
    ("POST", "/admin/sign-in", Everybody),
    ("GET", "/admin/set-up/{token}", Everybody),
    ("POST", "/admin/set-up/{token}", Everybody),
    ("GET", "/admin", Staff),
    ("POST", "/admin/sign-out", Staff),
    ("GET", "/admin/password", Staff),
    ("POST", "/admin/password", Staff),
    ("GET", "/admin/orders", Staff),
    ("GET", "/admin/orders/{id}", Staff),
    ("POST", "/admin/orders/{id}/cancel", Changers),
    ("POST", "/admin/orders/{id}/fulfil", Changers),
    ("POST", "/admin/orders/{id}/payments/{payment}/{action}", Changers),
    ("GET", "/admin/products", Staff),
    ("GET", "/admin/products/export.csv", Staff),
    ("GET", "/admin/products/import", Changers),
    ("POST", "/admin/products/import", Changers),
    ("GET", "/admin/products/imports/{id}", Staff),
    ("GET", "/admin/product", Changers),
    ("POST", "/admin/product", Changers),
    ("GET", "/admin/product/{sku}", Staff),
    ("GET", "/admin/stock", Staff),
    ("GET", "/admin/stock/{sku}", Staff),
    ("POST", "/admin/stock/{sku}", Changers),
    ("GET", "/admin/payments", Staff),
    ("GET", "/admin/audit", Staff),
    ("GET", "/admin/audit/{id}", Staff),
    ("GET", "/admin/audit/{id}/proof.json", Staff),
    ("GET", "/admin/keys", Owners),
    ("POST", "/admin/keys", Owners),
    ("POST", "/admin/keys/{id}/revoke", Owners),
    ("GET", "/admin/staff", Owners),
    ("POST", "/admin/staff", Owners),
    ("POST", "/admin/staff/{id}/role", Owners),
    ("POST", "/admin/staff/{id}/disable", Owners),
    ("POST", "/admin/staff/{id}/enable", Owners),
    ("POST", "/admin/staff/{id}/link", Owners),
    ("GET", "/admin/telemetry", Staff),
    ("GET", "/admin/telemetry/latency", Staff),
    ("GET", "/admin/telemetry/logs", Staff),
    ("GET", "/admin/telemetry/logs/events", Staff),
    ("GET", "/admin/telemetry/modules", Staff),
    ("GET", "/admin/telemetry/health", Staff),
    ("POST", "/admin/telemetry/log-filter", Changers),
    ("GET", "/admin/telemetry/traces/{id}.json", Staff),
    ("GET", "/admin/telemetry/traces/{id}.html", Staff),
    ("GET", "/admin/telemetry/{id}", Staff),
];

/// The routes that a source registers: an address in quotes after `route(` or `resource(`, and
/// the methods that follow it.
fn registered(text: &str, scope: &str) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    let mut address: Option<String> = None;
    let mut rest = text;
    let marks = ["route(\"", "resource(\"", "get()", "post()", "put()", "patch()", "delete()"];
    while let Some((at, mark)) =
        marks.iter().filter_map(|mark| Some((rest.find(mark)?, *mark))).min()
    {
        rest = &rest[at + mark.len()..];
        match mark {
            "route(\"" | "resource(\"" => {
                let path = rest.split('"').next().unwrap();
                let inside = path.starts_with("/admin");
                address = Some(if inside { path.to_owned() } else { format!("{scope}{path}") });
            }
            method => {
                let method = method.trim_end_matches("()").to_uppercase();
                if let Some(address) = &address {
                    found.insert((method, address.clone()));
                }
            }
        }
    }
    found
}

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else {
            found.push((path.display().to_string(), std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// Whether the pages of this source stand under `/admin`.
fn is_desk(path: &str) -> bool {
    path.contains("/web/admin/") || path.contains("/web/window/")
}

#[test]
fn every_page_has_a_row() {
    let mut found = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web"), &mut found);
    let pages: BTreeSet<(String, String)> = found
        .iter()
        .flat_map(|(path, text)| registered(text, if is_desk(path) { "/admin" } else { "" }))
        .collect();
    let rows: BTreeSet<(String, String)> =
        TABLE.iter().map(|(method, path, _)| ((*method).to_owned(), (*path).to_owned())).collect();
    let without: Vec<_> = pages.difference(&rows).collect();
    let gone: Vec<_> = rows.difference(&pages).collect();
    assert!(without.is_empty() && gone.is_empty(), "no row: {without:#?}, no page: {gone:#?}");
}

#[test]
fn a_page_without_a_row_is_noticed() {
    let text =
        "config.route(\"/new\", get().to(show)).service(resource(\"/other\").route(post().to(x)));";
    let found = registered(text, "/admin");
    let expected = [("GET", "/admin/new"), ("POST", "/admin/other")];
    let expected = expected.map(|(method, path)| (method.to_owned(), path.to_owned()));
    assert_eq!(found, BTreeSet::from(expected));
}

/// An address of this pattern that leads to nothing.
fn address(pattern: &str) -> String {
    let id = "01938f2e-7a51-7c3e-b3a5-0d6f3a2b9c11";
    let named = pattern.replace("{sku}", "tea").replace("{version}", "x").replace("{name}", "x");
    let named = named.replace("{link}", "x").replace("{token}", "x").replace("{file}", "x.png");
    named.replace("{id}", id).replace("{payment}", id).replace("{action}", "capture")
}

async fn ask(
    visitor: &Visitor,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> (u16, String) {
    let mut headers = headers.to_vec();
    headers.push(("sec-fetch-site", "same-origin"));
    let form: Option<&[(&str, &str)]> = (method == "POST").then_some(&[]);
    let answer = visitor.send(method.parse::<Method>().unwrap(), path, &headers, form).await;
    (answer.status, answer.header("location").to_owned())
}

/// Whether somebody who is not signed in was kept out.
fn kept_out(method: &str, (status, location): &(u16, String)) -> bool {
    match method {
        "GET" => *status == 303 && location.starts_with("/admin/sign-in"),
        _ => *status == 401,
    }
}

both! {
    async fn everybody_is_answered_what_is_theirs(app: &TestApp) {
        app.product("tea", 250, 5).await;
        let nobody = app.visitor();
        let customer = app.visitor();
        customer.puts_in_cart("tea", 1).await;
        let key = app.owner().clone();
        drop(key);
        let mut people = Vec::new();
        for role in [Role::Owner, Role::Clerk, Role::Auditor] {
            people.push((role, app.at_desk(role).await));
        }
        let bearer = format!("Bearer {}", crate::support::KEY);
        for (method, pattern, who) in TABLE {
            let path = address(pattern);
            let bearer: &[(&str, &str)] = &[("authorization", &bearer)];
            for (visitor, headers) in [(&nobody, &[][..]), (&customer, &[]), (&nobody, bearer)] {
                if path.ends_with("sign-out") && *who != Everybody {
                    continue;
                }
                let answer = ask(visitor, method, &path, headers).await;
                let open = *who == Everybody;
                assert_eq!(kept_out(method, &answer), !open, "{method} {path}: {answer:?}");
                assert!(answer.0 < 500 && answer.0 != 403, "{method} {path}: {answer:?}");
            }
            for (role, person) in &people {
                // A form without its token changes nothing, and who may not is told that first.
                let may = match who {
                    Everybody | Staff => true,
                    Changers => *role != Role::Auditor,
                    Owners => *role == Role::Owner,
                };
                if *who == Everybody {
                    continue;
                }
                let (status, location) = ask(person, method, &path, &[]).await;
                // What should have a file in it cannot even be read.
                let unreadable = may && status == 400 && path.ends_with("/import");
                let refused = status == 403 || unreadable;
                let expected = !may || *method == "POST";
                assert_eq!(refused, expected, "{role:?} {method} {path}: {status} {location}");
            }
        }
        // Sessions end by themselves.
        app.pass(std::time::Duration::from_secs(13 * 3600));
        for (method, pattern, who) in TABLE {
            if *who == Everybody {
                continue;
            }
            let path = address(pattern);
            for (role, person) in &people {
                let answer = ask(person, method, &path, &[]).await;
                assert!(kept_out(method, &answer), "{role:?} {method} {path}: {answer:?}");
            }
        }
    }

    async fn another_customer_sees_nothing_of_a_cart_or_an_order(app: &TestApp) {
        app.product("tea", 250, 5).await;
        let buyer = app.visitor();
        buyer.puts_in_cart("tea", 2).await;
        let other = app.visitor();
        assert!(other.page("/cart").await.contains("Your cart is empty"));
        other.puts_in_cart("tea", 1).await;
        other.submit("/cart/lines/tea", &[("quantity", "0")]).await;
        assert!(buyer.page("/cart").await.contains("$5.00"));
        let link = buyer.checks_out("tok_visa").await;
        assert!(other.page(&link).await.contains("$5.00"), "whoever has the address sees the order");
        for near in [&link[..link.len() - 1], &format!("{link}A"), "/orders/1001"] {
            assert_eq!(other.get(near).await.status, 404, "{near}");
        }
        let order = app.owner().get("/v1/orders").await.expect(200)["data"][0]["id"].clone();
        assert_eq!(other.get(&format!("/orders/{}", order.as_str().unwrap())).await.status, 404);
    }
}
