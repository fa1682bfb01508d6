//! Addresses, methods and query strings that are not what they should be.

use super::{Hostile, Raw, all_are_refused, hostile};
use crate::support::{TestApp, both};

const ID: &str = "01938f2e-7a51-7c3e-b3a5-0d6f3a2b9c11";

fn not_found(what: &str, raw: Raw) -> Hostile {
    hostile(what, raw, 404, "not_found")
}

fn unknown_routes() -> Vec<Hostile> {
    let long = format!("/v1/{}", "a".repeat(30_000));
    let deep = format!("/v1/orders{}", "/x".repeat(5_000));
    let mut table = Vec::new();
    for path in [
        "//",
        "/v1",
        "/v1/",
        "/v2/orders",
        "/V1/orders",
        "/v1/Orders",
        "/v1/orders/",
        "//v1/orders",
        "/v1//orders",
        "/v1/orders//",
        "/v1/orders/x/y/z",
        "/v1/products/",
        "/api",
        "/v1/orders/../products",
        "/v1/%6frders/",
        "/v1/orders%00",
        "/v1%2forders",
        "/.env",
        "/v1/../../../../etc/passwd",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/wp-login.php",
        "/v1/orders;x=1",
        "/v1/keys",
        "/metrics",
        "/livez",
        "/readyz",
        "/version",
        &long,
        &deep,
    ] {
        let what: String = path.chars().take(60).collect();
        table.push(not_found(&what, Raw::get(path)));
        table.push(not_found(&what, Raw::post(path, "{}")));
    }
    table
}

fn malformed_ids() -> Vec<Hostile> {
    let long = "1".repeat(5_000);
    let mut table = Vec::new();
    for id in [
        "x",
        "0",
        "-1",
        "1001",
        "null",
        "%00",
        "%20",
        "%2e%2e",
        "..",
        ".",
        "%2F",
        "%ff%fe",
        "*",
        "%",
        "%zz",
        "01938f2e7a517c3eb3a50d6f3a2b9c11",
        "01938F2E-7A51-7C3E-B3A5-0D6F3A2B9C11",
        "{01938f2e-7a51-7c3e-b3a5-0d6f3a2b9c11}",
        "urn:uuid:01938f2e-7a51-7c3e-b3a5-0d6f3a2b9c11",
        "01938f2e-7a51-7c3e-b3a5-0d6f3a2b9c1",
        "01938f2e-7a51-7c3e-b3a5-0d6f3a2b9c11%00",
        "'%20OR%201=1%20--",
        ID,
        &long,
    ] {
        for path in ["orders/@", "payments/@", "audit/@/proof"] {
            let path = format!("/v1/{}", path.replace('@', id));
            table.push(not_found(&path, Raw::get(&path)));
        }
        for path in [
            "orders/@/cancel",
            "orders/@/fulfilments",
            "payments/@/capture",
            "payments/@/void",
            "payments/@/refunds",
        ] {
            let path = format!("/v1/{}", path.replace('@', id));
            table.push(not_found(&path, Raw::post(&path, "{}")));
        }
    }
    table
}

fn malformed_skus() -> Vec<Hostile> {
    let long = "a".repeat(65);
    let mut table = Vec::new();
    for sku in [
        "nothing",
        "%00",
        "tea%00",
        "%0a",
        "%20tea",
        "t%c3%a9a",
        "%ff",
        "%f0%9f%8d%b5",
        "a%2fb",
        "a%5cb",
        "tea%25",
        "'%3B--",
        "%3Cscript%3E",
        "tea%E2%80%8B",
        "te*",
        &long,
    ] {
        for path in ["products/@", "inventory/@", "inventory/@/movements"] {
            let path = format!("/v1/{}", path.replace('@', sku));
            table.push(not_found(&path, Raw::get(&path)));
        }
        let path = format!("/v1/inventory/{sku}/adjustments");
        let body = r#"{"delta":1,"reason":"x"}"#;
        table.push(not_found(&path, Raw::post(&path, body)));
        if sku != "nothing" {
            let path = format!("/v1/products/{sku}");
            let body = r#"{"name":"T","price":1,"currency":"USD"}"#;
            table.push(hostile(&path, Raw::put(&path, body), 422, "validation"));
        }
    }
    table
}

fn queries() -> Vec<Hostile> {
    let mut table = Vec::new();
    let lists =
        ["/v1/orders", "/v1/products", "/v1/inventory/tea/movements", "/v1/audit", "/v1/events"];
    for path in lists {
        for query in [
            "limit=0",
            "limit=201",
            "limit=-1",
            "limit=",
            "limit=1.0",
            "limit=1e2",
            "limit=%00",
            "limit=9223372036854775808",
            "limit=1&limit=2",
            "limit",
            "page=1",
            "LIMIT=1",
            "%00=1",
            "limit=1&unknown=%ff",
            "=1",
            "limit[]=1",
            "limit=10%20",
        ] {
            let target = format!("{path}?{query}");
            table.push(hostile(&target, Raw::get(&target), 422, "validation"));
        }
    }
    for path in ["/v1/audit", "/v1/events"] {
        for after in ["-1", "x", "", "1.5", "9223372036854775808", "%00", "1&after=2"] {
            let target = format!("{path}?after={after}");
            table.push(hostile(&target, Raw::get(&target), 422, "validation"));
        }
    }
    for query in [
        "status=lost",
        "status=",
        "payment_status=Paid",
        "fulfilment_status=%00",
        "customer=",
        "customer=%00",
        "reference=%0a",
        "created_after=yesterday",
        "created_before=2026-13-01",
        "created_after=2026-11-23",
        "created_after=1795455552",
        "created_before=",
    ] {
        let target = format!("/v1/orders?{query}");
        table.push(hostile(&target, Raw::get(&target), 422, "validation"));
    }
    let long = format!("q={}", "a".repeat(201));
    for query in ["q=%00", "q=a%0ab", &long, "currency=usd", "currency=", "currency=%00", "Q=x"] {
        let target = format!("/v1/products?{query}");
        table.push(hostile(&target, Raw::get(&target), 422, "validation"));
    }
    for query in ["subject=", "subject=%00", "actor=%0d%0a", "actor="] {
        let target = format!("/v1/audit?{query}");
        table.push(hostile(&target, Raw::get(&target), 422, "validation"));
    }
    for query in ["currency=us", "currency=%00", "currency=USD&currency=EUR", "x=1"] {
        let target = format!("/v1/products/tea?{query}");
        table.push(hostile(&target, Raw::get(&target), 422, "validation"));
    }
    table
}

fn cursors() -> Vec<Hostile> {
    let long = "A".repeat(20_000);
    let mut table = Vec::new();
    for path in ["/v1/orders", "/v1/products", "/v1/inventory/tea/movements"] {
        for cursor in [
            "",
            "x",
            "%24",
            "AAAA",
            "%00",
            "....",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "null",
            "1%3D%3D",
            "%F0%9F%8D%B5",
            "'%20OR%20''='",
            &long,
        ] {
            let target = format!("{path}?cursor={cursor}");
            let what: String = target.chars().take(80).collect();
            table.push(hostile(what, Raw::get(&target), 400, "invalid_cursor"));
        }
    }
    table
}

both! {
    async fn unknown_addresses_are_refused(app: &TestApp) {
        all_are_refused(app, unknown_routes()).await;
    }

    async fn malformed_identifiers_name_nothing(app: &TestApp) {
        all_are_refused(app, malformed_ids()).await;
    }

    async fn malformed_skus_name_nothing(app: &TestApp) {
        all_are_refused(app, malformed_skus()).await;
    }

    async fn bad_queries_and_cursors_are_refused(app: &TestApp) {
        all_are_refused(app, queries().into_iter().chain(cursors()).collect()).await;
    }

    async fn wrong_methods_are_told_the_right_ones(app: &TestApp) {
        let api = app.owner().get("/openapi.json").await.expect(200);
        for (pattern, item) in api["paths"].as_object().unwrap() {
            let path = pattern.replace("{id}", ID).replace("{sku}", "tea");
            let item = item.as_object().unwrap();
            for method in ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "get"] {
                if item.contains_key(&method.to_lowercase()) && method != "get" {
                    continue;
                }
                let raw = Raw::new(method, &path).header("idempotency-key", "k").json("{}");
                let answer = crate::support::exchange(app.address(), raw.bytes()).await.unwrap();
                answer.refused(405, "method_not_allowed");
                let mut allowed: Vec<_> = answer.header("allow").split(", ").collect();
                let mut known: Vec<_> = item.keys().map(|known| known.to_uppercase()).collect();
                allowed.sort_unstable();
                known.sort_unstable();
                assert_eq!(allowed, known, "{method} {path}");
            }
            let head = app.owner().send(reqwest::Method::HEAD, &path, &[], None).await;
            assert_eq!((head.status, head.body.as_str()), (405, ""), "{path}");
        }
    }
}
