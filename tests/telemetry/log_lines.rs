//! The log file of a server, read back.

use std::path::Path;

use serde_json::Value;

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
