//! The configurations of shippers name the files that the server writes, leave packed ones alone,
//! and know the stream of every target.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::buyer::Buyer;
use crate::day::Day;
use crate::log_lines;
use crate::process::{Home, succeeded};

const CONFIGURATIONS: [&str; 3] =
    ["shippers/vector.toml", "shippers/filebeat.yml", "shippers/rsyslog.conf"];
const LOGS: &str = "/var/lib/docket/logs";
/// The modules whose lines have a stream of their own.
const STREAMS: [(&str, &str); 4] =
    [("access", "access"), ("audit", "audit"), ("security", "security"), ("identity", "security")];

/// The stream of a line with this target.
pub fn stream_of(target: &str) -> &'static str {
    let module = target.strip_prefix("docket::").and_then(|rest| rest.split("::").next());
    let found = STREAMS.iter().find(|(name, _)| Some(*name) == module);
    found.map_or("app", |(_, stream)| stream)
}

/// A configuration without its comments.
fn settings(text: &str) -> String {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.collect::<Vec<_>>().join("\n")
}

/// The names of files, with their wildcards, that a configuration gives in the log directory.
fn files_in(settings: &str) -> BTreeSet<&str> {
    let words = settings.split(|letter: char| letter.is_whitespace() || "\"',[]".contains(letter));
    words.filter(|word| word.contains(LOGS)).filter_map(|word| word.rsplit('/').next()).collect()
}

/// Whether one of these patterns, with one `*` at most, has this name.
fn takes(patterns: &BTreeSet<&str>, name: &str) -> bool {
    patterns.iter().any(|pattern| match pattern.split_once('*') {
        Some((start, end)) => name.strip_prefix(start).is_some_and(|rest| rest.ends_with(end)),
        None => name == *pattern,
    })
}

/// The modules that a configuration names, each with the stream that is said next; the streams
/// that are said without a module have none.
fn table_in(settings: &str) -> BTreeSet<(String, String)> {
    let word = |text: &str| -> String {
        text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '|').collect()
    };
    let (mut table, mut modules) = (BTreeSet::new(), Vec::new());
    for line in settings.lines() {
        for rest in line.split("docket::").skip(1) {
            modules.extend(word(rest.trim_start_matches('(')).split('|').map(str::to_owned));
        }
        for rest in line.split("stream").skip(1) {
            let said = rest.trim_start().strip_prefix(['=', ':']).map(str::trim_start);
            if let Some(stream) = said.map(|said| word(said.trim_start_matches('"'))) {
                let named = if modules.is_empty() { vec![String::new()] } else { modules };
                table.extend(named.into_iter().map(|module| (module, stream.clone())));
                modules = Vec::new();
            }
        }
    }
    table
}

#[test]
fn every_configuration_sends_each_module_to_its_stream() {
    let of_modules = STREAMS.iter().copied().chain([("", "app"), ("", "checkpoints")]);
    let expected: BTreeSet<_> =
        of_modules.map(|(module, stream)| (module.to_owned(), stream.to_owned())).collect();
    for path in CONFIGURATIONS {
        assert_eq!(table_in(&settings(&crate::read(path))), expected, "{path}");
    }
}

#[test]
fn a_wrong_stream_or_file_is_seen() {
    let vector = settings(&crate::read("shippers/vector.toml"));
    let table = table_in(&vector);
    for (right, wrong) in [("\"security\"", "\"app\""), ("docket::identity", "docket::id")] {
        assert_ne!(table_in(&vector.replace(right, wrong)), table, "{right}");
    }
    let files = files_in(r#"file="/var/lib/docket/logs/docket*.log" work="/var/spool/x.log""#);
    assert_eq!(files, BTreeSet::from(["docket*.log"]));
    assert!(takes(&files, "docket-1.log") && takes(&files, "docket.log"));
    assert!(!takes(&files, "docket.log.gz") && !takes(&files, "traces.log"));
    assert_eq!(stream_of("docket::auditor"), "app");
}

/// What shippers themselves say of their configurations, where they are installed.
#[test]
fn vector_and_filebeat_take_their_configurations() {
    let ops = concat!(env!("CARGO_MANIFEST_DIR"), "/ops");
    let home = tempfile::tempdir().unwrap();
    let state = ["--path.home", home.path().to_str().unwrap(), "--strict.perms=false"];
    for (tool, arguments, more) in [
        ("vector", ["validate", "--no-environment", "shippers/vector.toml"].as_slice(), &[][..]),
        ("filebeat", &["test", "config", "-c", "shippers/filebeat.yml"], &state),
    ] {
        match Command::new(tool).args(arguments).args(more).current_dir(ops).output() {
            Ok(output) => drop(succeeded(&output)),
            Err(_) => {
                let _ = writeln!(std::io::stderr(), "not checked with {tool}: it is not here");
            }
        }
    }
}

/// The streams of all lines that are there, which are valid.
fn streams_written(data: &Path) -> BTreeSet<&'static str> {
    let lines = log_lines::every_line(data);
    let stream = |line: &String| {
        assert!(log_lines::faults(line).is_empty(), "{:?}: {line}", log_lines::faults(line));
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        stream_of(line["target"].as_str().unwrap())
    };
    lines.iter().map(stream).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_files_that_a_server_writes_are_those_that_are_read() {
    let home = Home::on_sqlite();
    let server = home.start(&[
        ("DOCKET_LOGS__FILTER", "debug"),
        ("DOCKET_LOGS__FILE_BYTES", "65536"),
        ("DOCKET_PAYMENTS__GATEWAY_TIMEOUT_MS", "500"),
    ]);
    let buyer = Buyer::new();
    let logs = home.data.path().join("logs");
    let aside = |end: &str| {
        let names = std::fs::read_dir(&logs).unwrap().map(|file| file.unwrap().file_name());
        names.filter(|name| name.to_str().unwrap().ends_with(end)).count()
    };
    let waited = docket::kernel::Stopwatch::start();
    for day in 0.. {
        Day { buyer: &buyer, api: &server.api, sku: &format!("tea-{day}") }.pass().await;
        if aside(".log.gz") > 0 && aside(".jsonl") > 0 {
            break;
        }
        assert!(waited.elapsed() < crate::PATIENCE * 6, "nothing is put aside");
    }
    reqwest::get(format!("{}/v1/orders", server.api)).await.unwrap();
    buyer.get(&format!("{}/v1/audit", server.api)).await.unwrap().expect(200);
    server.stop();
    let streams = streams_written(home.data.path());
    assert!(streams.is_superset(&BTreeSet::from(["access", "security", "app"])), "{streams:?}");

    for path in CONFIGURATIONS {
        let text = settings(&crate::read(path));
        let mut files = files_in(&text);
        // Renamed files are found by name, or followed by who has them open.
        let by_name = files.contains("docket-*.log");
        assert_eq!(by_name, path != "shippers/rsyslog.conf", "{path}");
        assert!(!by_name || text.contains("gz"), "{path} excludes nothing");
        files.retain(|pattern| !pattern.ends_with(".gz"));
        for file in std::fs::read_dir(&logs).unwrap() {
            let name = file.unwrap().file_name().into_string().unwrap();
            let current = ["docket.log", "checkpoints.jsonl"].contains(&name.as_str());
            let wanted = current || (by_name && name.ends_with(".log"));
            assert_eq!(takes(&files, &name), wanted, "{name} by {path}");
        }
    }
}
