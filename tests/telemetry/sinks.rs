//! What a server says about its own telemetry: which sinks there are, and which are in trouble.

use serde_json::{Value, json};

use crate::buyer::{card, order_of};
use crate::caller::{Caller, hear};
use crate::collectors::{Manner, over_http};
use crate::exporters::{everything_to, orders};
use crate::log_lines::lines_saying;
use crate::process::Home;

fn sinks(readiness: &Value) -> Value {
    assert_eq!(readiness["status"], "ready", "{readiness}");
    readiness["sinks"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_exporter_in_trouble_shows_until_it_works_again() {
    let home = Home::on_sqlite();
    let (http, collector) = over_http(Manner::Failing);
    let exporters = format!(r#"[{{ kind = "otlp_http", endpoint = "{http}/v1/traces" }}]"#);
    let server = home.start(&everything_to(&exporters));
    let caller = Caller::of(&server);
    let live = sinks(&caller.readiness().await);
    assert_eq!((&live["log_file"], &live["trace_store"]), (&json!("ok"), &json!("ok")));
    let told = lines_saying(home.data.path(), "telemetry is live");
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["sinks"], "log_file trace_store otlp_http");

    orders(&server, 1).await;
    caller.counted(|now| now.sum("telemetry_spans_failed_total") > 0).await;
    let trouble = sinks(&caller.readiness().await)["otlp_http"].clone();
    assert_eq!(trouble, "the last export failed, and none has succeeded since the start");

    collector.recover();
    let again = order_of("again", "tea", 1, card("tok_visa"));
    assert_eq!(hear(caller.post("/v1/orders", &again)).await.unwrap().status, 201);
    caller.counted(|now| now.sum("telemetry_spans_exported_total") > 0).await;
    assert_eq!(sinks(&caller.readiness().await)["otlp_http"], "ok");
    server.stop();
    for message in ["an exporter fails", "an exporter works again"] {
        assert_eq!(lines_saying(home.data.path(), message).len(), 1, "{message}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_room_on_the_disk_is_told_from_the_start() {
    let home = Home::on_sqlite();
    let server =
        home.start(&[("DOCKET_LOGS__KEEP_BYTES", "5000000"), ("DOCKET_LOGS__FILTER", "info")]);
    let now = Caller::of(&server).counted(|now| now.sum("telemetry_log_files_bytes") > 0).await;
    let (size, free) = (now.sum("disk_size_bytes"), now.sum("disk_free_bytes"));
    assert!(0 < free && free < size, "{free} of {size}");
    assert_eq!(now.sum("telemetry_log_budget_bytes"), 5_000_000);
    assert_eq!(now.sum("clock_jumps_total"), 0);
    server.stop();
}
