//! Bodies that are not what they should be.

use serde_json::{Value, json};

use super::{Hostile, Raw, all_are_refused, hostile};
use crate::support::{TestApp, both};

/// An order with everything that one can have.
fn order() -> Value {
    json!({
        "reference": "R-1",
        "customer": { "reference": "c-1", "email": "a@b.test", "name": "A" },
        "currency": "USD",
        "lines": [{ "sku": "tea", "quantity": 1 }],
        "payment": { "method": "card", "token": "tok_visa", "capture": "automatic" },
        "shipping_address": { "city": "X" },
        "expected_total": 500,
        "metadata": { "a": "b" },
    })
}

/// The order with `raw` in the place of what is at `pointer`, even when that is no JSON.
fn with(pointer: &str, raw: &str) -> String {
    let mut order = order();
    *order.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = json!("@raw@");
    order.to_string().replace("\"@raw@\"", raw)
}

/// The order with `raw` put at the front of the object at `pointer`.
fn and(pointer: &str, raw: &str) -> String {
    let inner = order().pointer(pointer).unwrap().to_string();
    let (object, rest) = inner.split_at(1);
    let more = format!("{object}{raw},{rest}");
    if pointer.is_empty() { more } else { with(pointer, &more) }
}

fn without(pointer: &str, field: &str) -> String {
    let mut order = order();
    order.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(field).unwrap();
    order.to_string()
}

fn place(what: String, body: impl Into<Vec<u8>>, status: u16, code: &'static str) -> Hostile {
    hostile(what, Raw::post("/v1/orders", body), status, code)
}

fn invalid(what: String, body: String) -> Hostile {
    place(what, body, 422, "validation")
}

const TEXTS: [&str; 11] = [
    "/reference",
    "/customer/reference",
    "/customer/email",
    "/customer/name",
    "/currency",
    "/lines/0/sku",
    "/payment/method",
    "/payment/token",
    "/payment/capture",
    "/shipping_address/city",
    "/metadata/a",
];

fn texts_of_other_types() -> Vec<Hostile> {
    let mut table = Vec::new();
    for pointer in TEXTS {
        for raw in ["1", "1.5", "true", "[]", "[\"x\"]", "{}", r#"{"card":null}"#] {
            table.push(invalid(format!("{pointer} is {raw}"), with(pointer, raw)));
        }
        for raw in [r#""a\u0000b""#, r#""a\nb""#, r#""\u007f""#, r#""x\u0085y""#] {
            table.push(invalid(format!("{pointer} is {raw}"), with(pointer, raw)));
        }
        for raw in
            [r#""\ud800""#, r#""\udc00x""#, r#""\ud83d\u0041""#, "\"a\nb\"", r#""\x""#, "'x'"]
        {
            let what = format!("{pointer} is {raw}");
            table.push(place(what, with(pointer, raw), 400, "malformed_json"));
        }
    }
    table
}

fn texts_out_of_range() -> Vec<Hostile> {
    let long = |length: usize| format!("\"{}\"", "é".repeat(length));
    let mut table = Vec::new();
    for (pointer, most) in [
        ("/reference", 100),
        ("/customer/reference", 100),
        ("/customer/email", 254),
        ("/customer/name", 200),
        ("/lines/0/sku", 64),
        ("/payment/token", 255),
        ("/shipping_address/city", 500),
        ("/metadata/a", 500),
    ] {
        let what = format!("{pointer} has {} characters", most + 1);
        table.push(invalid(what, with(pointer, &long(most + 1))));
    }
    for pointer in
        ["/reference", "/customer/reference", "/customer/email", "/lines/0/sku", "/payment/token"]
    {
        table.push(invalid(format!("{pointer} is empty"), with(pointer, "\"\"")));
    }
    for raw in ["usd", "US", "USDX", "XXX", "", "US ", "€", "ＵＳＤ", "US\\u0000"] {
        table.push(invalid(format!("currency {raw}"), with("/currency", &format!("\"{raw}\""))));
    }
    for raw in ["\"Card\"", "\"cash\"", "\"\"", "null"] {
        table.push(invalid(format!("method {raw}"), with("/payment/method", raw)));
    }
    table.push(invalid("a token with a blank".into(), with("/payment/token", "\"tok visa\"")));
    table.push(invalid("a token beyond ASCII".into(), with("/payment/token", "\"tök\"")));
    table.push(invalid("capture later".into(), with("/payment/capture", "\"later\"")));
    let many: Vec<_> = (0..51).map(|n| format!("\"k{n}\":\"v\"")).collect();
    let many = format!("{{{}}}", many.join(","));
    for pointer in ["/metadata", "/shipping_address"] {
        table.push(invalid(format!("51 entries of {pointer}"), with(pointer, &many)));
        let name = format!("{{{}:\"v\"}}", long(41));
        table.push(invalid(format!("a long name in {pointer}"), with(pointer, &name)));
        for raw in [r#"{"":"v"}"#, r#"{"a\u0000":"v"}"#, r#"{"a":null}"#, r#"{"a":{"b":"c"}}"#] {
            table.push(invalid(format!("{pointer} is {raw}"), with(pointer, raw)));
        }
    }
    table
}

fn numbers() -> Vec<Hostile> {
    let mut table = Vec::new();
    for pointer in ["/lines/0/quantity", "/expected_total"] {
        for raw in [
            "\"1\"",
            "\"\"",
            "true",
            "[]",
            "[1]",
            "{}",
            "1.5",
            "1.0",
            "-0",
            "-0.0",
            "1e0",
            "1E2",
            "-1",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "-9223372036854775809",
            "18446744073709551616",
            "9007199254740992",
            "1e300",
            "4.9e-324",
        ] {
            table.push(invalid(format!("{pointer} is {raw}"), with(pointer, raw)));
        }
        let digits = "1".repeat(400);
        for raw in
            ["1e400", "-1e400", &digits, "01", "+1", ".5", "1.", "0x1", "1_000", "NaN", "Infinity"]
        {
            let what = format!("{pointer} is {raw}");
            table.push(place(what, with(pointer, raw), 400, "malformed_json"));
        }
    }
    for raw in ["0", "null", "1000001", "2147483648"] {
        table.push(invalid(format!("quantity {raw}"), with("/lines/0/quantity", raw)));
    }
    table
}

fn shapes() -> Vec<Hostile> {
    let mut table = Vec::new();
    for (pointer, field) in [
        ("", "customer"),
        ("", "currency"),
        ("", "lines"),
        ("", "payment"),
        ("/customer", "reference"),
        ("/lines/0", "sku"),
        ("/lines/0", "quantity"),
        ("/payment", "method"),
        ("/payment", "token"),
    ] {
        table.push(invalid(format!("{pointer}/{field} is missing"), without(pointer, field)));
    }
    for pointer in ["", "/customer", "/lines/0", "/payment"] {
        let unknown = and(pointer, r#""colour":"red""#);
        table.push(invalid(format!("an unknown field in `{pointer}`"), unknown));
        let unknown = and(pointer, r#""":1"#);
        table.push(invalid(format!("a nameless field in `{pointer}`"), unknown));
    }
    for (pointer, field) in [
        ("", r#""currency":"USD""#),
        ("", r#""lines":[{"sku":"tea","quantity":5}]"#),
        ("/customer", r#""reference":"c-2""#),
        ("/lines/0", r#""quantity":1"#),
        ("/lines/0", r#""quant\u0069ty":1"#),
        ("/payment", r#""token":"tok_slow""#),
        ("/metadata", r#""a":"c""#),
        ("/shipping_address", r#""c\u0069ty":"Y""#),
    ] {
        table.push(invalid(format!("{field} twice in `{pointer}`"), and(pointer, field)));
    }
    for (pointer, raws) in [
        ("/customer", &["null", "[]", "\"c-1\"", "1", r#"["c-1",null,null]"#][..]),
        ("/lines", &["null", "{}", "\"\"", "[]", "[null]", "[[]]", r#"[["tea",1]]"#, "[1]"][..]),
        ("/payment", &["null", "[]", "\"card\"", r#"["card","tok_visa",null]"#][..]),
        ("/metadata", &["[]", "\"\"", "1", r#"[["a","b"]]"#][..]),
        ("/shipping_address", &["[]", "\"1 High Street\"", "1"][..]),
    ] {
        for raw in raws {
            table.push(invalid(format!("{pointer} is {raw}"), with(pointer, raw)));
        }
    }
    for raw in [
        r#"{"method":"manual","token":"tok_visa"}"#,
        r#"{"method":"manual","capture":"manual"}"#,
        r#"{"method":"card"}"#,
        r#"{"method":"card","token":null}"#,
    ] {
        table.push(invalid(format!("payment {raw}"), with("/payment", raw)));
    }
    table
}

fn sizes() -> Vec<Hostile> {
    let lines = |count: usize| {
        let lines = vec![r#"{"sku":"tea","quantity":1}"#; count];
        with("/lines", &format!("[{}]", lines.join(",")))
    };
    let deep = |depth: usize| "[".repeat(depth);
    let chunked = |body: String| {
        let mut bytes = format!("{:x}\r\n", body.len()).into_bytes();
        bytes.extend(body.as_bytes());
        bytes.extend(b"\r\n0\r\n\r\n");
        let post = Raw::post("/v1/orders", bytes).without_length();
        post.header("transfer-encoding", "chunked")
    };
    let too_large = |what: &str, raw| hostile(what, raw, 413, "body_too_large");
    let blank = format!("{}{}", " ".repeat((1 << 20) + 1), order());
    vec![
        invalid("501 lines".into(), lines(501)),
        too_large("100,000 lines", Raw::post("/v1/orders", lines(100_000))),
        too_large("100,000 lines in a chunk", chunked(lines(100_000))),
        too_large("a mebibyte of blanks", Raw::post("/v1/orders", blank.clone())),
        too_large("a mebibyte of blanks in a chunk", chunked(blank)),
        place("100,000 deep".into(), deep(100_000), 422, "validation"),
        place("500,000 deep".into(), r#"{"a":"#.repeat(150_000), 422, "validation"),
        invalid("metadata 100,000 deep".into(), with("/metadata", &deep(100_000))),
        invalid("a line 100,000 deep".into(), with("/lines/0", &deep(100_000))),
        invalid("lines 100,000 deep".into(), with("/lines", &deep(100_000))),
    ]
}

fn documents() -> Vec<Hostile> {
    let order = order().to_string();
    let positional =
        r#"["R",{"reference":"c"},"USD",[["tea",1]],["card","tok_visa",null],null,null,null]"#;
    let mut table = Vec::new();
    for text in
        ["[]", "[{}]", positional, "\"x\"", "\"\"", "1", "-1", "1.5", "true", "null", "{}", ""]
    {
        table.push(invalid(format!("the body {text}"), text.into()));
    }
    let utf16: Vec<u8> = order.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let broken: Vec<(&str, Vec<u8>)> = vec![
        ("a blank", b" ".into()),
        ("an open brace", b"{".into()),
        ("half of it", order.as_bytes()[..order.len() / 2].into()),
        ("a letter behind it", format!("{order}x").into()),
        ("a brace behind it", format!("{order}}}").into()),
        ("two of them", format!("{order}{order}").into()),
        ("two lines of them", format!("{order}\n{order}").into()),
        ("a NUL behind it", format!("{order}\0").into()),
        ("a byte order mark", format!("\u{feff}{order}").into()),
        ("a comma too many", order.replace("}]", "},]").into()),
        ("a comment", format!("/* x */{order}").into()),
        ("single quotes", order.replace('"', "'").into()),
        ("names without quotes", order.replace("\"currency\"", "currency").into()),
        ("invalid UTF-8", [b"{\"reference\":\"", &[0xff, 0xfe][..], b"\"}"].concat()),
        ("an overlong slash", [b"{\"reference\":\"", &[0xc0, 0xaf][..], b"\"}"].concat()),
        ("a surrogate as UTF-8", [b"{\"reference\":\"", &[0xed, 0xa0, 0x80][..], b"\"}"].concat()),
        ("UTF-16", utf16),
        ("a form", b"currency=USD&lines=1".into()),
        ("XML", b"<order/>".into()),
        ("gzip", vec![0x1f, 0x8b, 0x08, 0, 0, 0, 0, 0]),
        ("a NUL", vec![0]),
        ("noise", (0..=255).collect()),
    ];
    for (what, body) in broken {
        table.push(place(what.into(), body, 400, "malformed_json"));
    }
    table
}

fn what_the_shop_refuses() -> Vec<Hostile> {
    let mut table = Vec::new();
    for sku in
        ["nothing", "TEA", " tea", "tea ", "'; DROP TABLE orders; --", "%", "_ea", "../tea", "🍵"]
    {
        let body = with("/lines/0/sku", &json!(sku).to_string());
        table.push(place(format!("sku {sku}"), body, 422, "unknown_sku"));
    }
    table.push(place("EUR".into(), with("/currency", "\"EUR\""), 422, "currency_mismatch"));
    table.push(place(
        "too many".into(),
        without("", "expected_total").replace("\"quantity\":1", "\"quantity\":1000000"),
        409,
        "insufficient_stock",
    ));
    table.push(place("0 expected".into(), with("/expected_total", "0"), 409, "total_mismatch"));
    let most = with("/expected_total", "9007199254740991");
    table.push(place("a fortune expected".into(), most, 409, "total_mismatch"));
    table
}

both! {
    async fn texts_of_the_wrong_type_are_refused(app: &TestApp) {
        all_are_refused(app, texts_of_other_types()).await;
    }

    async fn texts_and_numbers_out_of_range_are_refused(app: &TestApp) {
        all_are_refused(app, texts_out_of_range().into_iter().chain(numbers()).collect()).await;
    }

    async fn bodies_of_the_wrong_shape_are_refused(app: &TestApp) {
        let table = shapes().into_iter().chain(sizes()).chain(documents());
        all_are_refused(app, table.collect()).await;
    }

    async fn well_formed_orders_that_cannot_be_are_refused(app: &TestApp) {
        all_are_refused(app, what_the_shop_refuses()).await;
    }
}
