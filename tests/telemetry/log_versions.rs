//! Lines that an older docket wrote are found beside those of today.

use std::fs;

use serde_json::Value;

use crate::caller::{Caller, hear};
use crate::log_lines::faults;
use crate::process::Home;

/// A line of each earlier version, all of one trace, as they stood in `docket.log`.
const EARLIER: &str = include_str!("../data/log_lines/earlier.jsonl");
const TRACE: &str = "01a2100080987b0195d0a8b7c4f2e611";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lines_of_every_earlier_version_are_read() {
    let home = Home::on_sqlite();
    let logs = home.data.path().join("logs");
    fs::create_dir_all(&logs).unwrap();
    fs::write(logs.join("docket.log"), EARLIER).unwrap();
    let printed = home.run(&["logs", "--trace", TRACE]);
    assert_eq!(printed, EARLIER);

    let server = home.start(&[]);
    let asked = format!("/v1/telemetry/{TRACE}");
    let heard = hear(Caller::of(&server).get(&asked)).await.unwrap();
    assert_eq!(heard.status, 200, "{heard:?}");
    let earlier: Vec<Value> =
        EARLIER.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let found = heard.body["log_lines"].as_array().unwrap();
    assert_eq!(found[..earlier.len()], earlier[..]);
    let versions: Vec<_> = earlier.iter().map(|line| line["schema_version"].as_u64()).collect();
    assert_eq!(versions, [None], "a line of every version but today's");
    for line in EARLIER.lines() {
        assert!(!faults(line).is_empty(), "the schema is that of today's lines: {line}");
    }
    server.stop();
}
