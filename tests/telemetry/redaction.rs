//! Redaction: secrets by every way into the running server, and none of them in anything that
//! tells of it.
//!
//! What the API answers and what it keeps (orders, the journal) is its own business; log files,
//! standard error, exporters, metrics and remembered traces are looked through.

mod paths;
mod sinks;

use std::fs::{self, File};
use std::io::Write;

use docket::kernel::Stopwatch;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message;
use serde_json::{Value, json};

use crate::buyer::Buyer;
use crate::collectors::{Manner, Sink, over_grpc, over_http};
use crate::log_lines;
use crate::process::{Home, KEY, Server, on_both};
use crate::secrets::{Planted, planted};
use paths::{PERSONAL, Sender};
use sinks::{Sinks, percent_encoded};

/// What exporters tell collectors, and nobody else.
const EXPORTER_KEYS: [&str; 2] = ["collectors-first-key", "collectors-second-key"];
/// A request's id, which is no secret: seen wherever requests are told of.
const OPEN: &str = "request-in-the-open";
const SENDERS: usize = 4;

struct Collectors {
    exporters: String,
    sinks: [(&'static str, Sink); 3],
}

impl Collectors {
    fn start() -> Self {
        let (http, by_http) = over_http(Manner::Well);
        let (grpc, by_grpc) = over_grpc();
        let (zipkin, by_zipkin) = over_http(Manner::Well);
        let [first, second] = EXPORTER_KEYS;
        let headers =
            format!(r#"{{ authorization = "Bearer {first}", x-collector = "{second}" }}"#);
        let exporters = format!(
            r#"[{{ kind = "otlp_http", endpoint = "{http}/v1/traces", headers = {headers} }}, \
                {{ kind = "otlp_grpc", endpoint = "{grpc}", headers = {headers}, gzip = true }}, \
                {{ kind = "zipkin", endpoint = "{zipkin}/api/v2/spans" }}, {{ kind = "file" }}]"#
        );
        let exporters = exporters.replace("\\\n", "");
        let sinks =
            [("OTLP over HTTP", by_http), ("OTLP over gRPC", by_grpc), ("Zipkin", by_zipkin)];
        Self { exporters, sinks }
    }

    fn settings<'a>(&'a self, filter: &'a str, peers: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("DOCKET_TRACES__EXPORTERS", &self.exporters),
            ("DOCKET_TRACES__SAMPLE_RATIO", "1.0"),
            ("DOCKET_TRACES__BATCH_DELAY_MS", "20"),
            ("DOCKET_TRACES__STORE_BYTES", "1073741824"),
            ("DOCKET_TELEMETRY__TRUSTED_PEERS", peers),
            ("DOCKET_LOGS__FILTER", filter),
            ("DOCKET_LOGS__TERMINAL", "true"),
            ("DOCKET_LOGS__FILE_BYTES", "65536"),
            ("DOCKET_LOGS__KEEP_FILES", "1000"),
            ("DOCKET_PANIC_POINTS", "1"),
            ("RUST_BACKTRACE", "0"),
        ]
    }
}

/// All secrets of the corpus by all ways, several at a time.
async fn send_all(sender: &Sender, texts: Vec<Planted>) {
    let texts = std::sync::Arc::new(std::sync::Mutex::new(texts));
    let senders = (0..SENDERS).map(|_| {
        let (sender, texts) = (sender.clone(), texts.clone());
        tokio::spawn(async move {
            loop {
                let Some(next) = texts.lock().unwrap().pop() else { return };
                sender.send_everywhere(next.text).await;
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
}

/// What the server tells of itself while it runs: metrics, and every trace that it remembers.
async fn look_inside(server: &Server, sender: &Sender, sinks: &mut Sinks) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for accept in ["text/plain", "application/openmetrics-text; version=1.0.0"] {
        let page = http.get(format!("{}/metrics", server.ops)).header("accept", accept);
        sinks.add("metrics", &page.send().await.unwrap().bytes().await.unwrap());
    }
    for view in sender.remembered() {
        sinks.add("recent traces", view["traces"].to_string().as_bytes());
        sinks.add("recent traces, lines", view["log_lines"].to_string().as_bytes());
    }
}

/// What is left of the server when it has stopped.
fn look_at_files(home: &Home, sinks: &mut Sinks) {
    for (path, text) in log_lines::files(home.data.path(), "docket") {
        let packed = path.extension().is_some_and(|extension| extension == "gz");
        sinks.add(if packed { "log files, packed" } else { "log files" }, text.as_bytes());
    }
    for (_, text) in log_lines::files(home.data.path(), "traces") {
        sinks.add("traces.jsonl", text.as_bytes());
    }
    // What every line has finds every line.
    let all = home.run(&["logs", "--trace", "\"severity\"", "--limit", "10000000"]);
    sinks.add("docket logs", all.as_bytes());
    sinks.add("standard error", &fs::read(home.data.path().join("stderr")).unwrap());
}

fn start(home: &Home, settings: &[(&str, &str)]) -> Server {
    let path = home.data.path().join("stderr");
    let errors = File::options().append(true).create(true).open(path).unwrap();
    home.start_telling(settings, errors.into())
}

/// Everything that must be found nowhere, with its name.
fn secrets() -> Vec<(&'static str, &'static str)> {
    let of_corpus = planted().into_iter().map(|planted| (planted.name, planted.secret));
    let personal = PERSONAL.into_iter().map(|text| ("personal data", text));
    let keys = EXPORTER_KEYS.into_iter().chain([KEY]).map(|key| ("a key", key));
    of_corpus.chain(personal).chain(keys).collect()
}

on_both! {
    async fn no_planted_secret_is_found_in_any_sink(home: Home) {
        let collectors = Collectors::start();
        let mut sinks = Sinks::default();
        for (filter, peers) in [("debug", r#"["127.0.0.1/32"]"#), ("debug", "[]")] {
            let server = start(&home, &collectors.settings(filter, peers));
            if peers != "[]" {
                Buyer::new().stock(&server.api, "tea", 349, 100_000).await;
                paths::make_trouble(&home).await;
            }
            let sender = Sender::to(&server);
            sender.send_openly(OPEN).await;
            let took = Stopwatch::start();
            send_all(&sender, planted()).await;
            println!("sent {:?}", took.elapsed());
            look_inside(&server, &sender, &mut sinks).await;
            println!("looked {:?}", took.elapsed());
            server.stop();
        }
        look_at_files(&home, &mut sinks);
        for (name, sink) in &collectors.sinks {
            sinks.add(name, &sink.raw());
        }
        println!("{} bytes in {:?}", sinks.bytes(), sinks.names());
        let mut found = 0;
        for (name, secret) in secrets() {
            for (sink, around) in sinks.hits(secret) {
                println!("{name} in {sink}: {around:?}");
                found += 1;
            }
        }
        assert_eq!(found, 0);
        println!("{} valid lines", log_lines::all_are_valid(home.data.path()));
    }
}
