//! Hostile requests: each is refused clearly, and the server goes on.

mod actions;
mod addresses;
mod bodies;
mod framing;
mod headers;
mod text;
mod time;

use crate::support::{Answer, KEY, TestApp, card, exchange, fresh_key, line};
use serde_json::{Value, json};

/// A request as bytes.
#[derive(Clone)]
struct Raw {
    line: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
    with_length: bool,
}

impl Raw {
    fn new(method: &str, target: &str) -> Self {
        let line = format!("{method} {target} HTTP/1.1");
        let mut raw = Self { line, headers: Vec::new(), body: Vec::new(), with_length: true };
        raw = raw.header("host", "docket.test").header("connection", "close");
        raw.header("authorization", format!("Bearer {KEY}"))
    }

    fn get(target: &str) -> Self {
        Self::new("GET", target)
    }

    /// A POST that lacks nothing but what a test takes away.
    fn post(target: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::new("POST", target).header("idempotency-key", fresh_key()).json(body)
    }

    fn put(target: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::new("PUT", target).json(body)
    }

    fn json(self, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        Self { body, ..self.header("content-type", "application/json") }
    }

    fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(other, _)| other != name);
        self
    }

    fn without_length(self) -> Self {
        Self { with_length: false, ..self }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.line.clone().into_bytes();
        for (name, value) in &self.headers {
            bytes.extend(format!("\r\n{name}: ").as_bytes());
            bytes.extend(value);
        }
        if self.with_length && !self.line.starts_with("GET") {
            bytes.extend(format!("\r\ncontent-length: {}", self.body.len()).as_bytes());
        }
        bytes.extend(b"\r\n\r\n");
        bytes.extend(&self.body);
        bytes
    }
}

/// A request with the refusal that it must get.
struct Hostile {
    what: String,
    raw: Raw,
    status: u16,
    code: &'static str,
}

fn hostile(what: impl Into<String>, raw: Raw, status: u16, code: &'static str) -> Hostile {
    Hostile { what: what.into(), raw, status, code }
}

/// Sends all of them; tells of every one that was not refused as it must be. Afterwards the server
/// still serves, and nothing has changed.
async fn all_are_refused(app: &TestApp, table: Vec<Hostile>) {
    app.product("tea", 500, 10).await;
    let mut wrong = Vec::new();
    for Hostile { what, raw, status, code } in table {
        let answer = exchange(app.address(), raw.bytes()).await;
        let fault = match answer {
            Some(answer) => fault(&answer, status, code),
            None => Some("no answer".into()),
        };
        wrong.extend(fault.map(|fault| format!("{what}: {fault}")));
    }
    assert!(wrong.is_empty(), "{} went wrong:\n{}", wrong.len(), wrong.join("\n"));
    app.owner().order(json!([line("tea", 1)]), card("tok_visa")).await;
    assert_eq!(app.stock("tea").await, (9, 0));
    let orders = app.owner().get("/v1/orders").await.expect(200);
    assert_eq!(orders["data"].as_array().unwrap().len(), 1, "a hostile request made an order");
    assert_eq!(app.findings().await, [""; 0]);
}

/// What is wrong with an answer that must be this refusal.
fn fault(answer: &Answer, status: u16, code: &str) -> Option<String> {
    let told = format!("{} {}", answer.status, answer.body);
    if answer.status != status {
        return Some(format!("not {status} {code} but {told}"));
    }
    if answer.header("content-type") != "application/problem+json" {
        return Some(format!("not a problem document: {told}"));
    }
    let problem: Value = serde_json::from_str(&answer.body).ok()?;
    let id = answer.header("x-request-id");
    let whole = problem["code"] == code
        && problem["status"] == status
        && problem["type"] == format!("urn:docket:problem:{code}")
        && problem["title"].as_str().is_some_and(|title| !title.is_empty())
        && problem["detail"].as_str().is_some_and(|detail| !detail.is_empty())
        && !id.is_empty()
        && problem["request_id"] == id
        && problem["trace_id"] == answer.header("x-trace-id")
        && problem["errors"].is_array();
    (!whole).then(|| format!("not a whole {code}: {told}"))
}
