//! Requests.

use std::time::Duration;

use prometheus::{IntCounter, IntCounterVec, IntGauge};

use super::super::METRICS;
use super::super::exemplar::ExemplarHistogramVec;
use super::super::registrar::Registrar;

/// Those of the semantic conventions for `http.server.request.duration`.
const SECONDS: &[f64] =
    &[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

pub(super) struct Http {
    requests: IntCounterVec,
    duration: ExemplarHistogramVec,
    active: IntGauge,
    anonymous_refusals: IntCounter,
    overload_refusals: IntCounter,
}

impl Http {
    pub(super) fn register(to: &mut Registrar) -> prometheus::Result<Self> {
        // Routes are the patterns of the route table, and few of the combinations exist.
        let (method, route, status) =
            (("method", &[][..]), ("route", &[][..]), ("status", &[][..]));
        Ok(Self {
            requests: to.counters(
                "http_server_requests_total",
                "HTTP requests answered",
                &[method, route, status],
            )?,
            duration: to.exemplar_histograms(
                "http_server_request_duration_seconds",
                "Time to answer a request",
                SECONDS,
                &[method, route],
            )?,
            active: to.gauge("http_server_active_requests", "HTTP requests being answered")?,
            anonymous_refusals: to.counter(
                "http_anonymous_refusals_total",
                "Requests refused for want of a known key",
            )?,
            overload_refusals: to.counter(
                "http_overload_refusals_total",
                "Requests refused because too many were being worked on",
            )?,
        })
    }
}

/// A request was answered. `route` is the pattern, never the path.
pub fn http_request(method: &'static str, route: &str, status: u16, took: Duration) {
    let http = &METRICS.http;
    http.requests.with_label_values(&[method, route, &status.to_string()]).inc();
    http.duration.observe(&[method, route], took.as_secs_f64());
}

/// A request that is being answered, for as long as this lives.
pub struct ActiveRequest(());

/// A request begins.
#[must_use]
pub fn active_request() -> ActiveRequest {
    METRICS.http.active.inc();
    ActiveRequest(())
}

impl Drop for ActiveRequest {
    fn drop(&mut self) {
        METRICS.http.active.dec();
    }
}

/// A request was refused because too many were being worked on.
pub fn overload_refusal() {
    METRICS.http.overload_refusals.inc();
}

/// A request without a known key was refused.
pub fn anonymous_refusal() {
    METRICS.http.anonymous_refusals.inc();
}
