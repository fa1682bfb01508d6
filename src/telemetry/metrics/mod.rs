//! The metrics of the process, on the `prometheus` crate. Label values come from closed sets.

use std::sync::LazyLock;
use std::time::Duration;

use prometheus::{
    Encoder, Histogram, HistogramVec, IntCounter, IntCounterVec, IntGaugeVec, TextEncoder,
    histogram_opts, opts, register_histogram, register_histogram_vec, register_int_counter,
    register_int_counter_vec, register_int_gauge_vec,
};

use crate::error::Error;

/// Every metric of the process, registered once.
struct Metrics {
    http_requests: IntCounterVec,
    http_duration: HistogramVec,
    orders_placed: IntCounterVec,
    order_processing: HistogramVec,
    payment_operations: IntCounterVec,
    db_wait: HistogramVec,
    db_commit: Histogram,
    db_writes: IntCounterVec,
    db_refused: IntCounterVec,
    anonymous_refusals: IntCounter,
    invariants: IntGaugeVec,
    job_runs: IntCounterVec,
}

const SECONDS: &[f64] = &[
    0.000_1, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Registering fails only for a name used twice: a defect that the first start shows.
#[expect(clippy::expect_used, reason = "constant names, registered once, at start-up")]
static METRICS: LazyLock<Metrics> = LazyLock::new(|| register().expect("metric names are unique"));

fn register() -> prometheus::Result<Metrics> {
    let build = register_int_gauge_vec!(
        opts!("docket_build_info", "The running binary; always 1"),
        &["version"]
    )?;
    build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
    let seconds = |name: &str, help: &str| histogram_opts!(name, help, SECONDS.to_vec());
    Ok(Metrics {
        http_requests: register_int_counter_vec!(
            "http_server_requests_total",
            "HTTP requests answered",
            &["method", "route", "status"]
        )?,
        http_duration: register_histogram_vec!(
            seconds("http_server_request_duration_seconds", "Time to answer a request"),
            &["method", "route"]
        )?,
        orders_placed: register_int_counter_vec!(
            "orders_placed_total",
            "Orders placed, by how they came out",
            &["outcome"]
        )?,
        order_processing: register_histogram_vec!(
            seconds("order_processing_duration_seconds", "Time to place an order"),
            &["outcome"]
        )?,
        payment_operations: register_int_counter_vec!(
            "payment_operations_total",
            "Requests to gateways, by kind and result",
            &["kind", "result"]
        )?,
        db_wait: register_histogram_vec!(
            seconds("db_wait_duration_seconds", "Time waited for the database"),
            &["side"]
        )?,
        db_commit: register_histogram!(seconds(
            "db_commit_duration_seconds",
            "Time of a durable commit of the writer lane"
        ))?,
        db_writes: register_int_counter_vec!(
            "db_writes_total",
            "Write transactions, by result",
            &["result"]
        )?,
        db_refused: register_int_counter_vec!(
            "db_refused_total",
            "Database work refused because too much was waiting",
            &["side"]
        )?,
        anonymous_refusals: register_int_counter!(
            "http_anonymous_refusals_total",
            "Requests refused for want of a known key"
        )?,
        invariants: register_int_gauge_vec!(
            "invariant_violations",
            "Rows that break an invariant; expected 0",
            &["id"]
        )?,
        job_runs: register_int_counter_vec!(
            "job_runs_total",
            "Runs of background jobs, by result",
            &["job", "result"]
        )?,
    })
}

/// Everything in the text format of Prometheus 0.0.4.
///
/// # Errors
/// When the registry cannot be encoded: a defect.
pub fn render() -> Result<String, Error> {
    LazyLock::force(&METRICS);
    let mut text = Vec::new();
    TextEncoder::new()
        .encode(&prometheus::gather(), &mut text)
        .map_err(|failure| Error::internal("encoding metrics", failure))?;
    String::from_utf8(text).map_err(|failure| Error::internal("encoding metrics", failure))
}

/// A request was answered. `route` is the pattern, never the path.
pub fn http_request(method: &str, route: &str, status: u16, took: Duration) {
    METRICS.http_requests.with_label_values(&[method, route, &status.to_string()]).inc();
    METRICS.http_duration.with_label_values(&[method, route]).observe(took.as_secs_f64());
}

/// A request without a known key was refused.
pub fn anonymous_refusal() {
    METRICS.anonymous_refusals.inc();
}

/// An order came out as `outcome` after `took`.
pub fn order_placed(outcome: &'static str, took: Duration) {
    METRICS.orders_placed.with_label_values(&[outcome]).inc();
    METRICS.order_processing.with_label_values(&[outcome]).observe(took.as_secs_f64());
}

/// A gateway was asked.
pub fn payment_operation(kind: &'static str, result: &'static str) {
    METRICS.payment_operations.with_label_values(&[kind, result]).inc();
}

/// Work waited this long for its turn at the database.
pub fn db_wait(side: &'static str, waited: Duration) {
    METRICS.db_wait.with_label_values(&[side]).observe(waited.as_secs_f64());
}

/// The writer lane committed a batch.
pub fn db_commit(took: Duration) {
    METRICS.db_commit.observe(took.as_secs_f64());
}

/// A write transaction ended.
pub fn db_write<T>(result: &Result<T, Error>) {
    let label = match result {
        Ok(_) => "committed",
        Err(Error::Refused(_)) => "refused",
        Err(_) => "failed",
    };
    METRICS.db_writes.with_label_values(&[label]).inc();
}

/// Work was refused because too much was waiting.
pub fn db_refused(side: &'static str) {
    METRICS.db_refused.with_label_values(&[side]).inc();
}

/// An invariant was checked: so many rows break it.
pub fn invariant(id: &str, violations: usize) {
    let violations = i64::try_from(violations).unwrap_or(i64::MAX);
    METRICS.invariants.with_label_values(&[id]).set(violations);
}

/// A background job ran.
pub fn job_run(job: &'static str, succeeded: bool) {
    let result = if succeeded { "success" } else { "failure" };
    METRICS.job_runs.with_label_values(&[job, result]).inc();
}

/// An exemplar that waits until its trace is decided.
pub(super) struct PendingExemplar;

impl PendingExemplar {
    pub(super) fn publish(self) {}
}
