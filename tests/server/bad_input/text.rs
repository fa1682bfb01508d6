//! Text that would do harm where it is not treated as text: it is stored and shown unchanged.

use serde_json::json;

use crate::support::{TestApp, both, card, line, order_of};

const TEXTS: [&str; 12] = [
    "Robert'); DROP TABLE orders; --",
    "' OR '1'='1",
    "\" OR \"\"=\"",
    "<script>alert(1)</script>",
    "{{7*7}} ${7*7} #{7*7} <%= 7*7 %>",
    "%s%s%n %00 \\0 \\u0000",
    "../../etc/passwd",
    "$(reboot) `reboot` | reboot &",
    "=HYPERLINK(\"x\")",
    "مرحبا \u{202e}txet",
    "👩‍👩‍👧‍👦 e\u{301} \u{1f3f4}",
    "null",
];

both! {
    async fn hostile_text_is_stored_and_shown_unchanged(app: &TestApp) {
        app.product("tea", 500, 1_000).await;
        for text in TEXTS {
            let put = json!({ "name": text, "price": 500, "currency": "USD", "brand": text });
            app.owner().put("/v1/products/tea", &put).await.expect(200);
            let mut body = order_of(json!([line("tea", 1)]), card("tok_visa"));
            body["reference"] = json!(text);
            body["customer"]["reference"] = json!(text);
            body["metadata"] = json!({ text: text });
            let answer = app.owner().post("/v1/orders", &body).await;
            let order = answer.expect(201);
            let read = app.owner().get(answer.header("location")).await.expect(200);
            assert_eq!(read, order);
            assert_eq!(order["reference"], text);
            assert_eq!(order["customer"]["reference"], text);
            assert_eq!(order["metadata"][text], text);
            assert_eq!(order["lines"][0]["name"], text);

            let query = serde_urlencoded::to_string([("customer", text), ("reference", text)]).unwrap();
            let found = app.owner().get(&format!("/v1/orders?{query}")).await.expect(200);
            assert_eq!(found["data"], json!([order]), "{text}");
            let query = serde_urlencoded::to_string([("q", text)]).unwrap();
            let found = app.owner().get(&format!("/v1/products?{query}")).await.expect(200);
            assert_eq!(found["data"][0]["name"], text);
            let query = serde_urlencoded::to_string([("subject", text), ("actor", text)]).unwrap();
            let found = app.owner().get(&format!("/v1/audit?{query}")).await.expect(200);
            assert_eq!(found["data"], json!([]));

            let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
            let parcel = json!({ "tracking": text });
            let sent = app.owner().post(&format!("{path}/fulfilments"), &parcel).await;
            assert_eq!(sent.expect(201)["fulfilments"][0]["tracking"], text);
            let adjust = json!({ "delta": 1, "reason": text });
            let adjusted = app.owner().post("/v1/inventory/tea/adjustments", &adjust).await;
            assert_eq!(adjusted.expect(201)["reason"], text);
            let refund = json!({ "amount": 1, "reason": text });
            let payment = order["payments"][0]["id"].as_str().unwrap();
            let refunded = app.owner().post(&format!("/v1/payments/{payment}/refunds"), &refund).await;
            assert_eq!(refunded.expect(201)["reason"], text);
        }
    }
}
