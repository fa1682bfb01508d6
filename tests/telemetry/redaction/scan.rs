//! `docket logs scan` over the files of a server that was sent secrets by every way: nothing is
//! found, until lines are planted that nobody redacted.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::secrets;
use super::sinks::Sinks;
use crate::log_lines;
use crate::process::Home;
use crate::secrets::planted;

/// Every file was looked at, and no line of ordinary operation rings.
#[track_caller]
pub fn finds_nothing(home: &Home) {
    let output = home.command(&["logs", "scan", "--json"]).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    let report: Value = serde_json::from_str(printed.lines().next_back().unwrap()).unwrap();
    assert!(output.status.success(), "{printed}");
    assert_eq!((&report["findings"], &report["unread"]), (&json!(0), &json!(0)));
    let files = fs::read_dir(home.data.path().join("logs")).unwrap().count();
    assert_eq!(report["files"], files, "{report}");
    let lines = log_lines::every_line(home.data.path()).len();
    assert!(report["lines"].as_u64() > Some(lines as u64), "traces and checkpoints come on top");
    assert!(home.run(&["logs", "scan"]).ends_with(": no secret found.\n"));
}

/// Each line with a secret is named, in the file that is written and in a packed one, and what is
/// printed does not say the secret.
#[track_caller]
pub fn finds_what_is_planted(home: &Home) {
    let data = home.data.path();
    let mut files = log_lines::files(data, "docket");
    files.retain(|(path, _)| {
        path.ends_with("docket.log") || path.extension().is_some_and(|end| end == "gz")
    });
    files.sort();
    let mut expected = BTreeSet::new();
    for (path, text) in [files.first().unwrap(), files.last().unwrap()] {
        let planted = lines_with_secrets();
        append(path, &planted);
        let first = text.lines().count() + 1;
        expected.extend(
            (first..first + planted.len()).map(|line| format!("{}:{line}", path.display())),
        );
    }
    let mut sinks = Sinks::default();
    for arguments in [["logs", "scan"].as_slice(), &["logs", "scan", "--json"]] {
        let output = home.command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let printed = String::from_utf8(output.stdout).unwrap();
        assert_eq!(places(&printed), expected);
        sinks.add("docket logs scan", printed.as_bytes());
        sinks.add("docket logs scan", &output.stderr);
    }
    let leaks = sinks.leaks(&secrets());
    assert!(leaks.is_empty(), "{}", leaks.join("\n"));
}

/// Each secret as the message of a line, and as a line that is no JSON.
fn lines_with_secrets() -> Vec<String> {
    let lines = planted().into_iter().flat_map(|planted| {
        let bare = planted.text.lines().next().unwrap().to_owned();
        [json!({ "message": planted.text }).to_string(), bare]
    });
    lines.collect()
}

fn append(path: &Path, lines: &[String]) {
    let mut file = File::options().append(true).open(path).unwrap();
    let text = lines.join("\n") + "\n";
    if path.extension().is_some_and(|end| end == "gz") {
        let mut packed = GzEncoder::new(file, Compression::fast());
        packed.write_all(text.as_bytes()).unwrap();
        packed.finish().unwrap();
    } else {
        file.write_all(text.as_bytes()).unwrap();
    }
}

/// The `file:line` of all that was printed, but for the report at the end.
fn places(printed: &str) -> BTreeSet<String> {
    let lines: Vec<&str> = printed.lines().collect();
    let (_, found) = lines.split_last().unwrap();
    let place = |line: &&str| match serde_json::from_str::<Value>(line) {
        Ok(json) => format!("{}:{}", json["file"].as_str().unwrap(), json["line"]),
        Err(_) => line.split(": ").next().unwrap().to_owned(),
    };
    found.iter().map(place).collect()
}
