//! The log file of a server, read back.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};

/// Every line of `docket.log`.
#[track_caller]
pub fn lines(data: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(data.join("logs/docket.log")).unwrap();
    let parse = |line: &str| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
    text.lines().map(parse).collect()
}

/// The lines that say this.
#[track_caller]
pub fn lines_saying(data: &Path, message: &str) -> Vec<Value> {
    let mut found = lines(data);
    found.retain(|line| line["message"] == message);
    found
}

/// The files of `logs/` whose names begin like this, unpacked: also those that were put aside.
pub fn files(data: &Path, stem: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(data.join("logs")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with(stem) && !name.ends_with(".lock") {
            let mut text = String::new();
            let file = File::open(&path).unwrap();
            match name.ends_with(".gz") {
                true => MultiGzDecoder::new(file).read_to_string(&mut text),
                false => { file }.read_to_string(&mut text),
            }
            .unwrap();
            found.push((path, text));
        }
    }
    found
}

/// Every line of the log, also of the files that were put aside, as it was written.
pub fn every_line(data: &Path) -> Vec<String> {
    let files = files(data, "docket");
    files.iter().flat_map(|(_, text)| text.lines().map(str::to_owned)).collect()
}

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let text = include_str!("../../ops/log-line.schema.json");
    jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
});

/// What is wrong with a line by `ops/log-line.schema.json`; nothing, as a rule.
pub fn faults(line: &str) -> Vec<String> {
    match serde_json::from_str(line) {
        Ok(json) => SCHEMA.iter_errors(&json).map(|fault| fault.to_string()).collect(),
        Err(failure) => vec![failure.to_string()],
    }
}

/// Sees that every line of a server's log is valid; answers how many there are.
#[track_caller]
pub fn all_are_valid(data: &Path) -> usize {
    let lines = every_line(data);
    for line in &lines {
        assert!(faults(line).is_empty(), "{:?}: {line}", faults(line));
    }
    lines.len()
}

#[test]
fn a_line_that_the_schema_does_not_know_is_refused() {
    let good = json!({
        "timestamp": "2026-11-23T17:39:12.000001Z", "severity": "INFO", "message": "request",
        "service": "docket", "schema_version": 2, "module": "access",
        "target": "docket::access", "http.route": "/v1/orders",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7",
        "trace_flags": "01", "duration_ms": 1.5,
    });
    assert_eq!(faults(&good.to_string()), Vec::<String>::new());
    let bad: [(&str, Value); 8] = [
        ("timestamp", "2026-11-23T17:39:12+01:00".into()),
        ("severity", "NOTICE".into()),
        ("message", 5.into()),
        ("schema_version", 1.into()),
        ("trace_id", "0".repeat(32).into()),
        ("span_id", "00F067AA0BA902B7".into()),
        ("request_id", "".into()),
        ("headers", json!({ "accept": "*/*" })),
    ];
    for (name, value) in bad {
        let mut line = good.clone();
        line[name] = value;
        assert!(!faults(&line.to_string()).is_empty(), "{line}");
    }
    let required = ["timestamp", "severity", "message", "service", "schema_version", "module"];
    for name in required.into_iter().chain(["target", "span_id"]) {
        let mut line = good.clone();
        line.as_object_mut().unwrap().remove(name);
        assert!(!faults(&line.to_string()).is_empty(), "{line}");
    }
    assert!(!faults(r#"{"timestamp":"2026-"#).is_empty());
}
