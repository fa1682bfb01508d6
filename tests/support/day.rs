//! A day of orders, in a moment: each kind of outcome once.
//!
//! Included with `#[path = "support/day.rs"] mod day;` beside `mod buyer`.

use serde_json::{Value, json};

use crate::buyer::{Answer, Buyer, card, order_of};

/// A shop that is open, and sells one thing.
pub struct Day<'a> {
    pub buyer: &'a Buyer,
    pub api: &'a str,
    /// No other day has it.
    pub sku: &'a str,
}

impl Day<'_> {
    /// Everything that happens on it.
    pub async fn pass(&self) {
        self.buyer.stock(self.api, self.sku, 500, 100).await;
        self.place("placed", 2, card("tok_visa")).await.expect(201);
        assert!(self.place("placed", 2, card("tok_visa")).await.replayed);
        self.place("declined", 1, card("tok_chargeDeclined")).await.expect(402);
        self.place("out-of-stock", 1_000, card("tok_visa")).await.expect(409);
        self.place("refused", -1, card("tok_visa")).await.expect(422);
        self.place("timed-out", 1, card("tok_timeout")).await.expect(202);
        self.settled("timed-out").await;
        self.give_money_back().await;
        self.cancel().await;
        let path = format!("/v1/inventory/{}/adjustments", self.sku);
        self.post(&path, json!({ "delta": -3, "reason": "broken" })).await.expect(201);
        self.pay_by_invoice().await;
        self.buyer.get(&format!("{}/v1/orders", self.api)).await.unwrap().expect(200);
    }

    fn order(&self, key: &str, quantity: i64, payment: Value) -> (String, Value) {
        let key = format!("{}-{key}", self.sku);
        let body = order_of(&key, self.sku, quantity, payment);
        (key, body)
    }

    async fn place(&self, key: &str, quantity: i64, payment: Value) -> Answer {
        let (key, body) = self.order(key, quantity, payment);
        self.buyer.post(&format!("{}/v1/orders", self.api), &key, &body).await.unwrap()
    }

    /// The path is the key: nothing is asked for twice.
    async fn post(&self, path: &str, body: Value) -> Answer {
        self.buyer.post(&format!("{}{path}", self.api), &key_of(path), &body).await.unwrap()
    }

    async fn settled(&self, key: &str) {
        let (key, body) = self.order(key, 1, card("tok_timeout"));
        let url = format!("{}/v1/orders", self.api);
        self.buyer.post_until_final(&url, &key, &body).await.expect(201);
    }

    async fn give_money_back(&self) {
        let order = self.place("to-refund", 1, card("tok_visa")).await.expect(201);
        let path = format!("/v1/payments/{}/refunds", payment_of(&order));
        self.post(&path, json!({ "amount": 200 })).await.expect(201);
    }

    async fn cancel(&self) {
        let order = self.place("to-cancel", 1, card("tok_visa")).await.expect(201);
        let path = format!("/v1/orders/{}/cancel", order["id"].as_str().unwrap());
        self.post(&path, json!({})).await.expect(200);
    }

    async fn pay_by_invoice(&self) {
        let order = self.place("invoice", 1, json!({ "method": "manual" })).await.expect(201);
        let path = format!("/v1/payments/{}/capture", payment_of(&order));
        self.post(&path, json!({})).await.expect(200);
    }
}

fn payment_of(order: &Value) -> &str {
    order["payments"][0]["id"].as_str().unwrap()
}

fn key_of(path: &str) -> String {
    path.replace('/', "-")
}
