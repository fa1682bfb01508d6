//! Exporters: the same spans over every protocol; a collector that behaves badly slows nothing
//! down, and every span is accounted for.

use std::collections::BTreeSet;
use std::time::Duration;

use docket::kernel::Stopwatch;
use serde_json::Value;

use crate::buyer::{Buyer, card, order_of};
use crate::collectors::{Manner, Received, Sink, over_grpc, over_http};
use crate::log_lines::lines_saying;
use crate::process::{Home, Server};

const STOP_MOST: Duration = Duration::from_secs(3);

/// Places orders, one after the other.
pub async fn orders(server: &Server, count: usize) {
    let buyer = Buyer::new();
    buyer.stock(&server.api, "tea", 349, 100_000).await;
    let url = format!("{}/v1/orders", server.api);
    for number in 0..count {
        let key = format!("order-{number}");
        let answer = buyer.post(&url, &key, &order_of(&key, "tea", 1, card("tok_visa"))).await;
        answer.unwrap().expect(201);
    }
}

pub fn everything_to(exporters: &str) -> [(&str, &str); 4] {
    [
        ("DOCKET_TRACES__EXPORTERS", exporters),
        ("DOCKET_TRACES__SAMPLE_RATIO", "1.0"),
        ("DOCKET_TRACES__BATCH_DELAY_MS", "20"),
        ("DOCKET_LOGS__FILTER", "info"),
    ]
}

/// What each exporter said at the end: exported, failed, dropped, and the spans that were kept.
#[track_caller]
fn accounts(home: &Home) -> Vec<(String, [u64; 4])> {
    let number = |line: &Value, key: &str| line[key].as_u64().unwrap();
    let account = |line: &Value| {
        let numbers = ["exported", "failed", "dropped", "kept"].map(|key| number(line, key));
        (line["exporter"].as_str().unwrap().to_owned(), numbers)
    };
    lines_saying(home.data.path(), "an exporter has ended").iter().map(account).collect()
}

/// The spans in the file of traces, which holds OTLP's JSON.
fn in_the_file(home: &Home) -> Vec<Received> {
    let text = std::fs::read_to_string(home.data.path().join("logs/traces.jsonl")).unwrap();
    let mut spans = Vec::new();
    for line in text.lines() {
        let request: Value = serde_json::from_str(line).unwrap();
        for resource_spans in request["resourceSpans"].as_array().unwrap() {
            let attributes = resource_spans["resource"]["attributes"].as_array().unwrap();
            let name = attributes.iter().find(|one| one["key"] == "service.name").unwrap();
            let service = name["value"]["stringValue"].as_str().unwrap();
            for scope in resource_spans["scopeSpans"].as_array().unwrap() {
                for span in scope["spans"].as_array().unwrap() {
                    let text = |key: &str| span[key].as_str().unwrap_or_default().to_owned();
                    spans.push(Received {
                        service: service.to_owned(),
                        trace_id: text("traceId"),
                        span_id: text("spanId"),
                        parent_id: text("parentSpanId"),
                        name: text("name"),
                    });
                }
            }
        }
    }
    spans
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_spans_arrive_over_every_protocol() {
    let home = Home::on_sqlite();
    let (http, by_http) = over_http(Manner::Well);
    let (grpc, by_grpc) = over_grpc();
    let (zipkin, by_zipkin) = over_http(Manner::Well);
    let exporters = format!(
        r#"[{{ kind = "otlp_http", endpoint = "{http}/v1/traces", gzip = true }},
            {{ kind = "otlp_grpc", endpoint = "{grpc}", gzip = true }},
            {{ kind = "zipkin", endpoint = "{zipkin}/api/v2/spans" }},
            {{ kind = "file" }}]"#
    );
    let exporters = exporters.replace('\n', " ");
    let mut settings = everything_to(&exporters).to_vec();
    settings.push(("OTEL_SERVICE_NAME", "corner-shop"));
    settings.push(("OTEL_RESOURCE_ATTRIBUTES", "team=blue"));
    let server = home.start(&settings);
    orders(&server, 20).await;
    server.stop();

    let spans = |sink: &Sink| sink.spans().into_iter().collect::<BTreeSet<_>>();
    let reference = spans(&by_http);
    assert!(reference.iter().filter(|span| span.name == "POST /v1/orders").count() == 20);
    assert!(reference.iter().all(|span| span.service == "corner-shop"));
    assert_eq!(reference, spans(&by_grpc));
    assert_eq!(reference, spans(&by_zipkin));
    assert_eq!(reference, in_the_file(&home).into_iter().collect());
    for sink in [&by_http, &by_grpc] {
        assert_eq!(sink.schema_urls(), ["https://opentelemetry.io/schemas/1.44.0"]);
        let resources = sink.resources();
        assert_eq!(resources.len(), 1);
        assert_eq!(resources[0]["team"], "blue");
        assert_eq!(resources[0]["service.version"], env!("CARGO_PKG_VERSION"));
        assert!(resources[0].contains_key("service.instance.id"));
    }
    for (exporter, [exported, failed, dropped, kept]) in accounts(&home) {
        assert_eq!((exported, failed, dropped), (kept, 0, 0), "{exporter}");
        assert_eq!(exported, reference.len() as u64, "{exporter}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_variables_of_opentelemetry_are_enough() {
    let home = Home::on_sqlite();
    let (grpc, sink) = over_grpc();
    let server = home.start(&[
        ("OTEL_EXPORTER_OTLP_ENDPOINT", &grpc),
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_TRACES_SAMPLER", "always_on"),
    ]);
    orders(&server, 3).await;
    server.stop();
    let placed = sink.spans().into_iter().filter(|span| span.name == "POST /v1/orders");
    assert_eq!(placed.count(), 3);
}

/// Spans that wait for a collector like this are dropped beyond so many.
const QUEUE: &str = "400";

async fn a_bad_collector(manner: Manner) {
    let home = Home::on_sqlite();
    let (http, sink) = over_http(manner);
    let exporters = format!(r#"[{{ kind = "otlp_http", endpoint = "{http}/v1/traces" }}]"#);
    let mut settings = everything_to(&exporters).to_vec();
    settings.push(("DOCKET_TRACES__QUEUE_SPANS", QUEUE));
    settings.push(("DOCKET_TRACES__BATCH_SPANS", "100"));
    let mut server = home.start(&settings);
    orders(&server, 60).await;
    let stopping = Stopwatch::start();
    server.ask_to_stop();
    assert!(server.end(Duration::from_secs(20)).success());
    let took = stopping.elapsed();
    println!("{manner:?}: stopped after {took:.2?}: {:?}", accounts(&home));
    assert!(took < STOP_MOST, "{manner:?}: {took:?}");

    let [(_, [exported, failed, dropped, kept])] = &accounts(&home)[..] else {
        panic!("one exporter, one account: {:?}", accounts(&home))
    };
    assert_eq!(exported + failed + dropped, *kept, "{manner:?}: every span is accounted for");
    assert!(*kept > 600, "{manner:?}: {kept} spans");
    match manner {
        Manner::Well => assert_eq!(exported, kept),
        // A collector may take what is given up here as too late.
        Manner::Slow => assert!(sink.spans().len() as u64 >= *exported && *dropped > 0),
        Manner::Refused | Manner::Failing | Manner::Silent => {
            assert_eq!(*exported, 0);
            assert_eq!(sink.spans().len(), 0);
        }
    }
}

macro_rules! bad_collectors {
    ($($name:ident: $manner:ident),+ $(,)?) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            a_bad_collector(Manner::$manner).await;
        }
    )+};
}

bad_collectors! {
    a_collector_that_works_gets_every_span: Well,
    a_collector_that_is_not_there_is_not_waited_for: Refused,
    a_collector_that_never_answers_is_not_waited_for: Silent,
    a_collector_that_dawdles_gets_what_it_can_take: Slow,
    a_collector_that_fails_is_counted: Failing,
}
