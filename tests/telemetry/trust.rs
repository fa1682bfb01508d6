//! Whom the server believes: a trusted peer's trace goes on here, anybody else's is linked to; what
//! a gateway is told names the order's trace either way.

use diesel::QueryableByName;
use diesel::sql_types::{Nullable, Text};
use docket::db::Statement;
use serde_json::Value;

use crate::buyer::{Buyer, card, order_of};
use crate::caller::{Caller, Heard, hear, new_parent};
use crate::process::{Home, on_both};

const TRUSTED: &str = r#"["127.0.0.1/32"]"#;
/// Somebody, and something that is nobody's business.
const BAGGAGE: &str = "user_id=u-4711-jane,campaign=autumn-sale";
const USER: &str = "u-4711-jane";

#[derive(QueryableByName)]
struct Record {
    #[diesel(sql_type = Nullable<Text>)]
    traceparent: Option<String>,
}

/// What the gateway was told, when it was asked once.
async fn told_the_gateway(home: &Home) -> String {
    let database = home.database();
    let find = Statement::new("SELECT traceparent FROM test_gateway_records");
    let records: Vec<Record> = database.read(move |conn| find.load(conn)).await.unwrap();
    database.close().await;
    let [Record { traceparent: Some(header) }] = &records[..] else {
        panic!("{} records, or no header", records.len())
    };
    header.clone()
}

async fn place(caller: &Caller, reference: &str, headers: &[(&str, &str)]) -> Heard {
    let body = order_of(reference, "tea", 1, card("tok_visa"));
    let request =
        headers.iter().fold(caller.post("/v1/orders", &body), |request, (name, value)| {
            request.header(*name, *value)
        });
    let heard = hear(request).await.unwrap();
    assert_eq!(heard.status, 201, "{heard:?}");
    heard
}

/// The trace of a request and its lines, once both are there.
async fn view_of(caller: &Caller, heard: &Heard) -> (Value, Vec<Value>) {
    let id = &heard.trace_id;
    let of_trace = |view: &Value, list: &str| -> Vec<Value> {
        let all = view[list].as_array().unwrap().iter();
        all.filter(|one| one["trace_id"] == **id).cloned().collect()
    };
    let whole = |view: &Value| {
        let told = |line: &Value| line["target"] == "docket::access";
        of_trace(view, "traces").len() == 1 && of_trace(view, "log_lines").iter().any(told)
    };
    let view = caller.told_of(id, whole).await;
    (of_trace(&view, "traces").remove(0), of_trace(&view, "log_lines"))
}

fn every_span<'a>(spans: &'a Value, found: &mut Vec<&'a Value>) {
    for span in spans.as_array().unwrap() {
        found.push(span);
        every_span(&span["children"], found);
    }
}

/// The gateway knows the trace, and the span that asked it.
#[track_caller]
fn names_the_asking_span(header: &str, trace: &Value) {
    let mut spans = Vec::new();
    every_span(&trace["spans"], &mut spans);
    let asking = spans.iter().find(|span| span["name"] == "payments.authorize").unwrap();
    let parts: Vec<&str> = header.split('-').collect();
    assert_eq!((parts[0], parts.len()), ("00", 4), "{header}");
    assert_eq!(trace["trace_id"], parts[1], "{header}");
    assert_eq!(asking["span_id"], parts[2], "{header}");
}

async fn caller_of(home: &Home, peers: &str) -> (Caller, crate::process::Server) {
    let server = home.start(&[
        ("DOCKET_TELEMETRY__TRUSTED_PEERS", peers),
        ("DOCKET_TRACES__SAMPLE_RATIO", "0.0"),
        ("DOCKET_LOGS__FILTER", "debug"),
    ]);
    Buyer::new().stock(&server.api, "tea", 349, 1_000).await;
    (Caller::of(&server), server)
}

on_both! {
    async fn a_strangers_trace_is_linked_to_and_never_continued(home: Home) {
        let (caller, server) = caller_of(&home, "[]").await;
        let (header, foreign_trace, foreign_span) = new_parent("01");
        let headers = [("traceparent", header.as_str()), ("baggage", BAGGAGE)];
        let heard = place(&caller, "a stranger's", &headers).await;
        assert_ne!(heard.trace_id, foreign_trace);
        let (trace, lines) = view_of(&caller, &heard).await;
        let root = &trace["spans"][0];
        assert_eq!(trace["spans"].as_array().unwrap().len(), 1);
        assert_eq!(root["parent_span_id"], Value::Null);
        assert_eq!(root["links"].as_array().unwrap().len(), 1);
        assert_eq!(root["links"][0]["trace_id"], foreign_trace);
        assert_eq!(root["links"][0]["span_id"], foreign_span);
        // Its flag keeps nothing.
        assert_eq!(trace["kept_because"], Value::Null);
        let told = format!("{trace}{lines:?}");
        assert!(!told.contains("user_id") && !told.contains(USER), "{told}");
        assert!(!told.contains("autumn-sale"), "{told}");
        names_the_asking_span(&told_the_gateway(&home).await, &trace);
        server.stop();
    }

    async fn a_trusted_peers_trace_goes_on_with_its_user(home: Home) {
        let (caller, server) = caller_of(&home, TRUSTED).await;
        let (header, trace_id, parent) = new_parent("01");
        let headers = [("traceparent", header.as_str()), ("baggage", BAGGAGE)];
        let heard = place(&caller, "a trusted peer's", &headers).await;
        assert_eq!(heard.trace_id, trace_id);
        let (trace, lines) = view_of(&caller, &heard).await;
        let root = &trace["spans"][0];
        assert_eq!(root["parent_span_id"], parent);
        assert_eq!(root["links"].as_array().unwrap().len(), 0);
        assert_eq!(trace["kept_because"], "inbound");
        let mut spans = Vec::new();
        every_span(&trace["spans"], &mut spans);
        assert!(spans.len() > 10, "{} spans", spans.len());
        for span in spans {
            assert_eq!(span["attributes"]["user_id"], USER, "{span}");
        }
        assert!(!lines.is_empty());
        for line in &lines {
            assert_eq!(line["user_id"], USER, "{line}");
        }
        assert!(!format!("{trace}{lines:?}").contains("autumn-sale"));
        names_the_asking_span(&told_the_gateway(&home).await, &trace);
        server.stop();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_trusted_peer_does_not_sample_is_not_kept_and_nonsense_is_passed_over() {
    let home = Home::on_sqlite();
    let (caller, server) = caller_of(&home, TRUSTED).await;
    let (header, trace_id, parent) = new_parent("00");
    let heard = place(&caller, "unsampled", &[("traceparent", &header)]).await;
    assert_eq!(heard.trace_id, trace_id);
    let (trace, _) = view_of(&caller, &heard).await;
    assert_eq!(trace["kept_because"], Value::Null);
    assert_eq!(trace["spans"][0]["parent_span_id"], parent);
    for nonsense in [
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "nonsense",
    ] {
        let heard = place(&caller, nonsense, &[("traceparent", nonsense)]).await;
        assert!(!nonsense.contains(&heard.trace_id), "{nonsense}: {heard:?}");
        let (trace, _) = view_of(&caller, &heard).await;
        let root = &trace["spans"][0];
        assert_eq!(
            (&root["parent_span_id"], root["links"].as_array().unwrap().len()),
            (&Value::Null, 0),
            "{nonsense}"
        );
    }
    server.stop();
}
