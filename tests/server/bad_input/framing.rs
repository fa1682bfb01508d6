//! Requests that are not HTTP as it should be.
//!
//! What cannot be read as a request at all never reaches a handler: the connection layer answers it
//! with a bare 4xx and hangs up. `unreadable` lists all such cases, and `BROKEN_CHUNKS` those where
//! it may hang up without an answer; every other refusal of this server is a problem document.

use serde_json::json;

use super::Raw;
use crate::support::{KEY, TestApp, Wire, both, card, exchange, line, order_of};

/// What is not a request, with the bare status that it gets.
fn unreadable() -> Vec<(&'static str, Vec<u8>, u16)> {
    let head = |rest: &str| format!("POST /v1/orders HTTP/1.1\r\nhost: x\r\n{rest}\r\n\r\n");
    let huge = format!("GET /v1/orders HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(200_000));
    let huge_target = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(70_000));
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        ("no request line", text("\r\n\r\n\0\r\n\r\n"), 400),
        ("noise", vec![0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, b'\r', b'\n', b'\r', b'\n'], 400),
        ("HTTP/0.9", text("GET /v1/orders\r\n\r\n"), 400),
        ("HTTP/2 without asking", text("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), 400),
        ("HTTP/9.9", text("GET / HTTP/9.9\r\n\r\n"), 400),
        ("no target", text("GET HTTP/1.1\r\n\r\n"), 400),
        ("a blank in the target", text("GET /v1/ orders HTTP/1.1\r\nhost: x\r\n\r\n"), 400),
        ("a NUL in the target", text("GET /\0 HTTP/1.1\r\nhost: x\r\n\r\n"), 400),
        ("bytes in the target", b"GET /\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n".to_vec(), 400),
        ("a header without a colon", text(&head("nonsense")), 400),
        ("a header without a name", text(&head(": x")), 400),
        ("a NUL in a header", text(&head("x: a\0b")), 400),
        ("a lone CR in a header", text(&head("x: a\rb")), 400),
        ("a folded header", text(&head("x: a\r\n b")), 400),
        ("a blank before the colon", text(&head("x : a")), 400),
        ("a length that is none", text(&head("content-length: many")), 400),
        ("a negative length", text(&head("content-length: -1")), 400),
        ("a length with a sign", text(&head("content-length: +1")), 400),
        ("a length beyond 64 bits", text(&head("content-length: 18446744073709551616")), 400),
        ("two lengths", text(&head("content-length: 1\r\ncontent-length: 2")), 400),
        ("a list of lengths", text(&head("content-length: 1, 1")), 400),
        (
            "a length and chunks",
            text(&head("content-length: 1\r\ntransfer-encoding: chunked")),
            400,
        ),
        ("an unknown coding", text(&head("transfer-encoding: cow")), 400),
        ("chunked twice", text(&head("transfer-encoding: chunked, chunked")), 400),
        ("200 KB of head", huge.into_bytes(), 431),
        ("70 KB of target", huge_target.into_bytes(), 400),
    ]
}

/// What a body in chunks is followed by, when it goes wrong.
const BROKEN_CHUNKS: [&str; 5] =
    ["xyz\r\n", "-1\r\n", "fffffffffffffffff\r\n", "1\r\nab\r\n0\r\n\r\n", "\r\n0\r\n\r\n"];

both! {
    async fn what_is_no_request_gets_a_bare_refusal(app: &TestApp) {
        for (what, bytes, status) in unreadable() {
            let answer = exchange(app.address(), bytes).await;
            let answer = answer.unwrap_or_else(|| panic!("{what}: no answer"));
            assert_eq!(answer.status, status, "{what}: {answer:?}");
            assert_eq!(answer.body, "", "{what}");
        }
        app.owner().get("/v1/orders").await.expect(200);
    }

    async fn broken_chunks_are_refused(app: &TestApp) {
        app.product("tea", 500, 10).await;
        let body = order_of(json!([line("tea", 1)]), card("tok_visa")).to_string();
        for broken in BROKEN_CHUNKS {
            let chunks = format!("{:x}\r\n{body}\r\n{broken}", body.len());
            let raw = Raw::post("/v1/orders", chunks).without_length();
            let raw = raw.header("transfer-encoding", "chunked");
            // The connection layer may hang up before the handler can say so.
            if let Some(answer) = exchange(app.address(), raw.bytes()).await {
                assert_eq!(answer.status, 400, "{broken:?}: {answer:?}");
            }
        }
        let orders = app.owner().get("/v1/orders").await.expect(200);
        assert_eq!(orders["data"], json!([]));
    }

    async fn a_body_that_ends_early_changes_nothing(app: &TestApp) {
        app.product("tea", 500, 10).await;
        let body = order_of(json!([line("tea", 1)]), card("tok_visa")).to_string();
        let whole = Raw::post("/v1/orders", body.as_bytes()).bytes();
        let mut wire = Wire::open(app.address());
        wire.send(&whole[..whole.len() - 1]);
        wire.finish();
        if let Some(answer) = wire.answer() {
            assert_eq!(answer.status, 400, "{answer:?}");
        }
        let orders = app.owner().get("/v1/orders").await.expect(200);
        assert_eq!(orders["data"], json!([]));
    }

    async fn what_follows_a_body_is_another_request(app: &TestApp) {
        app.product("tea", 500, 10).await;
        let body = order_of(json!([line("tea", 1)]), card("tok_visa")).to_string();
        let first = Raw::post("/v1/orders", body.as_bytes()).without("connection").bytes();
        let second = Raw::get("/v1/orders").bytes();
        let mut wire = Wire::open(app.address());
        wire.send(&[first, second].concat());
        assert_eq!(wire.answer().map(|answer| answer.status), Some(201));
    }

    async fn a_header_cannot_be_smuggled_into_an_answer(app: &TestApp) {
        for value in ["good-id\r\nx-evil: 1", "good-id%0d%0ax-evil:1", "good-id\nx-evil: 1"] {
            let raw = Raw::get("/v1/orders").header("x-request-id", value);
            let answer = exchange(app.address(), raw.bytes()).await.unwrap();
            assert_eq!(answer.header("x-evil"), "", "{answer:?}");
        }
        let raw = Raw::get("/v1/products/x%0d%0ax-evil:%201");
        let answer = exchange(app.address(), raw.bytes()).await.unwrap();
        answer.refused(404, "not_found");
        assert_eq!(answer.header("x-evil"), "");
    }

    async fn a_client_that_asks_first_is_told_to_go_on(app: &TestApp) {
        app.product("tea", 500, 10).await;
        let body = order_of(json!([line("tea", 1)]), card("tok_visa")).to_string();
        let post = Raw::post("/v1/orders", body.as_bytes()).header("expect", "100-continue").bytes();
        let (head, body) = post.split_at(post.len() - body.len());
        let mut wire = Wire::open(app.address());
        wire.send(head);
        assert_eq!(wire.answer().map(|answer| answer.status), Some(100));
        wire.send(body);
        wire.answer().unwrap().expect(201);
    }

    async fn older_and_other_methods_are_answered(app: &TestApp) {
        let old = format!("GET /v1/orders HTTP/1.0\r\nauthorization: Bearer {KEY}\r\n\r\n");
        let mut wire = Wire::open(app.address());
        wire.send(old.as_bytes());
        wire.answer().unwrap().expect(200);
        assert!(wire.is_closed());
        let absolute = Raw::get("http://other.test/v1/orders");
        exchange(app.address(), absolute.bytes()).await.unwrap().expect(200);
        for (method, target) in [("OPTIONS", "*"), ("CONNECT", "other.test:443"), ("TRACE", "/nowhere")] {
            let raw = Raw::new(method, target);
            let answer = exchange(app.address(), raw.bytes()).await.unwrap();
            answer.refused(404, "not_found");
        }
    }
}
