//! Redaction: secrets by every way into the running server, and none of them in anything that
//! tells of it.
//!
//! What the API answers and what it keeps (orders, the journal) is its own business; log files,
//! standard error, exporters, metrics and remembered traces are looked through.

mod paths;
mod scan;
mod sinks;
mod start;

use std::fs::{self, File};
use std::sync::{Arc, Mutex};

use crate::buyer::Buyer;
use crate::collectors::{Manner, Sink, over_grpc, over_http};
use crate::log_lines;
use crate::process::{Home, KEY, Server, on_both};
use crate::secrets::planted;
use paths::{PERSONAL, Sender};
use sinks::Sinks;

/// What exporters tell collectors, and nobody else.
const EXPORTER_KEYS: [&str; 2] = ["collectors-first-key", "collectors-second-key"];
/// A request's id, which is no secret: found wherever requests are told of.
const OPEN: &str = "request-in-the-open";
const SENDERS: usize = 4;

/// Everything that must be found nowhere, with its name.
fn secrets() -> Vec<(&'static str, &'static str)> {
    let of_corpus = planted().into_iter().map(|planted| (planted.name, planted.secret));
    let personal = PERSONAL.into_iter().map(|text| ("personal data", text));
    let keys = EXPORTER_KEYS.into_iter().chain([KEY]).map(|key| ("a key", key));
    of_corpus.chain(personal).chain(keys).collect()
}

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
        let headers = format!(
            r#"headers = {{ authorization = "Bearer {first}", x-collector = "{second}" }}"#
        );
        let exporters = [
            format!(r#"{{ kind = "otlp_http", endpoint = "{http}/v1/traces", {headers} }}"#),
            format!(r#"{{ kind = "otlp_grpc", endpoint = "{grpc}", {headers}, gzip = true }}"#),
            format!(r#"{{ kind = "zipkin", endpoint = "{zipkin}/api/v2/spans" }}"#),
            r#"{ kind = "file" }"#.to_owned(),
        ];
        let sinks =
            [("OTLP over HTTP", by_http), ("OTLP over gRPC", by_grpc), ("Zipkin", by_zipkin)];
        Self { exporters: format!("[{}]", exporters.join(", ")), sinks }
    }

    /// A server that tells all it can, to all of them, into many small files.
    fn serve(&self, home: &Home, more: &[(&str, &str)]) -> Server {
        let mut settings = vec![
            ("DOCKET_TRACES__EXPORTERS", self.exporters.as_str()),
            ("DOCKET_TRACES__SAMPLE_RATIO", "1.0"),
            ("DOCKET_TRACES__BATCH_DELAY_MS", "20"),
            ("DOCKET_TRACES__STORE_BYTES", "1073741824"),
            ("DOCKET_LOGS__TERMINAL", "true"),
            ("DOCKET_LOGS__FILE_BYTES", "65536"),
            ("DOCKET_LOGS__KEEP_FILES", "100000"),
            ("DOCKET_PANIC_POINTS", "1"),
            ("RUST_BACKTRACE", "0"),
        ];
        settings.extend(more);
        let stderr = home.data.path().join("stderr");
        let errors = File::options().append(true).create(true).open(stderr).unwrap();
        home.start_telling(&settings, errors.into())
    }
}

/// All secrets of the corpus by all ways, several at a time.
async fn send_all(sender: &Sender) {
    let texts: Vec<&str> = planted().into_iter().map(|planted| planted.text).collect();
    let texts = Arc::new(Mutex::new(texts));
    let senders = (0..SENDERS).map(|_| {
        let (sender, texts) = (sender.clone(), Arc::clone(&texts));
        let next = move || texts.lock().unwrap().pop();
        tokio::spawn(async move {
            while let Some(text) = next() {
                sender.send_everywhere(text).await;
            }
        })
    });
    for sender in senders.collect::<Vec<_>>() {
        sender.await.unwrap();
    }
}

/// What the server tells of itself while it runs: metrics, and what it remembers.
async fn look_inside(server: &Server, sender: &Sender, sinks: &mut Sinks) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for accept in ["text/plain", "application/openmetrics-text; version=1.0.0"] {
        let page = http.get(format!("{}/metrics", server.ops)).header("accept", accept);
        sinks.add("metrics", &page.send().await.unwrap().bytes().await.unwrap());
    }
    sender.look_up(OPEN, "log_lines").await;
    for view in sender.remembered() {
        sinks.add("recent traces", view["traces"].to_string().as_bytes());
        sinks.add("lines of recent traces", view["log_lines"].to_string().as_bytes());
    }
}

/// What is left of the server when it has stopped.
fn look_at_files(home: &Home, sinks: &mut Sinks) {
    let data = home.data.path();
    let logs = log_lines::files(data, "docket");
    assert!(logs.iter().any(|(path, _)| path.extension().is_some_and(|end| end == "gz")));
    logs.iter().for_each(|(_, text)| sinks.add("log files", text.as_bytes()));
    for (_, text) in log_lines::files(data, "traces") {
        sinks.add("traces.jsonl", text.as_bytes());
    }
    // What every line has finds every line.
    let all = home.run(&["logs", "--trace", "\"severity\"", "--limit", "10000000"]);
    sinks.add("docket logs", all.as_bytes());
    sinks.add("standard error", &fs::read(data.join("stderr")).unwrap());
}

/// Every rule has hidden something, or its secrets never came as far as telemetry.
#[track_caller]
fn every_rule_was_needed(sinks: &Sinks) {
    for rule in "named_value card credential jwt key private_key url_userinfo email".split(' ') {
        let counted = format!("telemetry_redactions_total{{rule=\"{rule}\"}} ");
        let mut counts = sinks.text("metrics").lines().filter_map(|line| line.split_once(&counted));
        assert!(counts.any(|(_, count)| count != "0"), "{rule}");
    }
}

on_both! {
    async fn no_planted_secret_is_found_in_any_sink(home: Home) {
        let (collectors, mut sinks) = (Collectors::start(), Sinks::default());
        let trusting = [
            ("DOCKET_TELEMETRY__TRUSTED_PEERS", r#"["127.0.0.1/32"]"#),
            ("DOCKET_LOGS__FILTER", "debug"),
        ];
        let server = collectors.serve(&home, &trusting);
        Buyer::new().stock(&server.api, "tea", 349, 100_000).await;
        paths::make_trouble(&home).await;
        let sender = Sender::to(&server);
        sender.send_openly(OPEN).await;
        send_all(&sender).await;
        look_inside(&server, &sender, &mut sinks).await;
        server.stop();

        // A stranger's context is linked to; and now with all that libraries have to say.
        let server = collectors.serve(&home, &[("DOCKET_LOGS__FILTER", "trace")]);
        let sender = Sender::to(&server);
        for planted in planted() {
            sender.send_in_headers(planted.text).await;
        }
        look_inside(&server, &sender, &mut sinks).await;
        server.stop();

        look_at_files(&home, &mut sinks);
        for (name, sink) in &collectors.sinks {
            sinks.add(name, &sink.raw());
        }
        let leaks = sinks.leaks(&secrets());
        assert!(leaks.is_empty(), "{} leaks:\n{}", leaks.len(), leaks.join("\n"));
        // The same search finds a field that is not redacted wherever it comes.
        let mut told: Vec<_> = sinks.hits(OPEN).into_keys().collect();
        assert!(sinks.text("metrics").contains("/v1/orders"));
        told.push("metrics");
        assert_eq!(sinks.names(), told.into_iter().collect());
        every_rule_was_needed(&sinks);
        scan::finds_nothing(&home);
        println!("{} valid lines", log_lines::all_are_valid(home.data.path()));
        scan::finds_what_is_planted(&home);
    }
}
