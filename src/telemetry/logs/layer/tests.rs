//! Lines as a reader gets them.

use std::fmt;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde_json::Value as Json;
use tracing::{debug, error, info, info_span, warn};
use tracing_subscriber::layer::SubscriberExt;

use super::*;
use crate::telemetry::logs::filter::{LevelSwitch, switched};
use crate::telemetry::traces;

mod cost;
mod redaction;

/// Keeps lines.
#[derive(Default)]
struct Kept(Mutex<Vec<String>>);

impl LineSink for Kept {
    fn push(&self, _level: Level, line: &[u8]) {
        let line = String::from_utf8(line.to_vec()).unwrap();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }
}

impl Kept {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A subscriber with both sinks.
struct Setup {
    file: Arc<Kept>,
    terminal: Arc<Kept>,
    counts: Arc<LineCounts>,
    switch: LevelSwitch,
    dispatch: tracing::Dispatch,
}

impl Setup {
    fn new(sample_ratio: f64) -> Self {
        let (file, terminal) = (Arc::new(Kept::default()), Arc::new(Kept::default()));
        let options = LineOptions { service: "docket".into(), clock: Clock::System, sample_ratio };
        let person = Terminal { sink: terminal.clone(), colours: false };
        let lines = LineLayer::new(options, Some(file.clone()), Some(person));
        let counts = lines.counts();
        let (filter, switch) = switched("debug").unwrap();
        let subscriber =
            tracing_subscriber::registry()
                .with(tracing_opentelemetry::layer().with_tracer(traces::tracer()).with_filter(
                    tracing_subscriber::filter::filter_fn(|metadata| metadata.is_span()),
                ))
                .with(lines.with_filter(filter));
        Self { file, terminal, counts, switch, dispatch: tracing::Dispatch::new(subscriber) }
    }

    fn run(&self, speak: impl FnOnce()) -> Vec<Json> {
        self.texts(speak).iter().map(|line| read(line)).collect()
    }

    fn texts(&self, speak: impl FnOnce()) -> Vec<String> {
        tracing::dispatcher::with_default(&self.dispatch, speak);
        self.file.take()
    }
}

fn lines_of(speak: impl FnOnce()) -> Vec<Json> {
    Setup::new(1.0).run(speak)
}

static SCHEMA: LazyLock<jsonschema::Validator> = LazyLock::new(|| {
    let text = include_str!("../../../../ops/log-line.schema.json");
    jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
});

/// One line: whole, valid, without a key twice.
fn read(line: &str) -> Json {
    assert!(line.ends_with("}\n") && line.len() <= 64 * 1_024, "{} bytes", line.len());
    assert_eq!(line.matches('\n').count(), 1);
    let json: Json = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let faults: Vec<_> = SCHEMA.iter_errors(&json).map(|fault| fault.to_string()).collect();
    assert!(faults.is_empty(), "{faults:?}: {line}");
    json
}

#[test]
fn a_line_has_its_keys_in_a_fixed_order() {
    let texts = Setup::new(1.0).texts(|| {
        let _span = info_span!("request", request_id = "req-1", http.route = "/v1").entered();
        info!(target: "docket::orders", items = 3, total = 9.5, paid = true, "placed");
    });
    let keys = [
        "timestamp",
        "severity",
        "message",
        "service",
        "schema_version",
        "module",
        "target",
        "trace_id",
        "span_id",
        "trace_flags",
        "request_id",
        "http.route",
        "items",
        "total",
        "paid",
    ];
    let places = keys.map(|key| texts[0].find(&format!("\"{key}\":")).unwrap());
    assert!(places.is_sorted(), "{}", texts[0]);
    let line = read(&texts[0]);
    assert_eq!(line.as_object().unwrap().len(), keys.len());
    assert_eq!((&line["severity"], &line["message"]), (&"INFO".into(), &"placed".into()));
    assert_eq!((&line["items"], &line["total"]), (&3.into(), &9.5.into()));
    assert_eq!(line["trace_flags"], "01");
    assert_eq!((&line["schema_version"], &line["module"]), (&2.into(), &"orders".into()));
}

#[test]
fn a_line_names_the_module_that_speaks() {
    for (target, module) in [
        ("docket", "docket"),
        ("docket::", "docket"),
        ("docket::access", "access"),
        ("docket::orders::place", "orders"),
        ("actix_server::builder", "actix_server"),
        ("docketing::orders", "docketing"),
    ] {
        assert_eq!(module_of(target), module, "{target}");
    }
}

#[test]
fn a_line_outside_of_every_span_has_no_trace() {
    let lines = lines_of(|| warn!("alone"));
    assert!(lines[0].get("trace_id").is_none() && lines[0].get("request_id").is_none());
}

#[test]
fn the_innermost_span_is_inherited_from_and_the_event_itself_wins() {
    let lines = lines_of(|| {
        let outer = info_span!("a", request_id = "r", order.id = "o1", secret_plan = "x").entered();
        let inner = info_span!("b", order.id = "o2", payment.id = tracing::field::Empty).entered();
        info!("inner");
        inner.record("payment.id", "p1");
        inner.record("payment.id", "p2");
        outer.record("order.id", "o3");
        info!(request_id = "mine", "recorded");
        drop(inner);
        info!("outer");
    });
    let field = |line: usize, name: &str| lines[line][name].as_str().unwrap_or("-").to_owned();
    assert_eq!(
        [field(0, "request_id"), field(0, "order.id"), field(0, "payment.id")],
        ["r", "o2", "-"]
    );
    assert_eq!([field(1, "request_id"), field(1, "payment.id")], ["mine", "p2"]);
    assert_eq!([field(2, "order.id"), field(2, "secret_plan")], ["o3", "-"]);
}

#[test]
fn no_key_stands_twice_and_reserved_names_step_aside() {
    let texts = Setup::new(1.0).texts(|| {
        let _span = info_span!("request", user_id = "u1").entered();
        info!(severity = "mine", trace_id = 7, user_id = "u2", r#type = "t", "message");
        info!(a = 1, b = 2, a = 3, "twice");
    });
    let line = read(&texts[0]);
    assert_eq!((&line["_severity"], &line["_trace_id"]), (&"mine".into(), &7.into()));
    assert_eq!((&line["user_id"], &line["type"]), (&"u2".into(), &"t".into()));
    assert_eq!(texts[0].matches("\"user_id\"").count(), 1);
    assert_eq!(texts[1].matches("\"a\":").count(), 1);
    assert_eq!((&read(&texts[1])["a"], &read(&texts[1])["b"]), (&3.into(), &2.into()));
}

#[test]
fn values_of_all_kinds_are_scalars() {
    let lines = lines_of(|| {
        info!(
            nan = f64::NAN, infinite = f64::INFINITY, large = u64::MAX, small = i64::MIN,
            wide = u128::MAX, list = ?[1, 2], none = Option::<u64>::None, "a\nb\u{1b}[31m\tc"
        );
    });
    let line = &lines[0];
    assert_eq!(line["nan"], "NaN");
    assert_eq!(line["infinite"], "inf");
    assert_eq!((&line["large"], &line["small"]), (&u64::MAX.into(), &i64::MIN.into()));
    assert_eq!(line["list"], "[1, 2]");
    assert_eq!(line["message"], "a\nb\u{1b}[31m\tc");
    assert!(line.get("none").is_none());
}

#[test]
fn long_values_are_cut_and_the_line_says_so() {
    let long = "é\u{1}".repeat(20_000);
    let lines = lines_of(|| {
        let _span = info_span!("request", job = long).entered();
        info!(a = long, b = long, c = ?long, d = long, e = long, f = long, g = 1, "{long}");
        info!(short = "x", "short");
    });
    assert_eq!(lines[0]["truncated"], true);
    assert!(lines[0].get("a").is_some() && lines[0].get("f").is_none());
    assert_eq!(lines[0]["g"], 1);
    assert!(lines[1].get("truncated").is_none());
}

#[derive(Debug, thiserror::Error)]
#[error("{text}")]
struct Failure {
    text: &'static str,
    #[source]
    cause: Option<Box<Failure>>,
}

fn failure(text: &'static str) -> Failure {
    let root = Failure { text: "no route to host", cause: None };
    Failure { text, cause: Some(Box::new(root)) }
}

#[test]
fn errors_come_with_what_caused_them() {
    let failure = failure("cannot connect");
    let error = &failure as &(dyn std::error::Error + 'static);
    let lines = lines_of(|| error!(error, "failed"));
    assert_eq!(lines[0]["error"], "cannot connect: no route to host");
}

#[test]
fn the_user_of_the_baggage_is_on_the_line() {
    use opentelemetry::KeyValue;
    let context = TraceContext::new().with_baggage([KeyValue::new("user_id", "u-7")]);
    let lines = lines_of(|| {
        let _entered = context.clone().attach();
        info!("from baggage");
        let _span = info_span!("a", user_id = "u-8").entered();
        info!("from the span");
    });
    assert_eq!((&lines[0]["user_id"], &lines[1]["user_id"]), (&"u-7".into(), &"u-8".into()));
}

#[test]
fn success_lines_are_sampled_by_trace_and_nothing_else_is() {
    let setup = Setup::new(0.0);
    let lines = setup.run(|| {
        info!("no trace");
        let _span = info_span!("request").entered();
        info!("suppressed");
        info!(always = true, "always");
        info!(always = false, "suppressed too");
        warn!("warned");
        info!(target: "docket::audit", "audited");
        info!(target: "docket::security::keys", "secured");
    });
    let messages: Vec<_> = lines.iter().map(|line| line["message"].as_str().unwrap()).collect();
    assert_eq!(messages, ["no trace", "always", "warned", "audited", "secured"]);
    assert!(lines.iter().all(|line| line.get("sample_rate").is_none()));
    assert!(lines[1].get("always").is_none());
    assert_eq!(setup.counts.read()[2], ("INFO", 4, 2));
    assert_eq!(setup.counts.read()[3], ("WARN", 1, 0));
}

#[test]
fn a_trace_is_sampled_whole_and_its_lines_say_at_which_rate() {
    let setup = Setup::new(0.5);
    let mut kept = 0;
    for _ in 0..200 {
        let lines = setup.run(|| {
            let _span = info_span!("request").entered();
            info!("one");
            debug!("two");
        });
        assert!(lines.is_empty() || lines.len() == 2);
        assert!(lines.iter().all(|line| line["sample_rate"] == 0.5));
        kept += lines.len() / 2;
    }
    assert!((60..140).contains(&kept), "{kept} of 200");
}

/// Logs while it is being logged.
struct Chatty;

impl fmt::Debug for Chatty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        info!(inner = 1, "from within");
        f.write_str("chatty")
    }
}

#[test]
fn an_event_within_an_event_neither_mixes_nor_hangs() {
    let lines = lines_of(|| {
        let span = info_span!("a", job = ?Chatty, order.id = tracing::field::Empty);
        span.record("order.id", tracing::field::debug(Chatty));
        let _entered = span.entered();
        info!(before = 1, chatty = ?Chatty, after = 2, "outside");
    });
    // `tracing` itself mutes an event within an event under a scoped subscriber, so only recording
    // speaks here, to both layers; the global one is tried in `panic.rs`.
    let (outside, within) = lines.split_last().unwrap();
    assert!(within.iter().all(|line| line["message"] == "from within"));
    assert_eq!((&outside["chatty"], &outside["after"]), (&"chatty".into(), &2.into()));
    assert_eq!((&outside["job"], &outside["order.id"]), (&"chatty".into(), &"chatty".into()));
}

#[test]
fn lines_of_many_threads_stay_whole() {
    let setup = Setup::new(1.0);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let dispatch = &setup.dispatch;
            scope.spawn(move || {
                tracing::dispatcher::with_default(dispatch, || {
                    let _span = info_span!("work", job = format!("j{thread}")).entered();
                    (0..100).for_each(|turn| info!(thread, turn, "turned"));
                });
            });
        }
    });
    let lines: Vec<_> = setup.file.take().iter().map(|line| read(line)).collect();
    assert_eq!(lines.len(), 800);
    assert!(lines.iter().all(|line| line["job"] == format!("j{}", line["thread"])));
}

/// What a switched level does to lines is looked at in a whole process: `tracing` keeps one level
/// for all subscribers of a process, and other tests have theirs.
#[test]
fn the_switch_knows_which_filter_is_in_force() {
    let setup = Setup::new(1.0);
    assert_eq!(setup.switch.current(), "debug");
    setup.switch.set("error,docket=warn").unwrap();
    assert!(setup.switch.set("wran").is_err());
    assert_eq!(setup.switch.current(), "error,docket=warn");
    setup.switch.reset().unwrap();
    assert_eq!(setup.switch.current(), "debug");
}

#[test]
fn a_person_reads_the_same_event_as_one_line() {
    let setup = Setup::new(1.0);
    setup.run(|| {
        let _span = info_span!("request", request_id = "req-1").entered();
        warn!(
            target: "docket::orders::place", items = 3, note = "two words", token = "t",
            "cannot \"place\" C:\\ it\nnow"
        );
    });
    let line = setup.terminal.take().remove(0);
    let (time, rest) = line.split_at(9);
    assert!(time.bytes().filter(|byte| *byte == b':').count() == 2 && time.ends_with(' '));
    assert_eq!(
        rest,
        "WARN  orders: cannot \"place\" C:\\ it\\nnow items=3 note=\"two words\" \
         token=[REDACTED] request_id=req-1\n"
    );
}

#[test]
fn the_schema_refuses_what_is_no_line() {
    let good = serde_json::json!({
        "timestamp": "2026-11-23T17:39:12.000001Z", "severity": "INFO", "message": "",
        "service": "docket", "schema_version": 2, "module": "orders", "target": "docket::orders",
        "items": 3,
    });
    assert!(SCHEMA.is_valid(&good));
    let with = |name: &str, value: Json| {
        let mut line = good.clone();
        line[name] = value;
        line
    };
    for bad in [
        with("timestamp", "2026-11-23T17:39:12Z".into()),
        with("severity", "NOTE".into()),
        with("schema_version", 1.into()),
        with("message", Json::Null),
        with("items", serde_json::json!([3])),
        with("span_id", "00f067aa0ba902b7".into()),
        with("sample_rate", 2.into()),
    ] {
        assert!(!SCHEMA.is_valid(&bad), "{bad}");
    }
}
