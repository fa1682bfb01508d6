//! The page of metrics as scrapers get it: both formats from a server that has worked, read by
//! Prometheus' own tools.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/buyer.rs"]
mod buyer;
#[path = "support/metrics_tools.rs"]
mod metrics_tools;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "support/process.rs"]
mod process;

use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use buyer::{Buyer, card, order_of};
use docket::db::Dialect;
use docket::error::{Error, Refusal};
use docket::kernel::{Actor, Origin, Stopwatch};
use metrics_tools::{PROMETHEUS_ACCEPTS, StrictReader, complaints, has};
use process::{Home, Server, on_both};
use serde_json::json;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";
const PATIENCE: Duration = Duration::from_secs(20);

// Pages ------------------------------------------------------------------------------------------

struct Page {
    content_type: String,
    vary: String,
    encoding: Option<String>,
    body: Vec<u8>,
}

impl Page {
    /// The page as text, unpacked.
    fn text(&self) -> String {
        let mut text = String::new();
        match self.encoding.as_deref() {
            None => text = String::from_utf8(self.body.clone()).unwrap(),
            Some("gzip") => {
                let mut unpacked = flate2::read::GzDecoder::new(self.body.as_slice());
                unpacked.read_to_string(&mut text).unwrap();
            }
            Some(other) => panic!("packed as {other}"),
        }
        text
    }
}

async fn scrape(server: &Server, headers: &[(&str, &str)]) -> Page {
    let mut request = reqwest::Client::new().get(format!("{}/metrics", server.ops));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap().error_for_status().unwrap();
    let header = |name: &str| -> Option<String> {
        let all = response.headers().get_all(name);
        let all: Vec<&str> = all.iter().map(|value| value.to_str().unwrap()).collect();
        (!all.is_empty()).then(|| all.join(", "))
    };
    Page {
        content_type: header("content-type").unwrap(),
        vary: header("vary").unwrap_or_default(),
        encoding: header("content-encoding"),
        body: response.bytes().await.unwrap().to_vec(),
    }
}

/// The value of a series of the classic page.
#[track_caller]
fn value(page: &str, series: &str) -> f64 {
    let found = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    found.unwrap_or_else(|| panic!("no {series}")).parse().unwrap()
}

/// Scrapes until a series has a value.
async fn until(server: &Server, series: &str, wanted: f64) {
    let waited = Stopwatch::start();
    loop {
        let seen = value(&scrape(server, &[]).await.text(), series);
        if seen == wanted {
            return;
        }
        assert!(waited.elapsed() < PATIENCE, "{series} is {seen}, not {wanted}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A shop's morning: one of everything that the catalogue of metrics tells apart.
async fn work(server: &Server) {
    let (api, buyer) = (&server.api, Buyer::new());
    let place = async |key: &str, sku: &str, quantity: i64, payment| {
        let body = order_of(key, sku, quantity, payment);
        buyer.post(&format!("{api}/v1/orders"), key, &body).await.unwrap()
    };
    let act = async |payment: &str, what: &str, key: &str| {
        let url = format!("{api}/v1/payments/{payment}/{what}");
        buyer.post(&url, key, &json!({})).await.unwrap()
    };
    buyer.stock(api, "tea", 500, 10).await;
    let paid = place("paid", "tea", 2, card("tok_visa")).await.expect(201);
    assert!(place("paid", "tea", 2, card("tok_visa")).await.replayed);
    place("declined", "tea", 1, card("tok_chargeDeclined")).await.expect(402);
    place("too-many", "tea", 99, card("tok_visa")).await.expect(409);
    place("unknown", "coffee", 1, card("tok_visa")).await.expect(422);
    let manual = place("manual", "tea", 1, json!({ "method": "manual" })).await.expect(201);
    act(paid["payments"][0]["id"].as_str().unwrap(), "refunds", "refund").await.expect(201);
    act(manual["payments"][0]["id"].as_str().unwrap(), "capture", "capture").await.expect(200);
    let body = json!({ "delta": -1, "reason": "broken" });
    let url = format!("{api}/v1/inventory/tea/adjustments");
    buyer.post(&url, "loss", &body).await.unwrap().expect(201);
    assert!(buyer.post(&url, "loss", &body).await.unwrap().replayed);
}

/// A series of operations; labels stand in the order of their names.
macro_rules! operation {
    ($kind:literal, $method:literal, $result:literal) => {
        concat!(
            "payment_operations_total{kind=\"",
            $kind,
            "\",method=\"",
            $method,
            "\",result=\"",
            $result,
            "\"}"
        )
    };
}

on_both! {
    async fn everything_is_counted_once(home: Home) {
        let server = home.start(&[]);
        work(&server).await;
        let page = scrape(&server, &[]).await.text();
        for (series, wanted) in [
            ("orders_placed_total{outcome=\"placed\"}", 2.0),
            ("orders_placed_total{outcome=\"replayed\"}", 1.0),
            ("orders_placed_total{outcome=\"declined\"}", 1.0),
            ("orders_placed_total{outcome=\"out_of_stock\"}", 1.0),
            ("orders_placed_total{outcome=\"refused\"}", 1.0),
            ("orders_placed_total{outcome=\"pending\"}", 0.0),
            ("order_processing_duration_seconds_count{outcome=\"placed\"}", 2.0),
            ("stock_outs_total", 1.0),
            ("stock_adjustments_total{direction=\"increase\"}", 1.0),
            ("stock_adjustments_total{direction=\"decrease\"}", 1.0),
            ("payments_captured_minor_total{currency=\"USD\"}", 1_500.0),
            ("payments_refunded_minor_total{currency=\"USD\"}", 1_000.0),
            ("payments_captured_total{method=\"card\"}", 1.0),
            ("payments_captured_total{method=\"manual\"}", 1.0),
            ("payments_refunded_total{method=\"card\"}", 1.0),
            (operation!("authorize", "card", "approved"), 1.0),
            (operation!("authorize", "card", "declined"), 1.0),
            (operation!("refund", "card", "approved"), 1.0),
            (operation!("capture", "manual", "approved"), 1.0),
            ("payment_operation_duration_seconds_count{kind=\"authorize\"}", 2.0),
            ("http_server_active_requests", 0.0),
            ("db_pool_waiting{side=\"write\"}", 0.0),
            ("job_runs_total{result=\"failure\",task=\"settlement\"}", 0.0),
        ] {
            assert_eq!(value(&page, series), wanted, "{series}");
        }
        assert!(value(&page, "db_pool_size{side=\"read\"}") >= 1.0);
        assert!(value(&page, "job_last_success_timestamp_seconds{task=\"settlement\"}") > 1.7e9);
        server.stop();
    }

    async fn only_a_durable_change_is_counted_and_only_once(home: Home) {
        home.run(&["migrate"]);
        let (db, origin) = (home.database(), Origin::of(Actor::System));
        let counted = Arc::new(AtomicUsize::new(0));
        let count = |fails: fn(usize) -> Result<(), Error>| {
            let (counted, runs) = (Arc::clone(&counted), AtomicUsize::new(0));
            db.write(&origin, move |tx| {
                let counted = Arc::clone(&counted);
                tx.on_commit(move || {
                    counted.fetch_add(1, Ordering::SeqCst);
                });
                fails(runs.fetch_add(1, Ordering::SeqCst))
            })
        };
        let refused = count(|_run| Err(Refusal::not_found("change").into())).await;
        assert!(refused.is_err());
        assert_eq!(counted.load(Ordering::SeqCst), 0, "a change that was rolled back");
        count(|_run| Ok(())).await.unwrap();
        assert_eq!(counted.load(Ordering::SeqCst), 1, "before its caller is answered");
        let lost_twice = count(|run| match run {
            0 | 1 => Err(Error::Contention("planted".into())),
            _ => Ok(()),
        });
        // Only PostgreSQL runs a change again that lost a race.
        let committed = usize::from(lost_twice.await.is_ok());
        assert_eq!(committed, usize::from(db.dialect() == Dialect::Postgres));
        assert_eq!(counted.load(Ordering::SeqCst), 1 + committed);
        db.close().await;
    }

    async fn the_sealed_journal_catches_up_with_the_journal(home: Home) {
        let server = home.start(&[]);
        work(&server).await;
        until(&server, "journal_sealing_lag_seconds", 0.0).await;
        let page = scrape(&server, &[]).await.text();
        let sequence = value(&page, "journal_sequence");
        assert!(sequence > 5.0, "{sequence}");
        assert_eq!(value(&page, "journal_sealed_sequence"), sequence);
        server.stop();
    }

    async fn what_settlement_finds_out_is_counted_apart(home: Home) {
        let server = home.start(&[("DOCKET_PAYMENTS__GATEWAY_TIMEOUT_MS", "100")]);
        let (api, buyer) = (&server.api, Buyer::new());
        buyer.stock(api, "tea", 500, 10).await;
        let body = order_of("late", "tea", 1, card("tok_timeout"));
        buyer.post(&format!("{api}/v1/orders"), "late", &body).await.unwrap().expect(202);
        until(&server, "orders_settled_total{outcome=\"approved\"}", 1.0).await;
        let page = scrape(&server, &[]).await.text();
        assert_eq!(value(&page, "orders_placed_total{outcome=\"pending\"}"), 1.0);
        assert_eq!(value(&page, operation!("authorize", "card", "unknown")), 1.0);
        assert_eq!(value(&page, operation!("authorize", "card", "approved")), 1.0);
        assert_eq!(value(&page, "payments_captured_total{method=\"card\"}"), 1.0);
        assert_eq!(value(&page, "orders_settled_total{outcome=\"declined\"}"), 0.0);
        server.stop();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scraper_gets_the_format_that_it_asks_for() {
    let home = Home::on_sqlite();
    let server = home.start(&[]);
    for (accept, kind) in [
        (&[][..], TEXT),
        (&[("accept", "*/*")], TEXT),
        (&[("accept", "text/html,*/*;q=0.8")], TEXT),
        (&[("accept", PROMETHEUS_ACCEPTS)], OPEN_METRICS),
        (
            &[("accept", "text/plain;q=0.5"), ("accept", "application/openmetrics-text;q=0.6")],
            OPEN_METRICS,
        ),
    ] {
        let page = scrape(&server, accept).await;
        assert_eq!(page.content_type, kind, "{accept:?}");
        assert!(page.vary.to_lowercase().split(", ").any(|name| name == "accept"), "{}", page.vary);
        assert_eq!(page.text().ends_with("\n# EOF\n"), kind == OPEN_METRICS);
        assert_eq!(page.encoding, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_packed_for_who_can_unpack_it() {
    let home = Home::on_sqlite();
    let server = home.start(&[]);
    for (accept, kind) in [("*/*", TEXT), (PROMETHEUS_ACCEPTS, OPEN_METRICS)] {
        let page = scrape(&server, &[("accept", accept), ("accept-encoding", "gzip")]).await;
        assert_eq!((page.encoding.as_deref(), page.content_type.as_str()), (Some("gzip"), kind));
        let vary = page.vary.to_lowercase();
        for name in ["accept", "accept-encoding"] {
            assert!(vary.split(", ").any(|varies| varies == name), "{vary}");
        }
        let text = page.text();
        assert!(text.contains("http_server_active_requests"), "{text}");
        assert!(page.body.len() * 4 < text.len(), "{} of {}", page.body.len(), text.len());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_strict_reader_of_open_metrics_takes_the_page() {
    let Some(reader) = StrictReader::find() else { return };
    let home = Home::on_sqlite();
    let server = home.start(&[]);
    work(&server).await;
    let page = scrape(&server, &[("accept", PROMETHEUS_ACCEPTS)]).await.text();
    let (families, _) = reader.read(&page).unwrap_or_else(|wrong| panic!("{wrong}\n{page}"));
    assert_eq!(families, page.matches("# TYPE").count());
    assert!(families > 60, "{families}");
    // The reader sees what is wrong.
    let wrong = |page: String| reader.read(&page).unwrap_err();
    assert!(wrong(page.replace("# EOF\n", "")).contains("EOF"));
    assert!(wrong(page.replace("le=\"+Inf\"", "le=\"1e+99\"")).contains("+Inf"));
    wrong(page.replacen("orders_placed_total", "orders_placed", 1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promtool_has_nothing_to_say_against_the_classic_page() {
    if !has("promtool", &["--version"]) {
        return;
    }
    let home = Home::on_sqlite();
    let server = home.start(&[]);
    work(&server).await;
    let page = scrape(&server, &[]).await.text();
    assert_eq!(complaints(&page), "");
    let planted = page.replace("# TYPE stock_outs_total counter", "# TYPE stock_outs_total gauge");
    assert!(complaints(&planted).contains("stock_outs_total"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exemplar_names_the_trace_of_its_order() {
    let home = Home::on_sqlite();
    let server = home.start(&[]);
    let (api, buyer) = (&server.api, Buyer::new());
    buyer.stock(api, "tea", 500, 10).await;
    let body = order_of("declined", "tea", 1, card("tok_chargeDeclined"));
    let answer = buyer.post(&format!("{api}/v1/orders"), "declined", &body).await.unwrap();
    let trace = answer.expect(402)["trace_id"].as_str().unwrap().to_owned();
    let exemplar =
        format!("orders_placed_total{{outcome=\"declined\"}} 1.0 # {{trace_id=\"{trace}\"");
    let waited = Stopwatch::start();
    loop {
        let page = scrape(&server, &[("accept", PROMETHEUS_ACCEPTS)]).await.text();
        if page.contains(&exemplar) {
            break;
        }
        assert!(waited.elapsed() < PATIENCE, "no {exemplar} in\n{page}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    if let Some(reader) = StrictReader::find() {
        let page = scrape(&server, &[("accept", PROMETHEUS_ACCEPTS)]).await.text();
        let (_, exemplars) = reader.read(&page).unwrap_or_else(|wrong| panic!("{wrong}\n{page}"));
        assert!(exemplars > 0, "{page}");
    }
}
