//! Who reads the journal and the logs is on record: at once in the log, later in the journal.

use std::time::Duration;

use serde_json::{Value, json};

use crate::caller::{Caller, hear};
use crate::log_lines::lines;
use crate::process::Home;

const PAUSE: Duration = Duration::from_millis(50);

/// The journal's entries about reading, as `docket audit export` writes them.
fn recorded(home: &Home) -> Vec<Value> {
    let exported = home.run(&["audit", "export", "--entries"]);
    let parse = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    let mut entries: Vec<Value> = exported.lines().map(parse).collect();
    entries.retain(|entry| entry["type"].as_str().unwrap().ends_with(".read"));
    entries
}

async fn readings_are_on_record(home: Home) {
    let server = home.start(&[("DOCKET_LOGS__FILTER", "info")]);
    let caller = Caller::of(&server);
    let get = async |path: &str| hear(caller.get(path)).await.unwrap();
    // On PostgreSQL an entry is read once it has its number.
    let first = loop {
        let journal = get("/v1/audit?limit=1").await.body;
        match journal["data"][0]["id"].as_str() {
            Some(id) => break id.to_owned(),
            None => tokio::time::sleep(PAUSE).await,
        }
    };
    let proof = format!("/v1/audit/{first}/proof");
    let about = format!("/v1/telemetry/{first}");
    caller.told_of(&first, |_| true).await;
    for path in ["/v1/audit?subject=order:1", "/v1/audit?actor=erika@example.test", &about] {
        assert_eq!([get(path).await.status, get(path).await.status], [200, 200], "{path}");
    }
    while get(&proof).await.status != 200 {
        tokio::time::sleep(PAUSE).await;
    }
    assert_eq!(get("/v1/telemetry/no-such-thing").await.status, 404);
    assert_eq!(get("/v1/audit?limit=0").await.status, 422);
    let after = get("/v1/audit?limit=200").await.body;
    let is_reading = |entry: &Value| entry["type"].as_str().unwrap().ends_with(".read");
    assert!(!after["data"].as_array().unwrap().iter().any(is_reading), "reading writes nothing");
    server.stop();

    let expected = [
        ("journal.read", json!({ "subject": null, "actor": null }), 2),
        ("journal.read", json!({ "subject": "order:1", "actor": null }), 2),
        ("journal.read", json!({ "subject": null, "actor": "other" }), 2),
        ("journal.read", json!({ "entry": first }), 1),
        ("telemetry.read", json!({ "id": first }), 3),
    ];
    let entries = recorded(&home);
    assert_eq!(entries.len(), expected.len(), "{entries:?}");
    let told = lines(home.data.path());
    for (kind, what, times) in expected {
        let of_it = |entry: &&Value| entry["after"]["what"] == what;
        let entry = entries.iter().find(of_it).unwrap_or_else(|| panic!("{what}: {entries:?}"));
        assert_eq!((&entry["type"], &entry["actor"]), (&kind.into(), &"job:readings".into()));
        assert!(entry["after"]["times"].as_i64().unwrap() >= times, "{entry}");
        let reader = entry["subject"].as_str().unwrap().strip_prefix("key:").unwrap();
        let line = told.iter().find(|line| line["what"].as_str() == Some(&*what.to_string()));
        let line = line.unwrap_or_else(|| panic!("{what} is not in the log"));
        assert_eq!((&line["reader"], &line["message"]), (&reader.into(), &kind.into()));
        assert_eq!(
            (&line["target"], &line["module"]),
            (&"docket::security".into(), &"security".into())
        );
    }
    home.is_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_are_on_record_on_sqlite() {
    readings_are_on_record(Home::on_sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readings_are_on_record_on_postgres() {
    if let Some(home) = Home::on_postgres().await {
        readings_are_on_record(home).await;
    }
}
