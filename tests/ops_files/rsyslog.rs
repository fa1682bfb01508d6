//! `ops/shippers/rsyslog.conf` in rsyslog itself, while a server writes, rotates and packs: every
//! line arrives once, as it was written, in its stream, dated by its own time.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::{Child, Command};

use docket::kernel::Stopwatch;
use reqwest::Client;
use serde_json::Value;

use crate::buyer::Buyer;
use crate::day::Day;
use crate::log_lines;
use crate::metrics_tools::first_of;
use crate::process::{Home, Server};
use crate::shippers::stream_of;
use crate::{PATIENCE, PAUSE};

/// The directories in the configuration, each with its own in a test.
const DIRECTORIES: [(&str, &str); 3] = [
    ("/var/lib/docket/logs", "logs"),
    ("/var/log/docket", "shipped"),
    ("/var/spool/rsyslog", "spool"),
];
const MARK: &str = r#"[docket@32473 unparsed="1"]"#;
/// So many are sent before rsyslog has caught up: much less than a file of lines.
const REQUESTS_AT_ONCE: usize = 10;
const FILE_BYTES: u64 = 65_536;
const ROTATIONS: usize = 4;

/// Lines that stand in the file when all begins, with the stream and time that they must get; those
/// without a time are marked.
const GOLDEN: &[(&str, &str, Option<&str>)] = &[
    (
        r#"{"timestamp":"2026-11-23T17:39:12.000001Z","target":"docket::access","n":"\"\\ %msg%"}"#,
        "access",
        Some("2026-11-23T17:39:12.000001Z"),
    ),
    (
        r#"{"timestamp":"2026-11-23T17:39:12.5Z","target":"docket::audit","n":"\u0000é日 #012"}"#,
        "audit",
        Some("2026-11-23T17:39:12.5Z"),
    ),
    (
        r#"{"timestamp":"2026-11-23T17:39:13Z","target":"docket::audit::seal","a.b":{"c":[1]}}"#,
        "audit",
        Some("2026-11-23T17:39:13Z"),
    ),
    (
        r#"{"target":"docket::identity::keys","timestamp":"2026-11-23T17:39:14Z"}"#,
        "security",
        Some("2026-11-23T17:39:14Z"),
    ),
    (
        r#"{"timestamp":"2026-11-23T17:39:15Z","target":"docket::auditor"}"#,
        "app",
        Some("2026-11-23T17:39:15Z"),
    ),
    (r#"{"timestamp":"2026-11-23T17:39:16Z"}"#, "app", Some("2026-11-23T17:39:16Z")),
    (r#"{"timestamp":"2026-11-23T17:39:12.0000"#, "app", None),
    (r#"{"target":"docket::orders"}"#, "app", None),
    (r#"["timestamp"]"#, "app", None),
    ("  a panic's last words: 100% [x] ", "app", None),
];

/// A line as it was sent on: its stream, its time unless it is that of the arrival, itself.
type Event = (String, Option<String>, String);

/// rsyslog with the shipped configuration, at a server's home.
struct Rsyslog<'a> {
    data: &'a Path,
    child: Child,
}

impl<'a> Rsyslog<'a> {
    fn start(tool: &str, data: &'a Path) -> Self {
        let mut text = crate::read("shippers/rsyslog.conf");
        for (shipped, own) in DIRECTORIES {
            assert!(text.contains(shipped), "{shipped} is not in the configuration");
            fs::create_dir_all(data.join(own)).unwrap();
            text = text.replace(shipped, data.join(own).to_str().unwrap());
        }
        let (file, pid) = (data.join("rsyslog.conf"), data.join("rsyslog.pid"));
        fs::write(&file, text).unwrap();
        let mut command = Command::new(tool);
        command.arg("-n").arg("-f").arg(file).arg("-i").arg(pid);
        Self { data, child: command.spawn().unwrap() }
    }

    /// Stops it as a service manager does.
    fn stop(mut self) {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }

    /// Waits until what is in the file now is sent on.
    async fn catch_up(&self) {
        // There may be none for a moment, or half a line at its end.
        let text = fs::read_to_string(self.data.join("logs/docket.log")).unwrap_or_default();
        let whole = text.rsplit_once('\n').and_then(|(whole, _)| whole.lines().next_back());
        let Some(newest) = whole else { return };
        let is_there = |event: &Event| event.2 == newest;
        self.wait_for(newest, |shipped| shipped.iter().any(is_there)).await;
    }

    /// Waits until so much is sent on, for a server that has stopped.
    async fn send_all(&self, lines: usize) {
        self.wait_for("all lines", |shipped| shipped.len() >= lines).await;
    }

    async fn wait_for(&self, what: &str, is_there: impl Fn(&[Event]) -> bool) {
        let waited = Stopwatch::start();
        while !is_there(&shipped(self.data)) {
            assert!(waited.elapsed() < PATIENCE, "not sent on: {what}");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl Drop for Rsyslog<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Everything that has been sent on.
fn shipped(data: &Path) -> Vec<Event> {
    let files = fs::read_dir(data.join("shipped")).unwrap().map(|file| file.unwrap().path());
    let events = files.flat_map(|path| {
        let bytes = fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let stream = path.file_stem().unwrap().to_str().unwrap();
        // The last one may still be on its way.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(|line| event(stream, line)).collect::<Vec<_>>()
    });
    events.collect()
}

/// Reads `<133>1 TIME HOST docket - STREAM DATA LINE`, in the file of its stream.
#[track_caller]
fn event(file: &str, line: &str) -> Event {
    let parts: Vec<&str> = line.splitn(7, ' ').collect();
    let [_, time, _, "docket", "-", stream, rest] = parts[..] else { panic!("{line}") };
    assert_eq!(file, stream);
    match (rest.strip_prefix("- "), rest.strip_prefix(MARK)) {
        (Some(line), _) => (stream.to_owned(), Some(time.to_owned()), line.to_owned()),
        (_, Some(line)) => (stream.to_owned(), None, line[1..].to_owned()),
        _ => panic!("{line}"),
    }
}

/// Everything that is to be sent on, from the files of the server itself.
fn written(data: &Path) -> Vec<Event> {
    let of_log = log_lines::every_line(data).into_iter().map(|line| {
        let json: Value = serde_json::from_str(&line).unwrap_or_default();
        let stream = stream_of(json["target"].as_str().unwrap_or_default());
        let time = json["timestamp"].as_str().map(str::to_owned);
        (stream.to_owned(), time, line)
    });
    let seals = log_lines::files(data, "checkpoints");
    let of_seals = seals.iter().flat_map(|(_, text)| text.lines()).map(|line| {
        let json: Value = serde_json::from_str(line).unwrap();
        ("checkpoints".to_owned(), json["sealed_at"].as_str().map(str::to_owned), line.to_owned())
    });
    of_log.chain(of_seals).collect()
}

/// What is in one more often than in the other, with how much more often.
fn more(one: &[Event], other: &[Event]) -> Vec<(Event, i64)> {
    let mut counts: BTreeMap<&Event, i64> = BTreeMap::new();
    one.iter().for_each(|event| *counts.entry(event).or_default() += 1);
    other.iter().for_each(|event| *counts.entry(event).or_default() -= 1);
    let more = counts.into_iter().filter(|(_, count)| *count > 0);
    more.map(|(event, count)| (event.clone(), count)).collect()
}

#[track_caller]
fn is_exact(shipped: &[Event], written: &[Event]) {
    let (lost, added) = (more(written, shipped), more(shipped, written));
    let faults = [("lost", &lost), ("doubled, changed or in a wrong stream", &added)];
    for (what, events) in faults {
        let first = &events[..events.len().min(3)];
        assert!(events.is_empty(), "{} of {} {what}: {first:?}", events.len(), written.len());
    }
}

/// How many files have been put aside, packed or not.
fn rotations(data: &Path) -> usize {
    let names = fs::read_dir(data.join("logs")).unwrap().map(|file| file.unwrap().file_name());
    let plain = names.map(|name| name.to_str().unwrap().trim_end_matches(".gz").to_owned());
    let aside = plain.filter(|name| name.starts_with("docket-") && name.ends_with(".log"));
    aside.collect::<BTreeSet<_>>().len()
}

/// Requests without a key: each has a line of its own, and one about why it was refused.
async fn knock(server: &Server, http: &Client) {
    for number in 0..REQUESTS_AT_ONCE {
        let url = format!("{}/v1/orders?limit={number}&é=%25", server.api);
        http.get(url).send().await.unwrap();
    }
}

/// Lines that rsyslog must take as they are, the longest that docket writes among them.
fn golden_text() -> String {
    let long = format!(
        r#"{{"timestamp":"2026-11-23T17:39:17Z","target":"docket::http","n":"{}"}}"#,
        "x".repeat(60_000)
    );
    GOLDEN
        .iter()
        .map(|(line, ..)| *line)
        .chain([long.as_str()])
        .fold(String::new(), |text, line| text + line + "\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rsyslog_sends_every_line_once_while_files_are_put_aside() {
    let Some(tool) = first_of("rsyslogd", &["rsyslogd", "/usr/sbin/rsyslogd"], &["-v"]) else {
        return;
    };
    let home = Home::on_sqlite();
    let data = home.data.path();
    fs::create_dir_all(data.join("logs")).unwrap();
    fs::write(data.join("logs/docket.log"), golden_text()).unwrap();
    let mut rsyslog = Rsyslog::start(tool, data);
    let bytes = FILE_BYTES.to_string();
    let server = home.start(&[
        ("DOCKET_LOGS__FILTER", "info"),
        ("DOCKET_LOGS__FILE_BYTES", &bytes),
        ("DOCKET_LOGS__KEEP_FILES", "1000"),
        ("DOCKET_PAYMENTS__GATEWAY_TIMEOUT_MS", "500"),
    ]);
    let (buyer, http) = (Buyer::new(), Client::builder().no_proxy().build().unwrap());
    Day { buyer: &buyer, api: &server.api, sku: "tea" }.pass().await;
    buyer.get(&format!("{}/v1/audit", server.api)).await.unwrap().expect(200);
    let mut was_stopped = false;
    while rotations(data) < ROTATIONS || !was_stopped {
        knock(&server, &http).await;
        rsyslog.catch_up().await;
        let is_new = fs::metadata(data.join("logs/docket.log"))
            .is_ok_and(|file| file.len() < FILE_BYTES / 2);
        if rotations(data) > 1 && !was_stopped && is_new {
            // What is written meanwhile is read afterwards, unless the file is put aside.
            rsyslog.stop();
            knock(&server, &http).await;
            rsyslog = Rsyslog::start(tool, data);
            was_stopped = true;
        }
    }
    server.stop();
    let written = written(data);
    rsyslog.send_all(written.len()).await;
    rsyslog.stop();
    let shipped = shipped(data);
    is_exact(&shipped, &written);
    for (line, stream, time) in GOLDEN {
        let golden = ((*stream).to_owned(), time.map(str::to_owned), (*line).to_owned());
        assert!(shipped.contains(&golden), "{golden:?}");
    }
    let packed = log_lines::files(data, "docket-").into_iter();
    assert!(packed.filter(|(path, _)| path.extension().unwrap() == "gz").count() > 0);
    for stream in ["access", "security", "checkpoints"] {
        assert!(shipped.iter().filter(|event| event.0 == stream).count() > 0, "{stream}");
    }
}

#[test]
fn a_line_that_is_lost_doubled_or_changed_is_seen() {
    let event = |line: &str| ("app".to_owned(), None, line.to_owned());
    let written = [event("a"), event("b"), event("b")];
    assert_eq!(more(&written, &written[..2]), [(event("b"), 1)]);
    assert_eq!(more(&[event("c")], &written), [(event("c"), 1)]);
    assert!(more(&written, &written).is_empty());
}
