//! Secrets planted where they have been seen to slip into telemetry, and innocent texts that look
//! like them. Card numbers are of the public test ranges; nothing here opens anything.
#![allow(dead_code, reason = "not every test binary that includes this file needs all of it")]

/// A secret in a text that a line or a span could carry.
pub struct Planted {
    /// What is planted where.
    pub name: &'static str,
    /// What must be found nowhere afterwards.
    pub secret: &'static str,
    /// The text that carries it.
    pub text: &'static str,
}

/// One row per way in which a secret gets into telemetry.
const PLANTED: &[(&str, &str, &str)] = &[
    ("card", "4111111111111111", "charged 4111111111111111 once"),
    ("card with spaces", "4242 4242 4242 4242", "card 4242 4242 4242 4242, expires 12/30"),
    ("card with dashes", "5555-5555-5555-4444", "card:5555-5555-5555-4444"),
    ("card of 15 digits", "3782 822463 10005", "amex 3782 822463 10005"),
    ("card of 13 digits", "4222222222222", "old card 4222222222222."),
    ("card of 19 digits", "6304000000000000000", "maestro 6304000000000000000"),
    ("card after a number", "4000 0566 5566 5556", "order 1001 4000 0566 5566 5556"),
    ("card in a query", "5105105105105100", "GET /pay?c=5105105105105100&x=1 HTTP/1.1"),
    ("card, encoded", "4111+1111+1111+1111", "q=4111+1111+1111+1111&page=2"),
    ("card after an escape", "6011111111111117", r#"Body("card\n6011111111111117\n")"#),
    ("bearer", "q7Zx9abcDEF.123", "sent Authorization with Bearer q7Zx9abcDEF.123"),
    ("bearer, small letters", "abc123def456", "header was bearer abc123def456"),
    ("basic", "ZG9ja2V0OmRvY2tldA==", "used Basic ZG9ja2V0OmRvY2tldA== for it"),
    ("header", "dXNlcjpzZWNyZXQ", "authorization: Basic dXNlcjpzZWNyZXQ="),
    ("header of one word", "opensesame", "Authorization: Bearer opensesame"),
    ("cookie", "s3ss10n", "cookie: theme=dark; sid=s3ss10n; lang=de"),
    ("set-cookie", "n1c3try", "Set-Cookie: sid=n1c3try; HttpOnly"),
    ("header map", "xyz-987", r#"{"content-length": "5", "x-api-key": "xyz-987"}"#),
    ("header pairs", "plainword", r#"[("accept", "*/*"), ("x-auth-token", "plainword")]"#),
    ("jwt", "eyJzdWIiOiIxIn0", "got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmVk back"),
    ("docket's key", "dk_3nYk0aXw9Qz-8rT_1", "key dk_3nYk0aXw9Qz-8rT_1 is not known"),
    ("gateway's key", "sk_test_0123abcd", "stripe refused sk_test_0123abcd"),
    ("gateway's token", "tok_chargeDeclined", "token tok_chargeDeclined was declined"),
    ("webhook's secret", "whsec_9f8e7d6c", "verified by whsec_9f8e7d6c"),
    ("private key", "MC4CAQAwBQYDK2Vw", "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2Vw\n"),
    ("e-mail", "jane.doe@example.com", "no customer jane.doe@example.com found"),
    ("e-mail with a tag", "jane+shop@mail.example.co.uk", "<jane+shop@mail.example.co.uk>"),
    ("e-mail, encoded", "jane%40example.com", "/v1/customers?q=jane%40example.com"),
    ("e-mail beyond ASCII", "jürgen@bücher.example", "an jürgen@bücher.example"),
    ("query", "hunter2", "https://shop.example/login?user=jane&password=hunter2&next=/"),
    ("query, encoded", "hunter3", "/back?to=%2Flogin%3Fpassword%3Dhunter3%26user%3Djane"),
    ("form", "hunter4", "card%5Bnumber%5D=1&card[cvc]=hunter4"),
    ("JSON", "hunter5", r#"{"user":"jane","password":"hunter5","age":3}"#),
    ("JSON with blanks", "hunter 6", r#"{ "clientSecret" : "hunter 6" }"#),
    ("JSON in a string", "hunter7", r#"{"body":"{\"api_key\":\"hunter7\",\"n\":1}"}"#),
    ("JSON in a string twice", "hunter8", r#""{\"b\":\"{\\\"token\\\":\\\"hunter8\\\"}\"}""#),
    ("JSON with a number", "739184650273", r#"{"pin":739184650273}"#),
    ("JSON with a quote", "hun\\\"ter9", r#"{"secret":"hun\"ter9"}"#),
    ("JSON with an object", "hunter10", r#"{"credentials":{"user":"jane","p":"hunter10"}}"#),
    ("JSON, encoded", "hunter11", "q=%7B%22passphrase%22%3A%22hunter11%22%7D"),
    ("JSON cut off", "hunter12", r#"{"user":"jane","token":"hunter12 and then"#),
    ("Debug", "hunter13", r#"Login { user: "jane", password: "hunter13" }"#),
    ("Debug of an option", "hunter14", r#"Login { token: Some("hunter14"), n: 1 }"#),
    ("Debug of a struct", "hunter15", r#"Login { secret: Key { text: "hunter15" }, n: 1 }"#),
    ("TOML", "hunter16", "bootstrap_api_key = \"hunter16\""),
    ("connection string", "hunter17", "host=db user=docket password=hunter17 port=5432"),
    ("URL with a password", "hunter18", "cannot reach postgres://docket:hunter18@db/orders"),
    ("URL with a token", "ghtoken19", "fetching https://ghtoken19@example.com/repo"),
    ("database error", "hunter20", "Key (email)=(hunter20@example.org) already exists."),
    ("passphrase", "correct horse battery", "passphrase: correct horse battery"),
    ("address", "5 Main Street", "shipping_address: 5 Main Street"),
    ("after an escape", "hunter21", r#"Body("a=1\npan=hunter21\n")"#),
];

/// Texts that must come out as they went in.
pub const INNOCENT: &[&str] = &[
    "0193b5a1-4111-7111-8111-111111111111",
    "41111111-1111-4111-8111-411111111111",
    "order ORD-2026-000123 of 0193b5a1-7c5e-7d3a-9f40-6a1b2c3d4e5f is confirmed",
    "4bf92f3577b34da6a3ce929d0e0e4736",
    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "1795455552000001",
    "1795455552000000001 ns",
    "2026-11-23T17:39:12.000001Z",
    "2026-11-23 17:39:12 +0000 from 10.11.12.13:54321",
    "price 4999.99 USD, total 1234567890.12, rate 0.4111111111111111",
    "sku=APPLE-4111-XL quantity=3",
    "a4111111111111111",
    "4111111111111112",
    "41111111111111111111111111111111",
    "41111111111111111",
    "idempotency_key=order-7731-a",
    r#"{"token_count":3,"email_verified":true,"password":null,"cookie":""}"#,
    "password: None, secret: None",
    "Bearer token missing; basic auth is not offered; bearer challenge sent",
    "GET /v1/orders/{id} 200 in 3 ms",
    "docket::token::parse failed at src/identity/keys.rs:12:5",
    "serde@1.0.228, a@b, user@localhost, @media, 3 @ 4.50",
    "http://127.0.0.1:8080/v1/orders?cursor=eyJ0&limit=5",
    "https://example.com/a@b/c?d=e",
    "pk_orders violated; token_type=bearer; broken_tok_abc; dk_short",
    "connection refused (os error 111)",
    "naïve café — 日本語 ✓ 12 × 3",
    "-----BEGIN PUBLIC KEY-----",
    "/v1/products/caf%C3%A9%20%26%20cr%C3%A8me?q=50%25&cursor=eyJ0%3D%3D",
    "100% of 5 %d and %zz, %2",
    "[REDACTED] password=[REDACTED] Bearer [REDACTED]",
];

/// All planted secrets.
pub fn planted() -> Vec<Planted> {
    PLANTED.iter().map(|(name, secret, text)| Planted { name, secret, text }).collect()
}
