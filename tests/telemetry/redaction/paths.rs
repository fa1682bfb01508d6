//! The ways by which a text from outside comes into the server: all of them, for one text.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use docket::db::{Dialect, Statement};
use docket::kernel::{Actor, Origin, Stopwatch};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::sinks::percent_encoded;
use crate::buyer::{Answer, card};
use crate::process::{Home, KEY, Server};

/// What nobody can know by its shape: it must not get as far as telemetry at all.
pub const PERSONAL: [&str; 3] = ["Wilhelmina Ostrowski", "17 Quince Alley", "Saltmarsh-on-Ouse"];

/// How long a trace may take to be remembered after its answer.
const REMEMBERED_MOST: Duration = Duration::from_secs(5);

/// Sends texts to a server, and keeps what it remembers of each request.
#[derive(Clone)]
pub struct Sender {
    http: reqwest::Client,
    api: String,
    ops: String,
    /// Traces that were not looked up yet.
    traces: Arc<Mutex<Vec<String>>>,
    remembered: Arc<Mutex<Vec<Value>>>,
}

impl Sender {
    pub fn to(server: &Server) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        Self {
            http,
            api: server.api.clone(),
            ops: server.ops.clone(),
            traces: Arc::default(),
            remembered: Arc::default(),
        }
    }

    /// What `GET /v1/telemetry/{id}` answered, for the trace of each request at least.
    pub fn remembered(&self) -> Vec<Value> {
        self.remembered.lock().unwrap().clone()
    }

    /// Sends a request whose headers hold the text as well, wherever headers can.
    async fn send(&self, method: &str, path: &str, text: &str, body: impl Into<Body>) -> Answer {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let base = if path == "/log-filter" { &self.ops } else { &self.api };
        let request = self.http.request(method, format!("{base}{path}"));
        let request = with_headers(request, text).bearer_auth(KEY);
        self.finish(match body.into() {
            Body::None => request,
            Body::Json(json) => request.body(json.to_string()),
            Body::Text(text) => request.body(text),
        })
        .await
    }

    async fn finish(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        // What is asked of the ops listener has no trace.
        if let Some(trace) = response.headers().get("x-trace-id") {
            self.traces.lock().unwrap().push(trace.to_str().unwrap().to_owned());
        }
        Answer { status, body: response.text().await.unwrap(), replayed: false, retry_after: None }
    }

    /// Soon after they ended: later there are more log files to search.
    async fn look_up_traces(&self) {
        let traces = std::mem::take(&mut *self.traces.lock().unwrap());
        for trace in traces {
            self.look_up(&trace, "traces").await;
        }
    }

    /// Waits until there is something of this kind about an id.
    pub async fn look_up(&self, id: &str, kind: &str) {
        let waited = Stopwatch::start();
        loop {
            let request = self.http.get(format!("{}/v1/telemetry/{id}", self.api));
            let view: Value = request.bearer_auth(KEY).send().await.unwrap().json().await.unwrap();
            if !view[kind].as_array().is_none_or(Vec::is_empty) {
                self.remembered.lock().unwrap().push(view);
                return;
            }
            assert!(waited.elapsed() < REMEMBERED_MOST, "{id} has no {kind}: {view}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    /// A text by way of everything that holds texts.
    pub async fn send_everywhere(&self, text: &str) {
        self.send_with_an_order(text).await;
        self.send_with_products(text).await;
        self.send_in_addresses(text).await;
        self.send_what_is_refused(text).await;
        self.send_into_trouble(text).await;
        self.send_credentials(text).await;
        self.look_up_traces().await;
    }

    /// A text in headers only.
    pub async fn send_in_headers(&self, text: &str) {
        self.send("GET", "/v1/orders?limit=1", text, ()).await.expect(200);
        self.look_up_traces().await;
    }

    /// An order whose request has this id, which is no secret.
    pub async fn send_openly(&self, request_id: &str) {
        let request = self.http.post(format!("{}/v1/orders", self.api)).bearer_auth(KEY);
        let request = request.header("x-request-id", request_id);
        let request = request.header("idempotency-key", request_id);
        let request = request.header("content-type", "application/json");
        self.finish(request.body(order("open").to_string())).await.expect(201);
    }

    async fn send_with_an_order(&self, text: &str) {
        let placed = self.send("POST", "/v1/orders", text, order(text)).await.expect(201);
        let order_path = format!("/v1/orders/{}", placed["id"].as_str().unwrap());
        let payment = placed["payments"][0]["id"].as_str().unwrap();
        let refunds = format!("/v1/payments/{payment}/refunds");
        let reason = |text: &str| json!({ "reason": one_line(text) });
        let refund = json!({ "amount": 1, "reason": one_line(text) });
        self.send("POST", &refunds, text, refund).await.expect(201);
        let units = json!([{ "line_id": placed["lines"][0]["id"], "quantity": 1 }]);
        let parcel = json!({ "lines": units, "tracking": one_line(text) });
        let fulfilments = format!("{order_path}/fulfilments");
        self.send("POST", &fulfilments, text, parcel).await.expect(201);
        let cancel = format!("{order_path}/cancel");
        self.send("POST", &cancel, text, reason(text)).await;
        let order_path = format!("{order_path}?{text}");
        assert_eq!(self.send("GET", &order_path, text, ()).await.status, 200);
    }

    async fn send_with_products(&self, text: &str) {
        let sku: String = one_line(text).chars().take(64).collect();
        let product = json!({ "name": one_line(text), "price": 100, "currency": "USD" });
        let path = format!("/v1/products/{}", percent_encoded(&sku));
        self.send("PUT", &path, text, product).await;
        self.send("GET", &path, text, ()).await;
        let stock = format!("/v1/inventory/{}/adjustments", percent_encoded(&sku));
        let delivery = json!({ "delta": 5, "reason": one_line(text) });
        self.send("POST", &stock, text, delivery).await;
        let mut unknown = order(text);
        let other_sku: String = format!("no {sku}").chars().take(64).collect();
        unknown["lines"][0]["sku"] = other_sku.into();
        assert_eq!(self.send("POST", "/v1/orders", text, unknown).await.status, 422);
    }

    async fn send_in_addresses(&self, text: &str) {
        let encoded = percent_encoded(text);
        for path in [
            format!("/v1/orders?reference={encoded}&customer={encoded}"),
            format!("/v1/orders?cursor={encoded}"),
            format!("/v1/products?q={encoded}"),
            format!("/v1/audit?subject={encoded}&actor={text}"),
            format!("/v1/orders/{encoded}?{encoded}"),
            format!("/v1/telemetry/{encoded}"),
            format!("/nowhere/{text}"),
        ] {
            // A client's library makes slashes of these.
            if !path.contains('\\') {
                self.send("GET", &path, text, ()).await;
            }
        }
        self.send("PURGE", &format!("/v1/orders/{encoded}"), text, ()).await;
    }

    async fn send_what_is_refused(&self, text: &str) {
        let mut nested = order(text);
        nested["metadata"]["deeper"] = json!({ "and": { "deeper": [text] } });
        let mut unknown = order(text);
        unknown[text] = json!({ text: text });
        let mut currency = order(text);
        currency["currency"] = text.into();
        let [mut token, mut other_token] = [order(text), order(text)];
        token["payment"] = card(text);
        other_token["payment"] = card(word(text));
        for wrong in [nested, unknown, currency, token, other_token] {
            assert_ne!(self.send("POST", "/v1/orders", text, wrong).await.status, 201);
        }
        let cut_off = format!("{{\"reference\": \"{text}");
        assert!(self.send("POST", "/v1/orders", text, cut_off).await.status >= 400);
        let filter = json!({ "filter": format!("info,{text}=debug"), "for_s": 1_000 });
        self.send("PUT", "/log-filter", text, filter).await;
        self.send("PUT", "/log-filter", text, text.to_owned()).await;
    }

    /// Errors of the database and of a gateway, and panics, with the text in their messages.
    async fn send_into_trouble(&self, text: &str) {
        for (trouble, status) in
            [("database", 500), ("gateway", 202), ("place.before_prepare", 500)]
        {
            let mut order = order(text);
            order["reference"] = format!("{trouble} {}", one_line(text)).into();
            let answer = self.send("POST", "/v1/orders", text, order).await;
            assert_eq!(answer.status, status, "{trouble}: {answer:?}");
        }
        let panics = format!("command.read\n{text}");
        assert_eq!(self.send("POST", "/v1/orders", text, panics).await.status, 500);
    }

    async fn send_credentials(&self, text: &str) {
        for value in [one_line(text), format!("Bearer {}", one_line(text))] {
            let request = self.http.get(format!("{}/v1/orders", self.api));
            let request = with_headers(request, text).header("authorization", value);
            assert_eq!(self.finish(request).await.status, 401);
        }
    }
}

/// What a request says.
enum Body {
    None,
    Json(Value),
    Text(String),
}

impl From<()> for Body {
    fn from((): ()) -> Self {
        Self::None
    }
}

impl From<Value> for Body {
    fn from(json: Value) -> Self {
        Self::Json(json)
    }
}

impl From<String> for Body {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

fn with_headers(request: RequestBuilder, text: &str) -> RequestBuilder {
    let line = one_line(text);
    let encoded = percent_encoded(&line);
    // Where these two mean something else the text can come in encoded only.
    let state = if line.contains([',', '=']) || !line.is_ascii() { &encoded } else { &line };
    let random = docket::kernel::random_bytes::<24>();
    let parent = format!("00-{}-{}-01", hex::encode(&random[..16]), hex::encode(&random[16..]));
    request
        .header("content-type", "application/json")
        .header("user-agent", line.as_bytes())
        .header("referer", line.as_bytes())
        .header("cookie", line.as_bytes())
        .header("x-request-id", word(text))
        .header("traceparent", parent)
        .header("tracestate", format!("shop={state},peer={encoded}"))
        .header("baggage", format!("user_id={encoded},other={encoded}"))
        .header("idempotency-key", encoded + &hex::encode(&random[..8]))
}

/// The word of a text that is a secret wherever it stands.
fn word(text: &str) -> &str {
    let of_word = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let known = |word: &&str| {
        let prefixes = ["dk_", "sk_test_", "tok_", "whsec_", "eyJ"];
        let is_number = word.len() >= 13 && word.bytes().all(|byte| byte.is_ascii_digit());
        is_number || prefixes.iter().any(|prefix| word.starts_with(prefix))
    };
    text.split(|c| !of_word(c)).map(|word| word.trim_end_matches('.')).find(known).unwrap_or("none")
}

/// Most of what a client sends has no line breaks in it.
fn one_line(text: &str) -> String {
    text.replace('\n', " ")
}

fn order(text: &str) -> Value {
    let [name, street, city] = PERSONAL;
    let text = one_line(text);
    json!({
        "reference": text,
        "customer": { "reference": text, "email": text, "name": name },
        "currency": "USD",
        "lines": [{ "sku": "tea", "quantity": 2 }],
        "payment": card("tok_visa"),
        "shipping_address": { "line1": street, "city": city, "note": text },
        "metadata": { "note": text, "nested": json!({ "a": { "b": [text] } }).to_string() },
    })
}

/// From now on the database fails, with the order's reference in its message, when that begins with
/// `database`; so does the gateway's record when it begins with `gateway`.
pub async fn make_trouble(home: &Home) {
    const WHOSE: &str = "(SELECT o.reference FROM orders o JOIN payments p ON p.order_id = o.id \
                         WHERE p.id = NEW.payment_reference)";
    let troubles = [("orders", "NEW.reference", "database"), (GATEWAY, WHOSE, "gateway")];
    let db = home.database();
    for (table, text, trouble) in troubles {
        let message = format!("'no room for ' || {text}");
        let when = format!("{text} LIKE '{trouble} %'");
        let statements = match db.dialect() {
            Dialect::Sqlite => vec![format!(
                "CREATE TRIGGER trouble_{table} BEFORE INSERT ON {table} WHEN {when} \
                 BEGIN SELECT RAISE(ABORT, {message}); END"
            )],
            Dialect::Postgres => vec![
                format!(
                    "CREATE FUNCTION trouble_{table}() RETURNS trigger LANGUAGE plpgsql AS $$ \
                     BEGIN IF {when} THEN RAISE EXCEPTION '%', {message}; END IF; \
                     RETURN NEW; END $$"
                ),
                format!(
                    "CREATE TRIGGER trouble BEFORE INSERT ON {table} FOR EACH ROW \
                     EXECUTE FUNCTION trouble_{table}()"
                ),
            ],
        };
        for statement in statements {
            let make = move |tx: &mut docket::db::WriteTx<'_>| {
                tx.execute(Statement::new(&statement)).map(drop)
            };
            db.write(&Origin::of(Actor::CommandLine), make).await.unwrap();
        }
    }
    db.close().await;
}

const GATEWAY: &str = "test_gateway_records";
