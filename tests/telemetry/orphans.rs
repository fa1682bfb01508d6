//! No orphans: a thousand requests of every kind, many at once, some hung up, some in the trace of
//! a trusted peer; each is one trace, whole.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::time::Duration;

use docket::kernel::Stopwatch;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::buyer::{Buyer, card, order_of};
use crate::caller::{Caller, HangUp, Heard, hear, new_parent, one_after_the_other};
use crate::collectors::{Manner, Sink, over_http};
use crate::log_lines::lines_saying;
use crate::process::{Home, on_both};
use crate::whole_traces::{Known, attribute, by_trace, faults, settled};

const REQUESTS: usize = 1_000;
const AT_ONCE: usize = 16;
/// The kinds of requests come round after so many.
const ROUND: usize = 25;
const SETTLED_MOST: Duration = Duration::from_secs(20);

/// A shop with what happened in it so far, for requests that go on from there.
struct Shop {
    caller: Caller,
    known: Mutex<Vec<Known>>,
    /// Placed orders by their bodies: money taken, and money held.
    taken: Mutex<Vec<Value>>,
    held: Mutex<Vec<Value>>,
    /// Orders that the gateway left open.
    open: Mutex<BTreeSet<String>>,
    hung_up: Mutex<Vec<String>>,
}

fn payment_path(order: &Value, action: &str) -> String {
    format!("/v1/payments/{}/{action}", order["payments"][0]["id"].as_str().unwrap())
}

impl Shop {
    fn new(caller: Caller) -> Self {
        Self {
            caller,
            known: Mutex::default(),
            taken: Mutex::default(),
            held: Mutex::default(),
            open: Mutex::default(),
            hung_up: Mutex::default(),
        }
    }

    /// Sends the request, every fourth round in a trace of a trusted peer's own.
    async fn send(&self, number: usize, request: RequestBuilder) -> Heard {
        let (request, parent) = match number / ROUND % 4 {
            0 => {
                let (header, trace_id, span_id) = new_parent("01");
                (request.header("traceparent", header), Some((trace_id, span_id)))
            }
            _ => (request, None),
        };
        let heard = hear(request).await.expect("an answer");
        let parent = parent.map(|(trace_id, span_id)| {
            assert_eq!(heard.trace_id, trace_id);
            span_id
        });
        let (trace_id, status) = (heard.trace_id.clone(), heard.status);
        self.known.lock().unwrap().push(Known { trace_id, status, parent });
        heard
    }

    fn order(&self, number: usize, quantity: i64, payment: Value) -> RequestBuilder {
        self.caller.post("/v1/orders", &body(number, quantity, payment))
    }

    async fn place(&self, number: usize) {
        let heard = self.send(number, self.order(number, 1, card("tok_visa"))).await;
        assert_eq!(heard.status, 201, "{heard:?}");
        self.taken.lock().unwrap().push(heard.body);
    }

    async fn hold(&self, number: usize) {
        let payment = json!({ "method": "card", "token": "tok_visa", "capture": "manual" });
        let heard = self.send(number, self.order(number, 1, payment)).await;
        assert_eq!(heard.status, 201, "{heard:?}");
        self.held.lock().unwrap().push(heard.body);
    }

    async fn leave_open(&self, number: usize) {
        let heard = self.send(number, self.order(number, 1, card("tok_timeout"))).await;
        assert_eq!(heard.status, 202, "{heard:?}");
        self.open.lock().unwrap().insert(heard.trace_id);
    }

    /// A request about an order of one of these lists; a new order while there is none.
    async fn about(
        &self,
        number: usize,
        orders: &Mutex<Vec<Value>>,
        request: impl Fn(&Value) -> RequestBuilder,
    ) {
        let order = orders.lock().unwrap().pop();
        match order {
            Some(order) => {
                let heard = self.send(number, request(&order)).await;
                assert!(heard.status < 300, "{heard:?}");
            }
            None => self.place(number).await,
        }
    }

    /// The same key three times, twice at once.
    async fn replay(&self, number: usize) {
        let request = self.order(number, 1, card("tok_visa"));
        let again = || self.send(number, request.try_clone().unwrap());
        let (first, second) = tokio::join!(again(), again());
        let statuses = [first.status, second.status, again().await.status];
        assert!(statuses.contains(&201), "{statuses:?}");
    }

    /// Half a request, or one that is hung up while the gateway or the server is at work.
    async fn hang_up(&self, number: usize) {
        let id = format!("hung-up-{number}");
        let after = |millis| HangUp::After(Duration::from_millis(millis));
        let (token, at) = match number / ROUND % 4 {
            0 => ("tok_visa", HangUp::Half),
            1 => ("tok_timeout", after(100)),
            2 => ("tok_visa", after(1)),
            _ => ("tok_visa", after(3)),
        };
        self.caller.hang_up("/v1/orders", &id, &body(number, 1, card(token)), at).await;
        self.hung_up.lock().unwrap().push(id);
    }

    async fn ask(&self, number: usize) {
        let Self { caller, taken, held, .. } = self;
        let refund = |amount: Value| {
            move |order: &Value| caller.post(&payment_path(order, "refunds"), &amount)
        };
        let act = |action: &'static str| {
            move |order: &Value| caller.post(&payment_path(order, action), &json!({}))
        };
        let order_path = |order: &Value| format!("/v1/orders/{}", order["id"].as_str().unwrap());
        let send = |request: RequestBuilder| async { drop(self.send(number, request).await) };
        match number % ROUND {
            0..5 => self.place(number).await,
            5 | 6 => self.hold(number).await,
            7 => send(self.order(number, 1, card("tok_chargeDeclined"))).await,
            8 => send(self.order(number, 999_999, card("tok_visa"))).await,
            9 => self.leave_open(number).await,
            10 => self.about(number, taken, refund(json!({}))).await,
            11 => self.about(number, taken, refund(json!({ "amount": 7 }))).await,
            12 => self.about(number, held, act("capture")).await,
            13 => self.about(number, held, act("void")).await,
            14 => {
                let cancel = |order: &Value| {
                    caller.post(&format!("{}/cancel", order_path(order)), &json!({}))
                };
                self.about(number, taken, cancel).await;
            }
            15 => self.about(number, taken, |order| caller.get(&order_path(order))).await,
            16 => self.replay(number).await,
            17 => send(caller.get("/v1/orders?limit=5")).await,
            18 => {
                let delivery = json!({ "delta": 3, "reason": "delivery" });
                send(caller.post("/v1/inventory/tea/adjustments", &delivery)).await;
            }
            19 => send(caller.get("/v1/orders/0193abcd-0000-7000-8000-000000000000")).await,
            20 => send(caller.request(Method::PATCH, "/nowhere")).await,
            21 => send(caller.unauthenticated("/v1/orders")).await,
            22 => {
                let half = caller.request(Method::POST, "/v1/orders").body("{\"lines\": [");
                send(half.header("content-type", "application/json")).await;
            }
            23 => send(self.order(number, 1, json!({ "method": "manual" }))).await,
            _ => self.hang_up(number).await,
        }
    }

    /// Waits until every order that the gateway left open is settled and told of.
    async fn settled(&self, sink: &Sink) {
        let open = self.open.lock().unwrap().clone();
        assert!(open.len() >= REQUESTS / ROUND, "{} left open", open.len());
        let waited = Stopwatch::start();
        while !open.is_subset(&settled(&sink.otlp())) {
            assert!(waited.elapsed() < SETTLED_MOST, "settled: {:?}", settled(&sink.otlp()));
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn body(number: usize, quantity: i64, payment: Value) -> Value {
    order_of(&format!("order-{number}"), "tea", quantity, payment)
}

/// How many of the requests that were hung up came to be told of; none is told of twice.
fn hung_up_in(sink: &Sink, hung_up: &[String]) -> usize {
    let spans = sink.otlp();
    let roots = by_trace(&spans).into_values();
    let ids: Vec<String> = roots
        .flat_map(|spans| spans.into_iter().map(|span| attribute(span, "request_id")))
        .filter(|id| hung_up.contains(id))
        .collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    ids.len()
}

on_both! {
    async fn a_thousand_requests_are_whole_traces(home: Home) {
        let (collector, sink) = over_http(Manner::Well);
        let endpoint = format!("{collector}/v1/traces");
        let exporters = format!(r#"[{{ kind = "otlp_http", endpoint = "{endpoint}" }}]"#);
        let server = home.start(&[
            ("DOCKET_TRACES__EXPORTERS", &exporters),
            ("DOCKET_TRACES__SAMPLE_RATIO", "1.0"),
            ("DOCKET_TRACES__BATCH_DELAY_MS", "20"),
            ("DOCKET_TRACES__QUEUE_SPANS", "1000000"),
            ("DOCKET_TELEMETRY__TRUSTED_PEERS", r#"["127.0.0.1/32"]"#),
            ("DOCKET_PAYMENTS__GATEWAY_TIMEOUT_MS", "300"),
            ("DOCKET_SERVER__WORKERS", "2"),
            ("DOCKET_LOGS__FILTER", "info"),
        ]);
        Buyer::new().stock(&server.api, "tea", 349, 100_000).await;
        let shop = Shop::new(Caller::of(&server));
        let took = Stopwatch::start();
        one_after_the_other(0..REQUESTS, AT_ONCE, |number| shop.ask(number)).await;
        println!("{REQUESTS} requests in {:.1?}", took.elapsed());
        shop.settled(&sink).await;
        let counters = shop.caller.counted(|now| {
            let decided =
                now.sum("telemetry_spans_kept_total") + now.sum("telemetry_spans_unkept_total");
            now.sum("telemetry_pending_traces") == 0
                && now.sum("telemetry_spans_ended_total") == decided
        }).await;
        println!("settled after {:.1?}\n{}", took.elapsed(), counters.of_telemetry());
        for (metric, reason) in [
            ("telemetry_spans_unkept_total", "late"),
            ("telemetry_spans_unkept_total", "dropped"),
            ("telemetry_traces_cut_short_total", ""),
            ("telemetry_spans_dropped_total", ""),
            ("telemetry_spans_failed_total", ""),
        ] {
            assert_eq!(counters.of(metric, reason), 0, "{metric} {reason}");
        }
        server.stop();

        let (spans, known) = (sink.otlp(), shop.known.lock().unwrap());
        let found = faults(&spans, &known);
        assert!(found.is_empty(), "{} faults: {:#?}", found.len(), &found[..found.len().min(20)]);
        let told = hung_up_in(&sink, &shop.hung_up.lock().unwrap());
        let mut dropped = lines_saying(home.data.path(), "request");
        dropped.retain(|line| line["error.code"] == "client_closed");
        let (answers, dropped) = (known.len(), dropped.len());
        println!("{answers} answers, {told} hung up, {dropped} dropped, {} spans", spans.len());
        assert!(told > 0 && dropped > 0);
        let [account] = &lines_saying(home.data.path(), "an exporter has ended")[..] else {
            panic!("one exporter, one account")
        };
        assert_eq!(account["exported"], account["kept"]);
        assert_eq!(account["exported"], spans.len());
        home.is_sound();
    }
}
