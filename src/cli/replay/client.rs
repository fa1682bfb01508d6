//! One order through the API: sent until its outcome is known.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{RequestBuilder, Response, Url};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::super::failure::Failure;
use super::orders::Order;
use crate::kernel::{Secret, Stopwatch, random_bytes};

/// How long one order is tried for in all, and how long a pending one is asked after.
const PATIENCE: Duration = Duration::from_secs(120);
const PENDING_PATIENCE: Duration = Duration::from_secs(90);
/// Longer than the server takes to answer 408 by itself.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(35);
const PAUSE_FIRST: Duration = Duration::from_millis(50);
const PAUSE_MOST: Duration = Duration::from_secs(5);
/// A server may ask for more patience, but not for any.
const RETRY_AFTER_MOST: Duration = Duration::from_secs(10);

/// Places orders; clones share their connections.
#[derive(Clone)]
pub(super) struct Client {
    http: reqwest::Client,
    orders: Url,
    api_key: Secret<String>,
}

/// What became of an order.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) reference: String,
    pub(super) key: String,
    pub(super) decline_wanted: bool,
    pub(super) outcome: Outcome,
    /// From the first sending to the final answer.
    pub(super) took: Duration,
    /// How often it was sent again because the answer was not a final one.
    pub(super) retries: u64,
    /// Whether it was pending for a while (202).
    pub(super) was_pending: bool,
}

/// How it ended.
#[derive(Debug)]
pub(super) enum Outcome {
    /// With an answer that counts for ever.
    Final(FinalAnswer),
    /// Without one: what was seen last.
    Unknown(String),
}

/// A final answer.
#[derive(Debug)]
pub(super) struct FinalAnswer {
    pub(super) status: u16,
    /// The stable code of a refusal.
    pub(super) code: Option<String>,
    pub(super) order_id: Option<String>,
    pub(super) total: Option<i64>,
    /// SHA-256 of the answer's body.
    pub(super) body_sha256: String,
    /// Whether it was the saved answer of an earlier request.
    pub(super) replayed: bool,
}

/// What an answer says, an order or a problem.
#[derive(Deserialize, Default)]
struct Document {
    id: Option<String>,
    order_id: Option<String>,
    total: Option<i64>,
    code: Option<String>,
}

/// What to make of one attempt.
enum Attempt {
    Final(FinalAnswer),
    Pending { retry_after: Duration },
    Again { seen: String, retry_after: Duration },
}

impl Client {
    pub(super) fn new(url: &str, api_key: Secret<String>) -> Result<Self, Failure> {
        let orders = Url::parse(url)
            .and_then(|url| url.join("/v1/orders"))
            .map_err(|reason| Failure::usage(format!("--url {url}: {reason}")))?;
        if orders.scheme() != "http" {
            return Err(Failure::usage("--url must begin with http://"));
        }
        let http = reqwest::Client::builder().timeout(REQUEST_TIMEOUT).no_proxy().build()?;
        Ok(Self { http, orders, api_key })
    }

    /// Sends the order, again and again with the same key and body, until the answer is final.
    pub(super) async fn place(self, order: Order) -> Answer {
        let took = Stopwatch::start();
        let mut retries = 0;
        let mut pending_since: Option<Stopwatch> = None;
        let outcome = loop {
            let (seen, pause) = match attempt(self.request(&order)).await {
                Attempt::Final(answer) => break Outcome::Final(answer),
                Attempt::Pending { retry_after } => {
                    pending_since.get_or_insert_with(Stopwatch::start);
                    ("still pending".to_owned(), retry_after + jitter(0))
                }
                Attempt::Again { seen, retry_after } => {
                    let pause = retry_after + jitter(retries);
                    retries += 1;
                    (seen, pause)
                }
            };
            let pending = pending_since.map(|since| since.elapsed()).unwrap_or_default();
            if took.elapsed() + pause > PATIENCE || pending + pause > PENDING_PATIENCE {
                break Outcome::Unknown(seen);
            }
            tokio::time::sleep(pause).await;
        };
        let Order { reference, key, decline_wanted, .. } = order;
        let (took, was_pending) = (took.elapsed(), pending_since.is_some());
        Answer { reference, key, decline_wanted, outcome, took, retries, was_pending }
    }

    fn request(&self, order: &Order) -> RequestBuilder {
        self.http
            .post(self.orders.clone())
            .bearer_auth(self.api_key.expose())
            .header("idempotency-key", &order.key)
            .header(CONTENT_TYPE, "application/json")
            .body(order.body.clone())
    }
}

async fn attempt(request: RequestBuilder) -> Attempt {
    let again = |failure: reqwest::Error| Attempt::Again {
        seen: failure.to_string(),
        retry_after: Duration::ZERO,
    };
    let response = match request.send().await {
        Ok(response) => response,
        Err(failure) => return again(failure),
    };
    let status = response.status().as_u16();
    let retry_after = retry_after(&response);
    let replayed = response.headers().contains_key("idempotency-replayed");
    let body = match response.bytes().await {
        Ok(body) => body,
        Err(failure) => return again(failure),
    };
    let document: Document = serde_json::from_slice(&body).unwrap_or_default();
    let in_use = document.code.as_deref() == Some("idempotency_key_in_use");
    match status {
        202 => Attempt::Pending { retry_after },
        408 | 429 | 500 | 502 | 503 | 504 => again_after(status, document.code, retry_after),
        409 if in_use => again_after(status, document.code, retry_after),
        _ => Attempt::Final(FinalAnswer {
            status,
            code: document.code,
            order_id: document.order_id.or(document.id),
            total: document.total,
            body_sha256: hex::encode(Sha256::digest(&body)),
            replayed,
        }),
    }
}

fn again_after(status: u16, code: Option<String>, retry_after: Duration) -> Attempt {
    let seen = format!("{status} {}", code.unwrap_or_default());
    Attempt::Again { seen, retry_after }
}

fn retry_after(response: &Response) -> Duration {
    let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let seconds = seconds.and_then(|text| text.parse().ok()).unwrap_or_default();
    Duration::from_secs(seconds).min(RETRY_AFTER_MOST)
}

/// Full jitter: anything up to a pause that doubles with every retry.
fn jitter(retries: u64) -> Duration {
    let doublings = u32::try_from(retries.min(7)).unwrap_or_default();
    let most = (PAUSE_FIRST * 2_u32.pow(doublings)).min(PAUSE_MOST);
    let most = u64::try_from(most.as_micros()).unwrap_or(u64::MAX);
    Duration::from_micros(u64::from_le_bytes(random_bytes()) % most)
}
