//! A client that outlives its servers: a lost request is an outcome, not a failure.
#![allow(dead_code, reason = "not every test binary that includes this file needs all of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::time::Duration;

use docket::kernel::Stopwatch;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::process::KEY;

/// How long a request is sent again until its answer is final.
const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(50);

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: String,
    /// Whether it was the saved answer of an earlier request.
    pub replayed: bool,
    /// When to try again, in seconds.
    pub retry_after: Option<u64>,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// The body, when the status is the expected one.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        self.json()
    }

    /// The order that an answer to placing one is about.
    #[track_caller]
    pub fn order_id(&self) -> String {
        let member = if self.status == 402 { "order_id" } else { "id" };
        self.json()[member].as_str().unwrap().to_owned()
    }

    /// Whether the same request may come to another answer: pending, too early, or the server has
    /// no time.
    pub fn is_passing(&self) -> bool {
        let in_use = self.status == 409 && self.json()["code"] == "idempotency_key_in_use";
        matches!(self.status, 202 | 408 | 429 | 503) || in_use
    }
}

/// Buys, and everything else.
#[derive(Clone)]
pub struct Buyer {
    http: reqwest::Client,
}

impl Buyer {
    pub fn new() -> Self {
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).no_proxy();
        Self { http: http.build().unwrap() }
    }

    /// The answer, or nothing when it did not come whole.
    pub async fn post(&self, url: &str, key: &str, body: &Value) -> Option<Answer> {
        let request = self.http.post(url).header("idempotency-key", key);
        self.send(request.header("content-type", "application/json").body(body.to_string())).await
    }

    pub async fn get(&self, url: &str) -> Option<Answer> {
        self.send(self.http.get(url)).await
    }

    async fn send(&self, request: RequestBuilder) -> Option<Answer> {
        let response = request.bearer_auth(KEY).send().await.ok()?;
        let status = response.status().as_u16();
        let replayed = response.headers().contains_key("idempotency-replayed");
        let retry_after = response.headers().get("retry-after");
        let retry_after = retry_after.map(|value| value.to_str().unwrap().parse().unwrap());
        Some(Answer { status, body: response.text().await.ok()?, replayed, retry_after })
    }

    /// Sends the same request again until its answer is final.
    pub async fn post_until_final(&self, url: &str, key: &str, body: &Value) -> Answer {
        let waited = Stopwatch::start();
        loop {
            let answer = self.post(url, key, body).await;
            match answer {
                Some(answer) if !answer.is_passing() => return answer,
                seen => assert!(waited.elapsed() < PATIENCE, "{url} with {key}: {seen:?}"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Puts a product with stock on the shelf.
    pub async fn stock(&self, api: &str, sku: &str, price: i64, stock: i64) {
        let body = json!({ "name": format!("Product {sku}"), "price": price, "currency": "USD" });
        let put = self.http.put(format!("{api}/v1/products/{sku}"));
        let put = put.header("content-type", "application/json").body(body.to_string());
        self.send(put).await.unwrap().expect(201);
        let body = json!({ "delta": stock, "reason": "delivery" });
        let url = format!("{api}/v1/inventory/{sku}/adjustments");
        self.post(&url, &format!("delivery-of-{sku}"), &body).await.unwrap().expect(201);
    }
}

/// The body of an order of one line; its reference is its key.
pub fn order_of(reference: &str, sku: &str, quantity: i64, payment: Value) -> Value {
    json!({
        "reference": reference,
        "customer": { "reference": "household-1" },
        "currency": "USD",
        "lines": [{ "sku": sku, "quantity": quantity }],
        "payment": payment,
    })
}

pub fn card(token: &str) -> Value {
    json!({ "method": "card", "token": token })
}
