//! Ends: a stop under load, a panic, a file that is put aside, packed or moved away; no line and
//! no kept span is lost by any of them, and none is there twice.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use docket::kernel::Stopwatch;
use serde_json::Value;

use crate::buyer::{Buyer, card, order_of};
use crate::caller::{Caller, Heard, hear, one_after_the_other};
use crate::collectors::{Manner, over_http};
use crate::log_lines::{every_line, files, lines_saying};
use crate::process::{Home, Server, on_both};
use crate::whole_traces::{Known, faults};

const AT_ONCE: usize = 16;
const STOP_MOST: Duration = Duration::from_secs(10);
const PATIENCE: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(20);

/// How many canonical lines each request has in the log, whatever became of its files.
fn canonical(lines: &[String]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in lines {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"));
        if line["target"] == "docket::access" {
            let id = line["request_id"].as_str().unwrap().to_owned();
            *counts.entry(id).or_default() += 1;
        }
    }
    counts
}

/// Each of these requests has one canonical line.
#[track_caller]
fn each_has_one_line(lines: &[String], heard: &[Heard]) {
    let counts = canonical(lines);
    let wrong: Vec<_> = heard
        .iter()
        .map(|heard| (&heard.request_id, counts.get(&heard.request_id).copied().unwrap_or(0)))
        .filter(|(_, count)| *count != 1)
        .collect();
    assert!(wrong.is_empty(), "of {}: {:?}", heard.len(), &wrong[..wrong.len().min(20)]);
}

#[test]
#[should_panic(expected = "(\"request-2\", 2)")]
fn a_line_that_is_there_twice_is_found() {
    let line = |id: &str| format!(r#"{{"target":"docket::access","request_id":"{id}"}}"#);
    let heard = ["request-1", "request-2"].map(|id| Heard {
        status: 200,
        trace_id: String::new(),
        request_id: id.into(),
        body: Value::Null,
    });
    let lines = ["request-1", "request-2", "request-2"].map(line);
    each_has_one_line(&lines, &heard);
}

async fn until(what: &str, done: impl Fn() -> bool) {
    let waited = Stopwatch::start();
    while !done() {
        assert!(waited.elapsed() < PATIENCE, "{what}");
        tokio::time::sleep(PAUSE).await;
    }
}

// A stop, and panics ---------------------------------------------------------------------------

/// Orders, of which each tenth meets a panic: in the work that outlives the connection, or before.
async fn order(caller: &Caller, number: usize) -> Option<Heard> {
    let panics = match number % 20 {
        7 => "place.before_prepare",
        17 => "command.read",
        _ => "order",
    };
    let reference = format!("{panics} {number}");
    let body = order_of(&reference, "tea", 1, card("tok_visa"));
    let heard = hear(caller.post("/v1/orders", &body)).await?;
    let expected = if panics == "order" { 201 } else { 500 };
    assert!([expected, 503].contains(&heard.status), "{reference}: {heard:?}");
    Some(heard)
}

/// Each request that met a panic has a line about it in its trace.
#[track_caller]
fn every_panic_is_told(lines: &[String], heard: &[Heard]) {
    let about_panics = lines.iter().filter(|line| line.contains("docket::panic"));
    let told: BTreeSet<String> = about_panics
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|line| line["trace_id"].as_str().unwrap().to_owned())
        .collect();
    let panicked = heard.iter().filter(|heard| heard.status == 500);
    let panicked: BTreeSet<String> = panicked.map(|heard| heard.trace_id.clone()).collect();
    assert!(panicked.len() > 10, "{}", panicked.len());
    assert!(told.is_superset(&panicked), "panics without a line");
}

on_both! {
    async fn a_stop_under_load_and_panics_lose_no_line_and_no_span(home: Home) {
        let (collector, sink) = over_http(Manner::Well);
        let endpoint = format!("{collector}/v1/traces");
        let exporters = format!(r#"[{{ kind = "otlp_http", endpoint = "{endpoint}" }}]"#);
        let settings = [
            ("DOCKET_TRACES__EXPORTERS", exporters.as_str()),
            ("DOCKET_TRACES__SAMPLE_RATIO", "1.0"),
            ("DOCKET_TRACES__QUEUE_SPANS", "1000000"),
            ("DOCKET_LOGS__FILTER", "info"),
            ("DOCKET_PANIC_POINTS", "1"),
            ("RUST_BACKTRACE", "0"),
        ];
        let mut server = home.start_telling(&settings, Stdio::null());
        Buyer::new().stock(&server.api, "tea", 349, 100_000).await;
        let (caller, ended) = (Caller::of(&server), AtomicBool::new(false));
        let heard = Mutex::new(Vec::new());
        let load = one_after_the_other(
            (0..).take_while(|_| !ended.load(Ordering::SeqCst)),
            AT_ONCE,
            async |number| match order(&caller, number).await {
                Some(answer) => heard.lock().unwrap().push(answer),
                // Nobody listens any more.
                None => ended.store(true, Ordering::SeqCst),
            },
        );
        let stop = async {
            while heard.lock().unwrap().len() < 200 {
                tokio::time::sleep(PAUSE).await;
            }
            server.ask_to_stop();
        };
        tokio::join!(load, stop);
        assert!(server.end(STOP_MOST).success());

        let heard = heard.into_inner().unwrap();
        let with = |status| heard.iter().filter(|heard| heard.status == status).count();
        println!("{} answers: {} placed, {} panicked", heard.len(), with(201), with(500));
        println!("{} refused while it stopped", with(503));
        each_has_one_line(&every_line(home.data.path()), &heard);
        let known: Vec<_> = heard
            .iter()
            .map(|heard| Known {
                trace_id: heard.trace_id.clone(),
                status: heard.status,
                parent: None,
            })
            .collect();
        let found = faults(&sink.otlp(), &known);
        assert!(found.is_empty(), "{} faults: {:#?}", found.len(), &found[..found.len().min(20)]);
        // The last words come after everything else.
        let accounts = lines_saying(home.data.path(), "an exporter has ended");
        let [account] = &accounts[..] else { panic!("{accounts:?}") };
        assert_eq!(account["kept"], sink.otlp().len());
        every_panic_is_told(&every_line(home.data.path()), &heard);
        home.is_sound();
    }
}

// Files that are put aside, packed, moved away -------------------------------------------------

/// The lines of a request in what is known of an id.
fn lines_in(view: &Value, request_id: &str) -> usize {
    let lines = view["log_lines"].as_array().unwrap().iter();
    let is_canonical =
        |line: &&Value| line["target"] == "docket::access" && line["request_id"] == request_id;
    lines.filter(is_canonical).count()
}

/// Asks for what is known of an id until its line is there; it is never there twice.
async fn is_found_once(caller: &Caller, id: &str, heard: &Heard) {
    let view = caller.told_of(id, |view| lines_in(view, &heard.request_id) > 0).await;
    assert_eq!(lines_in(&view, &heard.request_id), 1, "{view}");
    assert_eq!(view["log_lines_incomplete"], false);
}

fn packed(home: &Home) -> Vec<String> {
    let files = files(home.data.path(), "docket");
    let packed = files.into_iter().filter(|(path, _)| path.extension().unwrap() == "gz");
    packed.map(|(_, text)| text).collect()
}

fn number_of_files(home: &Home, extension: &str) -> usize {
    let names = fs::read_dir(home.data.path().join("logs")).unwrap();
    let paths = names.map(|entry| entry.unwrap().path());
    let of_log = paths.filter(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with("docket-") && name.ends_with(extension)
    });
    of_log.count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rotation_under_load_loses_no_line_and_packed_ones_are_found() {
    let home = Home::on_sqlite();
    let server = home.start(&[
        ("DOCKET_LOGS__FILTER", "info"),
        ("DOCKET_LOGS__FILE_BYTES", "65536"),
        ("DOCKET_LOGS__KEEP_FILES", "1000"),
    ]);
    let caller = Caller::of(&server);
    let heard = Mutex::new(Vec::<Heard>::new());
    one_after_the_other(0..2_000, AT_ONCE, async |number| {
        let id = format!("request-{number:05}");
        let request = caller.get("/v1/orders?limit=1").header("x-request-id", &id);
        let answer = hear(request).await.unwrap();
        assert_eq!((answer.status, &answer.request_id), (200, &id));
        heard.lock().unwrap().push(answer);
        // Somebody looks for an earlier one while its file may be put aside.
        if number % 100 == 99 {
            let earlier = heard.lock().unwrap()[number / 2].clone();
            is_found_once(&caller, &earlier.request_id, &earlier).await;
        }
    })
    .await;
    let heard = heard.into_inner().unwrap();
    // All but the newest are packed.
    until("files are packed", || number_of_files(&home, ".log") == 1).await;
    let packed = packed(&home).concat();
    let in_packed: Vec<_> =
        heard.iter().filter(|heard| packed.contains(&heard.request_id)).collect();
    println!("{} lines in {} packed files", in_packed.len(), number_of_files(&home, ".gz"));
    assert!(in_packed.len() > 1_000, "{}", in_packed.len());
    for one in [in_packed[0], in_packed[in_packed.len() / 2]] {
        is_found_once(&caller, &one.trace_id, one).await;
        is_found_once(&caller, &one.request_id, one).await;
        let printed = home.run(&["logs", "--trace", &one.trace_id]);
        let printed: Vec<String> = printed.lines().map(str::to_owned).collect();
        each_has_one_line(&printed, std::slice::from_ref(one));
    }
    let counters = caller.counters().await;
    println!("rotations: {}", counters.of("telemetry_log_rotations_total", "size"));
    assert_eq!(counters.sum("telemetry_log_write_errors_total"), 0);
    assert_eq!(counters.sum("telemetry_log_lines_dropped_total"), 0);
    server.stop();
    each_has_one_line(&every_line(home.data.path()), &heard);
}

fn hang_up(server: &Server) {
    let kill = format!("kill -HUP {}", server.id());
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_was_moved_away_is_opened_anew_at_sighup() {
    let home = Home::on_sqlite();
    let server = home.start(&[("DOCKET_LOGS__FILTER", "info")]);
    let caller = Caller::of(&server);
    let ask = async || hear(caller.get("/v1/products")).await.unwrap();
    let mut heard = Vec::new();
    for _ in 0..20 {
        heard.push(ask().await);
    }
    let told = || lines_saying(home.data.path(), "request").len();
    until("all is written", || told() == 20).await;
    let log = home.data.path().join("logs/docket.log");
    fs::rename(&log, log.with_extension("log.1")).unwrap();
    hang_up(&server);
    // Nothing else makes it anew: it is looked for when a line is written, and that is the first.
    until("docket.log is there again", || fs::metadata(&log).is_ok_and(|it| it.len() > 0)).await;
    for _ in 0..20 {
        heard.push(ask().await);
    }
    server.stop();
    assert_eq!(told(), 20);
    let first = fs::read_to_string(&log).unwrap();
    assert!(first.lines().next().unwrap().contains("the log file is opened anew"), "{first}");
    let moved = fs::read_to_string(log.with_extension("log.1")).unwrap();
    let all = moved.lines().chain(first.lines()).map(str::to_owned);
    each_has_one_line(&all.collect::<Vec<_>>(), &heard);
}
