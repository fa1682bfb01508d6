//! Headers that are not what they should be.

use serde_json::{Value, json};

use super::{Hostile, Raw, all_are_refused, hostile};
use crate::support::{KEY, TestApp, both, card, exchange, line, order_of};

fn order() -> String {
    order_of(json!([line("tea", 1)]), card("tok_visa")).to_string()
}

fn idempotency_keys() -> Vec<Hostile> {
    let post = || Raw::post("/v1/orders", order()).without("idempotency-key");
    let mut table = vec![hostile("no key", post(), 400, "idempotency_key_required")];
    let long = vec![b'k'; 256];
    for (what, key) in [
        ("an empty key", &b""[..]),
        ("a blank key", b"   "),
        ("256 characters", &long),
        ("a blank inside", b"a b"),
        ("a tab inside", b"a\tb"),
        ("UTF-8", "schlüssel".as_bytes()),
        ("Latin-1", b"schl\xfcssel"),
        ("a byte beyond ASCII", b"\xff"),
    ] {
        let raw = post().header("idempotency-key", key);
        table.push(hostile(what, raw, 400, "idempotency_key_invalid"));
    }
    let two = post().header("idempotency-key", "k-1").header("Idempotency-Key", "k-2");
    table.push(hostile("two keys", two, 400, "idempotency_key_invalid"));
    let same = post().header("idempotency-key", "k-1").header("idempotency-key", "k-1");
    table.push(hostile("the same key twice", same, 400, "idempotency_key_invalid"));
    table
}

fn content_types() -> Vec<Hostile> {
    let post = || Raw::post("/v1/orders", order()).without("content-type");
    let refused = |what: &str, raw| hostile(what, raw, 415, "unsupported_media_type");
    let mut table = vec![refused("no content type", post())];
    for kind in [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "application/jsonx",
        "json",
        "",
        "*/*",
        "application/json+x",
        "application/problem+json",
        "text/html, application/json",
        "\u{ff}",
    ] {
        table.push(refused(kind, post().header("content-type", kind)));
    }
    let put = Raw::put("/v1/products/coffee", "{}").without("content-type");
    table.push(refused("a PUT of a form", put.header("content-type", "text/plain")));
    table
}

fn authorizations() -> Vec<Hostile> {
    let mut table = Vec::new();
    let long = format!("Bearer {}", "k".repeat(60_000));
    let longer = format!("Bearer {KEY}x");
    let shorter = format!("Bearer {}", &KEY[1..]);
    let cased = format!("Bearer {}", KEY.to_uppercase());
    let basic = format!("Basic {KEY}");
    let two = format!("Bearer {KEY} {KEY}");
    for text in [
        "",
        "Bearer",
        "Bearer ",
        KEY,
        &basic,
        &longer,
        &shorter,
        &cased,
        &two,
        "Bearer \u{ff}",
        "Bearer ' OR ''='",
        "Bearer null",
        "Token x",
        &long,
    ] {
        let raw = Raw::get("/v1/orders").without("authorization").header("authorization", text);
        let what: String = text.chars().take(60).collect();
        table.push(hostile(what, raw, 401, "unauthenticated"));
    }
    table
}

fn if_matches() -> Vec<Hostile> {
    let mut table = Vec::new();
    for tag in [
        "\"0\"",
        "\"2\"",
        "\"-1\"",
        "1",
        "\"\"",
        "\"",
        "W/\"1\"",
        "\"1\", \"2\"",
        "\"9223372036854775808\"",
        "\u{ff}",
        "\"one\"",
        "\"1",
        "",
        "'1'",
    ] {
        let body = r#"{"name":"Tea","price":1,"currency":"USD"}"#;
        let raw = Raw::put("/v1/products/tea", body).header("if-match", tag);
        table.push(hostile(format!("If-Match {tag}"), raw, 412, "version_mismatch"));
    }
    table
}

fn bodies_in_disguise() -> Vec<Hostile> {
    let post = || Raw::post("/v1/orders", vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);
    vec![
        hostile("gzip", post().header("content-encoding", "gzip"), 400, "malformed_json"),
        hostile("a range", post().header("content-range", "bytes 0-9/100"), 400, "malformed_json"),
        hostile(
            "a method in a header",
            Raw::post(&format!("/v1/orders/{}", "01938f2e-7a51-7c3e-b3a5-0d6f3a2b9c11"), "{}")
                .header("x-http-method-override", "GET"),
            405,
            "method_not_allowed",
        ),
    ]
}

both! {
    async fn bad_idempotency_keys_are_refused(app: &TestApp) {
        all_are_refused(app, idempotency_keys()).await;
    }

    async fn other_kinds_of_content_are_refused(app: &TestApp) {
        let table = content_types().into_iter().chain(bodies_in_disguise());
        all_are_refused(app, table.collect()).await;
    }

    async fn bad_authorizations_are_refused(app: &TestApp) {
        all_are_refused(app, authorizations()).await;
    }

    async fn tags_that_were_never_given_match_nothing(app: &TestApp) {
        all_are_refused(app, if_matches()).await;
    }

    async fn odd_headers_that_mean_nothing_do_no_harm(app: &TestApp) {
        app.product("tea", 500, 10).await;
        let long = "x".repeat(8_000);
        for (name, value) in [
            ("x-request-id", "a\"b<script>"),
            ("x-request-id", "short"),
            ("x-request-id", &long),
            ("traceparent", "00-zz-zz-zz"),
            ("traceparent", "00-00000000000000000000000000000000-0000000000000000-01"),
            ("baggage", "user_id=%00,,,;;;"),
            ("accept", "image/png"),
            ("accept-encoding", "zstd;q=9, nonsense"),
            ("cookie", &long),
            ("range", "bytes=0-1"),
            ("x-forwarded-for", "'; DROP TABLE orders; --"),
            ("if-none-match", "*"),
        ] {
            let raw = Raw::get("/v1/products/tea").header(name, value);
            let answer = exchange(app.address(), raw.bytes()).await.unwrap();
            assert_eq!(answer.expect(200)["sku"], "tea", "{name}: {value}");
            let id = answer.header("x-request-id");
            assert!(id != value && id.len() == 36, "{name}: {value} was given back as {id}");
        }
        let raw = Raw::get("/v1/products/tea").header("x-request-id", "order-desk-0001");
        let answer = exchange(app.address(), raw.bytes()).await.unwrap();
        assert_eq!(answer.header("x-request-id"), "order-desk-0001");
    }

    async fn kinds_of_json_with_a_parameter_are_taken(app: &TestApp) {
        app.product("tea", 500, 10).await;
        for kind in ["application/json; charset=utf-8", "Application/JSON", " application/json ;x=1"] {
            let raw = Raw::post("/v1/orders", order()).without("content-type");
            let raw = raw.header("content-type", kind);
            exchange(app.address(), raw.bytes()).await.unwrap().expect(201);
        }
    }

    async fn hundreds_of_headers_are_taken_or_refused_but_never_a_failure(app: &TestApp) {
        for count in [10, 90, 120, 1_000] {
            let mut raw = Raw::get("/v1/orders");
            for n in 0..count {
                raw = raw.header(&format!("x-{n}"), "v");
            }
            let answer = exchange(app.address(), raw.bytes()).await.unwrap();
            let taken = answer.status == 200 && answer.json()["data"] == Value::Array(vec![]);
            let expected = if count < 96 { taken } else { answer.status == 431 };
            assert!(expected, "{count}: {answer:?}");
        }
    }
}
