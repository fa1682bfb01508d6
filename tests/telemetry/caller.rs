//! Requests with headers of their own, what their answers say of them, and what the server counts.

#![allow(dead_code, reason = "not everybody who includes this file needs all of it")]

use std::future::Future;
use std::time::Duration;

use docket::kernel::{Stopwatch, random_bytes};
use futures_util::{StreamExt, stream};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::process::{KEY, Server};

const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(10);

/// An answer, and the ids under which it is told of.
#[derive(Debug, Clone)]
pub struct Heard {
    pub status: u16,
    pub trace_id: String,
    pub request_id: String,
    pub body: Value,
}

/// When a client goes away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HangUp {
    Half,
    After(Duration),
}

/// Calls one server.
#[derive(Clone)]
pub struct Caller {
    http: reqwest::Client,
    api: String,
    ops: String,
}

impl Caller {
    pub fn of(server: &Server) -> Self {
        let http = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().unwrap();
        Self { http, api: server.api.clone(), ops: server.ops.clone() }
    }

    /// A request with a key of the API and, when it changes something, an idempotency key.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let changes = method == Method::POST;
        let request = self.http.request(method, format!("{}{path}", self.api)).bearer_auth(KEY);
        match changes {
            true => request.header("idempotency-key", hex::encode(random_bytes::<12>())),
            false => request,
        }
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        self.request(Method::POST, path).json(body)
    }

    /// A request of nobody.
    pub fn unauthenticated(&self, path: &str) -> RequestBuilder {
        self.http.get(format!("{}{path}", self.api))
    }

    /// Sends a POST and hangs up: at half of its body (FIN), or else after a while, at which the
    /// server drops what handles it (RST).
    pub async fn hang_up(&self, path: &str, id: &str, body: &Value, at: HangUp) {
        let body = body.to_string();
        let host = self.api.strip_prefix("http://").unwrap();
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {KEY}\r\n\
             x-request-id: {id}\r\nidempotency-key: {id}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            body.len(),
        );
        let mut connection = TcpStream::connect(host).await.unwrap();
        let (body, wait) = match at {
            HangUp::Half => (&body[..body.len() / 2], Duration::ZERO),
            HangUp::After(wait) => (&body[..], wait),
        };
        connection.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
        if at != HangUp::Half {
            tokio::time::sleep(wait).await;
            connection.set_zero_linger().unwrap();
        }
    }

    /// What the server counts now.
    pub async fn counters(&self) -> Counters {
        let page = self.http.get(format!("{}/metrics", self.ops)).header("accept", "text/plain");
        Counters(page.send().await.unwrap().text().await.unwrap())
    }

    /// What the server says about itself.
    pub async fn readiness(&self) -> Value {
        self.http.get(format!("{}/readyz", self.ops)).send().await.unwrap().json().await.unwrap()
    }

    /// Asks for what is known of an id until that is the awaited.
    pub async fn told_of(&self, id: &str, awaited: impl Fn(&Value) -> bool) -> Value {
        let waited = Stopwatch::start();
        loop {
            let heard = hear(self.get(&format!("/v1/telemetry/{id}"))).await.unwrap();
            if heard.status == 200 && awaited(&heard.body) {
                return heard.body;
            }
            assert!(waited.elapsed() < PATIENCE, "{id}: {heard:?}");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Reads the counters until they are the awaited.
    pub async fn counted(&self, awaited: impl Fn(&Counters) -> bool) -> Counters {
        let waited = Stopwatch::start();
        loop {
            let counters = self.counters().await;
            if awaited(&counters) {
                return counters;
            }
            assert!(waited.elapsed() < PATIENCE, "{}", counters.of_telemetry());
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// The answer to a request, or nothing when it did not come whole.
pub async fn hear(request: RequestBuilder) -> Option<Heard> {
    let response = request.send().await.ok()?;
    let header = |name: &str| {
        let value = response.headers().get(name).unwrap_or_else(|| panic!("no {name}"));
        value.to_str().unwrap().to_owned()
    };
    let (trace_id, request_id) = (header("x-trace-id"), header("x-request-id"));
    let status = response.status().as_u16();
    let body = response.text().await.ok()?;
    let body = serde_json::from_str(&body).unwrap_or_default();
    Some(Heard { status, trace_id, request_id, body })
}

/// A `traceparent` that nobody has used, and the ids in it.
pub fn new_parent(flags: &str) -> (String, String, String) {
    let trace_id = hex::encode(random_bytes::<16>());
    let span_id = hex::encode(random_bytes::<8>());
    (format!("00-{trace_id}-{span_id}-{flags}"), trace_id, span_id)
}

/// Does the numbered things, `at_once` at a time, while there are more.
pub async fn one_after_the_other<Done: Future<Output = ()>>(
    numbers: impl Iterator<Item = usize>,
    at_once: usize,
    act: impl Fn(usize) -> Done,
) {
    stream::iter(numbers).for_each_concurrent(at_once, act).await;
}

/// A page of metrics.
pub struct Counters(String);

impl Counters {
    /// The sum of the series of a metric whose labels contain this text.
    pub fn of(&self, metric: &str, label: &str) -> u64 {
        let series = self.0.lines().filter_map(|line| line.strip_prefix(metric));
        let series = series.filter(|rest| rest.starts_with(['{', ' ']) && rest.contains(label));
        let number = |rest: &str| rest.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counted")]
        let whole = series.map(number).sum::<f64>() as u64;
        whole
    }

    pub fn sum(&self, metric: &str) -> u64 {
        self.of(metric, "")
    }

    pub fn of_telemetry(&self) -> String {
        let ours = self.0.lines().filter(|line| line.starts_with("telemetry_"));
        ours.collect::<Vec<_>>().join("\n")
    }
}
