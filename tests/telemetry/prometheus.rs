//! A real Prometheus with the configuration that `ops/` ships: every dot that it stores leads to a
//! trace that was kept.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::pin::pin;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use docket::kernel::Stopwatch;
use futures_util::future::join_all;
use reqwest::Url;
use serde_json::Value;
use tempfile::TempDir;

use crate::buyer::Buyer;
use crate::collectors::{Manner, Sink, over_http};
use crate::day::Day;
use crate::metrics_tools::{PROMETHEUS_ACCEPTS, StrictReader, complaints, has};
use crate::process::{Home, Server};

const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(300);

/// The series that have dots.
const DOTTED: [&str; 5] = [
    "db_wait_duration_seconds_bucket",
    "http_server_request_duration_seconds_bucket",
    "order_processing_duration_seconds_bucket",
    "orders_placed_total",
    "payment_operation_duration_seconds_bucket",
];

/// Shops that are open at the same time, and the days that pass in each: about ten orders a day.
const SHOPS: usize = 8;
const DAYS: usize = 2;

/// Pages that Prometheus takes at least while they pass.
const SCRAPES: f64 = 3.0;

// Prometheus -------------------------------------------------------------------------------

/// A Prometheus that scrapes one docket every second, until it is dropped.
struct Prometheus {
    process: Child,
    address: String,
    _files: TempDir,
}

impl Prometheus {
    fn start(ops: &str) -> Self {
        let files = tempfile::tempdir().unwrap();
        for name in ["recording.yml", "alerts.yml"] {
            std::fs::copy(shipped(name), files.path().join(name)).unwrap();
        }
        std::fs::write(files.path().join("prometheus.yml"), configuration(ops)).unwrap();
        let mut process = Command::new("prometheus")
            .args(["--config.file=prometheus.yml", "--storage.tsdb.path=data"])
            .args(["--enable-feature=exemplar-storage", "--web.listen-address=127.0.0.1:0"])
            .current_dir(files.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(process.stderr.take().unwrap());
        Self { address: address_in(log), process, _files: files }
    }

    /// What it answers to a question.
    async fn ask(&self, path: &str, parameters: &[(&str, &str)]) -> Value {
        let url = format!("http://{}/api/v1/{path}", self.address);
        let url = Url::parse_with_params(&url, parameters).unwrap();
        let waited = Stopwatch::start();
        loop {
            match Buyer::new().get(url.as_str()).await {
                Some(answer) if answer.status == 200 => return answer.json()["data"].clone(),
                // It listens before it is ready.
                seen => assert!(waited.elapsed() < PATIENCE, "{url}: {seen:?}"),
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The value of an expression, when there is one.
    async fn value(&self, expression: &str) -> Option<f64> {
        let answer = self.ask("query", &[("query", expression)]).await;
        answer["result"][0]["value"][1].as_str().map(|value| value.parse().unwrap())
    }

    /// Waits for the first scrape: it looks for its targets after 5 s only.
    async fn begins(&self) {
        let waited = Stopwatch::start();
        while self.value("up").await.is_none() {
            assert!(waited.elapsed() < PATIENCE, "{}", self.ask("targets", &[]).await);
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Everything that it stored, once each series that has dots has one.
    async fn exemplars(&self) -> Vec<Exemplar> {
        let waited = Stopwatch::start();
        loop {
            let stored = self.ask("query_exemplars", &[("query", "{job=\"docket\"}")]).await;
            let stored = stored.as_array().unwrap().iter();
            let found: Vec<Exemplar> = stored.flat_map(Exemplar::of_series).collect();
            let series: BTreeSet<&str> = found.iter().map(|it| it.series.as_str()).collect();
            if series == DOTTED.into() {
                return found;
            }
            assert!(waited.elapsed() < PATIENCE, "exemplars of {series:?} only");
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// It took every page, and could follow every rule.
    async fn is_content(&self) {
        let targets = self.ask("targets", &[]).await;
        assert_eq!(self.value("min_over_time(up[5m])").await, Some(1.0), "{targets}");
        let groups = self.ask("rules", &[]).await["groups"].as_array().unwrap().clone();
        let rules: Vec<&Value> =
            groups.iter().flat_map(|group| group["rules"].as_array().unwrap()).collect();
        assert!(rules.len() > 30, "{} rules", rules.len());
        for rule in rules {
            assert_eq!(rule["health"], "ok", "{rule}");
        }
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn shipped(name: &str) -> String {
    format!("{}/ops/prometheus/{name}", env!("CARGO_MANIFEST_DIR"))
}

/// The shipped configuration, for one docket at this address and for who has little time.
fn configuration(ops: &str) -> String {
    let mut text = std::fs::read_to_string(shipped("prometheus.yml")).unwrap();
    let target = ops.strip_prefix("http://").unwrap();
    for (from, to) in [("127.0.0.1:8081", target), ("_interval: 15s", "_interval: 1s")] {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    text
}

/// Where it listens, from its log; the rest of that is read and forgotten.
fn address_in(mut log: impl BufRead + Send + 'static) -> String {
    let mut told = String::new();
    loop {
        let begin = told.len();
        assert!(log.read_line(&mut told).unwrap() > 0, "Prometheus ended:\n{told}");
        let line = &told[begin..];
        if let Some((_, rest)) = line.split_once("Listening on")
            && let Some((_, address)) = rest.split_once("address=")
        {
            std::thread::spawn(move || log.read_to_end(&mut Vec::new()));
            return address.split_whitespace().next().unwrap().to_owned();
        }
    }
}

/// An exemplar as Prometheus stored it.
struct Exemplar {
    series: String,
    trace_id: String,
    span_id: String,
}

impl Exemplar {
    fn of_series(stored: &Value) -> Vec<Self> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let exemplar = |one: &Value| Self {
            series: text(&stored["seriesLabels"]["__name__"]),
            trace_id: text(&one["labels"]["trace_id"]),
            span_id: text(&one["labels"]["span_id"]),
        };
        stored["exemplars"].as_array().unwrap().iter().map(exemplar).collect()
    }
}

// docket -----------------------------------------------------------------------------------

/// Lets days of orders pass; answers the pages of metrics that it saw meanwhile, in both formats.
async fn pages_of_days(server: &Server) -> Vec<(String, String)> {
    let (buyer, api) = (&Buyer::new(), server.api.as_str());
    let shop = async |shop: usize| {
        for day in 0..DAYS {
            Day { buyer, api, sku: &format!("tea-{shop}-{day}") }.pass().await;
        }
    };
    let mut days = pin!(join_all((0..SHOPS).map(shop)));
    let mut pages = Vec::new();
    while tokio::time::timeout(PAUSE, &mut days).await.is_err() {
        pages.push((page(server, PROMETHEUS_ACCEPTS).await, page(server, "text/plain").await));
    }
    pages
}

async fn page(server: &Server, accept: &str) -> String {
    let request = reqwest::Client::new().get(format!("{}/metrics", server.ops));
    request.header("accept", accept).send().await.unwrap().text().await.unwrap()
}

/// How many traces were decided so.
async fn decided(server: &Server, decision: &str) -> u64 {
    let series = format!("telemetry_traces_total{{decision=\"{decision}\"}} ");
    let page = page(server, "text/plain").await;
    page.lines().find_map(|line| line.strip_prefix(&series)).unwrap().parse().unwrap()
}

/// Both the collector and docket itself have the trace, and the collector has the very span.
async fn lead_to_kept_traces(exemplars: &[Exemplar], sink: &Sink, server: &Server) {
    let named: BTreeSet<_> =
        exemplars.iter().map(|it| (it.trace_id.clone(), it.span_id.clone())).collect();
    let waited = Stopwatch::start();
    loop {
        let spans = sink.spans().into_iter().map(|span| (span.trace_id, span.span_id));
        let sent: BTreeSet<_> = spans.collect();
        if named.is_subset(&sent) {
            break;
        }
        let missing: Vec<_> = named.difference(&sent).collect();
        assert!(waited.elapsed() < PATIENCE, "of {} not exported: {missing:?}", named.len());
        tokio::time::sleep(PAUSE).await;
    }
    let traces: BTreeSet<_> = named.iter().map(|(trace_id, _)| trace_id).collect();
    for trace_id in traces {
        let url = format!("{}/v1/telemetry/{trace_id}", server.api);
        let told = Buyer::new().get(&url).await.unwrap().expect(200);
        // Beside it stand the other traces of its order.
        let mut traces = told["traces"].as_array().unwrap().iter();
        let trace = traces.find(|trace| trace["trace_id"] == **trace_id);
        assert!(trace.is_some_and(|trace| trace["kept_because"].is_string()), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_exemplar_that_prometheus_stores_leads_to_a_kept_trace() {
    let Some(reader) = StrictReader::find() else { return };
    if !["prometheus", "promtool"].iter().all(|tool| has(tool, &["--version"])) {
        return;
    }
    let home = Home::on_sqlite();
    let (collector, sink) = over_http(Manner::Well);
    let exporters = format!(r#"[{{ kind = "otlp_http", endpoint = "{collector}/v1/traces" }}]"#);
    let server = home.start(&[
        ("DOCKET_TRACES__EXPORTERS", &exporters),
        ("DOCKET_TRACES__SAMPLE_RATIO", "0.3"),
        ("DOCKET_TRACES__BATCH_DELAY_MS", "20"),
        ("DOCKET_PAYMENTS__GATEWAY_TIMEOUT_MS", "500"),
    ]);
    let prometheus = Prometheus::start(&server.ops);
    prometheus.begins().await;
    let pages = pages_of_days(&server).await;
    let scrapes = prometheus.value("count_over_time(up[5m])").await.unwrap();
    assert!(scrapes >= SCRAPES, "{scrapes} scrapes while orders flowed");
    let exemplars = prometheus.exemplars().await;

    let (kept, dropped) = (decided(&server, "ratio").await, decided(&server, "dropped").await);
    println!(
        "{} exemplars, {} pages, {scrapes} scrapes; ordinary traces: {kept} kept, {dropped} not",
        exemplars.len(),
        pages.len()
    );
    assert!(dropped > kept && kept > 20, "all or nothing was kept");
    lead_to_kept_traces(&exemplars, &sink, &server).await;
    prometheus.is_content().await;
    let mut dots = 0;
    for (open_metrics, classic) in &pages {
        let read = reader.read(open_metrics);
        dots += read.unwrap_or_else(|wrong| panic!("{wrong}\n{open_metrics}")).1;
        assert_eq!(complaints(classic), "");
    }
    assert!(dots > 0, "no page had an exemplar");
    server.stop();
}
