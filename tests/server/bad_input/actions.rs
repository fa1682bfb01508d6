//! Bodies of every other route that takes one: as strict as placing an order.

use super::{Hostile, Raw, all_are_refused, hostile};
use crate::support::{TestApp, both};

/// Of each address (`@` stands for an identifier) what it must refuse.
const POSTS: [(&str, &[&str]); 6] = [
    (
        "/v1/orders/@/cancel",
        &[
            "[]",
            "[null]",
            "null",
            "1",
            r#"{"reason":1}"#,
            r#"{"reason":""}"#,
            r#"{"why":"x"}"#,
            r#"{"reason":"a\u0000b"}"#,
            r#"{"reason":"a","reason":"b"}"#,
        ],
    ),
    (
        "/v1/orders/@/fulfilments",
        &[
            "[]",
            "[null,null]",
            r#"{"lines":{}}"#,
            r#"{"lines":[1]}"#,
            r#"{"lines":[{}]}"#,
            r#"{"lines":[["x",1]]}"#,
            r#"{"tracking":""}"#,
            r#"{"tracking":"\u0000"}"#,
            r#"{"lines":[{"line_id":"x","quantity":1.0}]}"#,
            r#"{"lines":[{"line_id":"\u0000","quantity":1}]}"#,
            r#"{"lines":[{"line_id":"x","quantity":9223372036854775808}]}"#,
        ],
    ),
    (
        "/v1/payments/@/capture",
        &[
            "[]",
            "[1]",
            r#"{"amount":-1}"#,
            r#"{"amount":"1"}"#,
            r#"{"amount":1.5}"#,
            r#"{"amount":9007199254740992}"#,
            r#"{"amount":1,"amount":1}"#,
            r#"{"sum":1}"#,
        ],
    ),
    ("/v1/payments/@/void", &["[]", "null", r#"{"amount":1}"#, "\"x\""]),
    (
        "/v1/payments/@/refunds",
        &[
            "[]",
            r#"{"amount":-1}"#,
            r#"{"reason":""}"#,
            r#"{"reason":"\u0000"}"#,
            r#"{"amount":18446744073709551616}"#,
            r#"{"reason":["x"]}"#,
        ],
    ),
    (
        "/v1/inventory/tea/adjustments",
        &[
            "[]",
            r#"[1,"x"]"#,
            "{}",
            r#"{"delta":1}"#,
            r#"{"reason":"x"}"#,
            r#"{"delta":0,"reason":"x"}"#,
            r#"{"delta":1.0,"reason":"x"}"#,
            r#"{"delta":"1","reason":"x"}"#,
            r#"{"delta":1,"reason":""}"#,
            r#"{"delta":1,"reason":"\u0000"}"#,
            r#"{"delta":1000000000001,"reason":"x"}"#,
            r#"{"delta":9223372036854775807,"reason":"x"}"#,
            r#"{"delta":-9223372036854775808,"reason":"x"}"#,
            r#"{"delta":1,"reason":"x","kind":"sale"}"#,
        ],
    ),
];

/// What is no product.
const PRODUCTS: [&str; 13] = [
    "[]",
    "{}",
    r#"["Tea",1,"USD",null,null,null,null]"#,
    r#"{"name":"T","price":1}"#,
    r#"{"name":"T","price":-1,"currency":"USD"}"#,
    r#"{"name":"","price":1,"currency":"USD"}"#,
    r#"{"name":"\u0000","price":1,"currency":"USD"}"#,
    r#"{"name":"T","price":1.5,"currency":"USD"}"#,
    r#"{"name":"T","price":9007199254740992,"currency":"USD"}"#,
    r#"{"name":"T","price":1,"currency":"usd"}"#,
    r#"{"name":"T","price":1,"currency":"USD","brand":""}"#,
    r#"{"name":"T","price":1,"currency":"USD","sku":"other"}"#,
    r#"{"name":"T","price":1,"currency":"USD","price":2}"#,
];

fn actions() -> Vec<Hostile> {
    let mut table: Vec<Hostile> = Vec::new();
    for (path, bodies) in POSTS {
        let path = path.replace('@', "01938f2e-7a51-7c3e-b3a5-0d6f3a2b9c11");
        for body in bodies {
            let raw = Raw::post(&path, *body);
            table.push(hostile(format!("POST {path} {body}"), raw, 422, "validation"));
        }
    }
    for body in PRODUCTS {
        let raw = Raw::put("/v1/products/coffee", body);
        table.push(hostile(format!("PUT {body}"), raw, 422, "validation"));
    }
    table
}

both! {
    async fn every_other_route_is_as_strict(app: &TestApp) {
        all_are_refused(app, actions()).await;
    }
}
