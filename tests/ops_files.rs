//! What `ops/` ships agrees with itself and with the server: each metric that a rule or a panel
//! names is exposed, each alert can fire, is tested, and says what to do.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "support/buyer.rs"]
mod buyer;
#[path = "support/day.rs"]
mod day;
#[allow(dead_code, reason = "not all of it is needed here")]
#[path = "telemetry/log_lines.rs"]
mod log_lines;
#[path = "support/metrics_tools.rs"]
mod metrics_tools;
#[path = "support/postgres.rs"]
mod postgres;
#[path = "support/process.rs"]
mod process;
#[path = "support/promql.rs"]
mod promql;
#[path = "ops_files/rsyslog.rs"]
mod rsyslog;
#[path = "ops_files/rules.rs"]
mod rules;
#[path = "ops_files/shippers.rs"]
mod shippers;

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;
use std::time::Duration;

use docket::kernel::Stopwatch;
use serde_json::Value;

use buyer::Buyer;
use day::Day;
use metrics_tools::has;
use process::Home;
use promql::{Matcher, family, matchers_in, names_in, quantile_thresholds};
use rules::{Rule, rules_in};

/// Metrics that Prometheus makes itself.
const OF_PROMETHEUS: &[&str] = &["up", "ALERTS"];
const SEVERITIES: &[&str] = &["{severity: critical}", "{severity: warning}", "{severity: info}"];
const TESTS: &[&str] = &["prometheus/alerts_test.yml", "prometheus/alerts_days_test.yml"];

/// The finite bounds of the histograms whose quantiles alerts look at.
const BOUNDS: &[(&str, &[f64])] =
    &[("order_processing_duration_seconds", SECONDS), ("db_wait_duration_seconds", SECONDS)];
const SECONDS: &[f64] = &[
    0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(50);

// What is there ----------------------------------------------------------------------------

fn read(path: &str) -> String {
    let path = format!("{}/ops/{path}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn alerts() -> Vec<Rule> {
    rules_in(&read("prometheus/alerts.yml"))
}

fn recorded() -> Vec<Rule> {
    rules_in(&read("prometheus/recording.yml"))
}

fn dashboard() -> Value {
    serde_json::from_str(&read("grafana/dashboards/docket.json")).unwrap()
}

/// The queries of a dashboard: every object with an `expr`.
fn queries(value: &Value) -> Vec<&Value> {
    let inside: Vec<&Value> = match value {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        _ => Vec::new(),
    };
    let own = value.get("expr").is_some().then_some(value);
    own.into_iter().chain(inside.into_iter().flat_map(queries)).collect()
}

fn expression(query: &Value) -> &str {
    query["expr"].as_str().unwrap()
}

/// Every expression of the rules and the dashboard.
fn expressions() -> Vec<String> {
    let rules = recorded().into_iter().chain(alerts()).map(|rule| rule.get("expr").to_owned());
    let dashboard = dashboard();
    let panels = queries(&dashboard).into_iter().map(|query| expression(query).to_owned());
    rules.chain(panels).collect()
}

/// The metrics of docket that they name; a recorded one stands for those that it is made of.
fn names() -> BTreeSet<String> {
    let all = expressions().iter().flat_map(|expression| names_in(expression)).collect::<Vec<_>>();
    let own = all.into_iter().filter(|name| !name.contains(':'));
    own.filter(|name| !OF_PROMETHEUS.contains(&name.as_str())).collect()
}

/// An alert's expression with that of every recorded metric in the place of its name.
fn resolved(expression: &str, recorded: &[Rule]) -> String {
    let mut text = expression.to_owned();
    // What is recorded may be made of what is recorded before it.
    for rule in recorded.iter().rev() {
        text = text.replace(&rule.name, &format!("({})", rule.get("expr")));
    }
    text
}

// What is wrong with it --------------------------------------------------------------------

/// A quantile is one of the bounds at most, and exact at each of them.
fn threshold_faults(expression: &str, bounds: &[(&str, &[f64])]) -> Vec<String> {
    let mut faults = Vec::new();
    for (histogram, threshold) in quantile_thresholds(expression) {
        let known = bounds.iter().find(|(name, _)| *name == histogram);
        let inside = known.and_then(|(_, bounds)| bounds.get(1..bounds.len() - 1));
        if !inside.is_some_and(|inside| inside.contains(&threshold)) {
            faults.push(format!("{threshold} is no bound inside {histogram}"));
        }
    }
    faults
}

fn alert_faults(alert: &Rule, runbook: &str) -> Vec<String> {
    let link = format!("ops/runbook.md#{}", alert.name.to_lowercase());
    let heading = format!("## {}", alert.name);
    let checks = [
        (!alert.get("expr").is_empty(), "expr"),
        (!alert.get("for").is_empty(), "for"),
        (SEVERITIES.contains(&alert.get("labels")), "severity"),
        (alert.get("summary").len() > 10, "summary"),
        (alert.get("description").len() > 40, "description"),
        (alert.get("runbook") == link, "runbook"),
        (runbook.lines().any(|line| line == heading), "section in the runbook"),
    ];
    let missing = checks.iter().filter(|(holds, _)| !holds);
    missing.map(|(_, what)| format!("{}: {what}", alert.name)).collect()
}

/// An alert is seen to fire, and to stay silent.
fn test_faults(alert: &str, tests: &str) -> Vec<String> {
    let of = |title: &str| {
        let heading = format!("- name: {alert} {title}\n");
        tests.split_once(&heading).map(|(_, rest)| rest.split("- name: ").next().unwrap_or(rest))
    };
    let fires = of("fires").is_some_and(|test| test.contains(&format!("alertname=\"{alert}\"")));
    let silent = of("stays silent").is_some_and(|test| test.contains("exp_samples"));
    let checks = [(fires, "is not seen to fire"), (silent, "is not seen to stay silent")];
    checks.iter().filter(|(holds, _)| !holds).map(|(_, what)| format!("{alert} {what}")).collect()
}

/// Values that the server does not expose for a label that has a closed set of them.
fn value_faults(
    asked: &Matcher,
    exposed: &BTreeMap<(String, String), BTreeSet<String>>,
) -> Vec<String> {
    let label = asked.label.as_str();
    let of_the_target = ["job", "instance"].contains(&label);
    if of_the_target || asked.metric.contains(':') {
        return Vec::new();
    }
    let known = exposed.get(&(asked.metric.clone(), label.to_owned()));
    let missing =
        asked.values.iter().filter(|value| !known.is_some_and(|all| all.contains(*value)));
    missing.map(|value| format!("{}{{{label}=\"{value}\"}}", asked.metric)).collect()
}

// The files --------------------------------------------------------------------------------

#[test]
fn every_alert_says_what_to_do() {
    let (runbook, alerts) = (read("runbook.md"), alerts());
    assert!(alerts.len() > 20, "only {} alerts were found", alerts.len());
    let faults: Vec<_> = alerts.iter().flat_map(|alert| alert_faults(alert, &runbook)).collect();
    assert_eq!(faults, [""; 0]);
    let names: BTreeSet<_> = alerts.iter().map(|alert| alert.name.as_str()).collect();
    let sections = runbook.lines().filter_map(|line| line.strip_prefix("## "));
    let stray: Vec<_> = sections.filter(|section| !names.contains(section)).collect();
    assert_eq!(stray, [""; 0], "sections of no alert");
}

#[test]
fn every_alert_is_seen_to_fire_and_to_stay_silent() {
    let tests: String = TESTS.iter().map(|path| read(path)).collect();
    let faults: Vec<_> = alerts().iter().flat_map(|a| test_faults(&a.name, &tests)).collect();
    assert_eq!(faults, [""; 0]);
}

#[test]
fn a_missing_test_section_or_threshold_is_found() {
    let text = "- alert: A\n  expr: histogram_quantile(0.9, a_bucket) > 10\n  for: 5m\n";
    let alert = &rules_in(text)[0];
    let faults = alert_faults(alert, "## Another\n");
    assert_eq!(faults.len(), 5, "{faults:?}");
    let test = "- name: A fires\n  alertname=\"B\"\n- name: A stays silent\n  exp_samples: []\n";
    assert_eq!(test_faults("A", test), ["A is not seen to fire"]);
    let at = |bounds| threshold_faults(alert.get("expr"), &[("a", bounds)]);
    assert_eq!(at(&[1.0, 5.0, 10.0]).len(), 1, "the last bound is never exceeded");
    assert_eq!(at(&[1.0, 5.0, 50.0]).len(), 1, "between two bounds it is a guess");
    assert_eq!(at(&[1.0, 10.0, 50.0]), [""; 0]);
}

#[test]
fn every_threshold_on_a_quantile_is_a_bound_inside_its_histogram() {
    let recorded = recorded();
    let resolved: Vec<_> = alerts().iter().map(|a| resolved(a.get("expr"), &recorded)).collect();
    let compared: usize = resolved.iter().map(|text| quantile_thresholds(text).len()).sum();
    assert!(compared >= 2, "no alert compares a quantile any more");
    let faults: Vec<_> = resolved.iter().flat_map(|text| threshold_faults(text, BOUNDS)).collect();
    assert_eq!(faults, [""; 0]);
}

#[test]
fn every_recorded_metric_that_is_named_is_recorded() {
    let recorded: BTreeSet<_> = recorded().into_iter().map(|rule| rule.name).collect();
    let named = expressions().into_iter().flat_map(|expression| names_in(&expression));
    let named: BTreeSet<_> = named.filter(|name| name.contains(':')).collect();
    assert_eq!(named, recorded, "named and recorded");
}

#[test]
fn every_panel_is_described_and_leads_from_a_histogram_to_a_trace() {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap();
    let ids: BTreeSet<_> = panels.iter().map(|panel| panel["id"].as_i64()).collect();
    assert_eq!(ids.len(), panels.len(), "two panels have one id");
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        let title = panel["title"].as_str().unwrap();
        assert!(panel["description"].as_str().is_some_and(|text| text.len() > 20), "{title}");
        let targets = panel["targets"].as_array().unwrap();
        assert!(!targets.is_empty(), "{title}");
        for target in targets {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{title}");
            let histogram = expression(target).contains("_bucket{");
            assert!(!histogram || target["exemplar"] == true, "{title} has no dots");
        }
    }
}

// Prometheus' own tool ---------------------------------------------------------------------

fn promtool(arguments: &[&str]) {
    if !has("promtool", &["--version"]) {
        return;
    }
    let mut command = Command::new("promtool");
    command.args(arguments).current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/ops"));
    process::succeeded(&command.output().unwrap());
}

#[test]
fn promtool_takes_the_configuration_and_the_rules() {
    promtool(&["check", "config", "prometheus/prometheus.yml"]);
}

#[test]
fn promtool_sees_every_alert_fire_and_stay_silent() {
    for tests in TESTS {
        promtool(&["test", "rules", tests]);
    }
}

// The server -------------------------------------------------------------------------------

/// What a scrape brought: its metrics, and the values of their labels.
struct Scrape {
    text: String,
    names: BTreeSet<String>,
    values: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Scrape {
    fn of(text: &str) -> Self {
        let mut scrape =
            Self { text: text.to_owned(), names: BTreeSet::new(), values: BTreeMap::new() };
        for line in text.lines() {
            scrape.names.extend(names_in(line));
            for Matcher { metric, label, values } in matchers_in(line) {
                scrape.values.entry((metric, label)).or_default().extend(values);
            }
        }
        scrape
    }

    /// The finite bounds of a histogram.
    fn bounds(&self, histogram: &str) -> Vec<f64> {
        let bounds = self.values.get(&(family(histogram).to_owned(), "le".to_owned()));
        let bounds = bounds.into_iter().flatten().map(|bound| bound.parse::<f64>().unwrap());
        let mut finite: Vec<_> = bounds.filter(|bound| bound.is_finite()).collect();
        finite.sort_by(f64::total_cmp);
        finite
    }

    /// What rules and panels ask for, and is not there.
    fn missing(&self) -> Vec<String> {
        let names = names();
        let missing = names.difference(&self.names).cloned();
        let asked: BTreeSet<_> = expressions().iter().flat_map(|text| matchers_in(text)).collect();
        let asked =
            asked.into_iter().filter(|asked| !OF_PROMETHEUS.contains(&asked.metric.as_str()));
        missing.chain(asked.flat_map(|asked| value_faults(&asked, &self.values))).collect()
    }
}

async fn scrape(buyer: &Buyer, ops: &str) -> Scrape {
    Scrape::of(&buyer.get(&format!("{ops}/metrics")).await.unwrap().body)
}

#[test]
fn what_a_scrape_does_not_bring_is_missing() {
    let asked = &matchers_in(r#"a_total{task=~"x|y", job="docket"}"#);
    let scrape = Scrape::of("# HELP a_total b{c}\na_total{task=\"x\"} 1\nd_bucket{le=\"0.5\"} 1\n");
    assert_eq!(scrape.names, ["a_total".to_owned(), "d".to_owned()].into());
    assert_eq!(scrape.bounds("d"), [0.5]);
    let faults: Vec<_> =
        asked.iter().flat_map(|asked| value_faults(asked, &scrape.values)).collect();
    assert_eq!(faults, ["a_total{task=\"y\"}"]);
    assert!(scrape.missing().contains(&"orders_placed_total".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_metric_named_in_ops_exists_after_a_day_of_orders() {
    let home = Home::on_sqlite();
    let server = home.start(&[("DOCKET_PAYMENTS__GATEWAY_TIMEOUT_MS", "500")]);
    let buyer = Buyer::new();
    Day { buyer: &buyer, api: &server.api, sku: "tea" }.pass().await;

    // Jobs and the sealer have their own beats.
    let waited = Stopwatch::start();
    let seen = loop {
        let seen = scrape(&buyer, &server.ops).await;
        let missing = seen.missing();
        if missing.is_empty() {
            break seen;
        }
        assert!(waited.elapsed() < PATIENCE, "not exposed: {missing:#?}");
        tokio::time::sleep(PAUSE).await;
    };
    for (histogram, bounds) in BOUNDS {
        assert_eq!(seen.bounds(histogram), *bounds, "{histogram}");
    }
    // The client asked for the one pending order many times: an answer to that is a replay. Else
    // those who ask often would hide failures, and look like many who order.
    let pending = "orders_placed_total{outcome=\"pending\"} 1\n";
    assert!(seen.text.contains(pending), "{}", seen.text);
    server.stop();
}
