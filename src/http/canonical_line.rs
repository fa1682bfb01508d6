//! The one line that tells a whole request: what was asked, what came of it, where its time went.

use std::sync::Arc;

use actix_web::HttpRequest;
use tracing::{Level, Span};

use super::pipeline::method_label;
use crate::kernel::Stopwatch;
use crate::telemetry::{Account, metrics};

/// Told when it is dropped, so that a request whose client went away is told as well.
pub(super) struct CanonicalLine {
    span: Span,
    account: Option<Arc<Account>>,
    took: Stopwatch,
    method: &'static str,
    route: String,
    answer: Option<(u16, &'static str)>,
}

/// From when a line is written whatever the sampling.
const SLOW_MS: f64 = 1_000.0;

/// The status of a request that nobody waited for to the end (as nginx has it).
const CLIENT_CLOSED: u16 = 499;

impl CanonicalLine {
    /// To be called inside the request's span.
    pub(super) fn begin(request: &HttpRequest, route: String) -> Self {
        Self {
            span: Span::current(),
            account: Account::current(),
            took: Stopwatch::start(),
            method: method_label(request),
            route,
            answer: None,
        }
    }

    /// The answer, with the code of its problem or an empty text.
    pub(super) fn answered(&mut self, status: u16, code: &'static str) {
        self.answer = Some((status, code));
    }
}

impl Drop for CanonicalLine {
    fn drop(&mut self) {
        let (status, code) = self.answer.unwrap_or((CLIENT_CLOSED, "client_closed"));
        let took = self.took.elapsed();
        self.span.in_scope(|| {
            metrics::http_request(self.method, &self.route, status, took);
            match status {
                500.. => self.tell(Level::ERROR, status, code, took.as_secs_f64() * 1e3),
                _ => self.tell(Level::INFO, status, code, took.as_secs_f64() * 1e3),
            }
        });
    }
}

impl CanonicalLine {
    /// Lines are sampled for what goes well and fast; of the rest every one is wanted.
    fn is_remarkable(&self, status: u16, outcome: &str, duration_ms: f64) -> bool {
        status >= 400 || !matches!(outcome, "ok" | "placed" | "replayed") || duration_ms > SLOW_MS
    }

    fn tell(&self, level: Level, status: u16, code: &'static str, duration_ms: f64) {
        let account = self.account.as_deref();
        let [queue, database, gateway] = account.map_or([0; 3], Account::times_us);
        let outcome = account.and_then(Account::outcome).unwrap_or(outcome_of(status));
        let order = account.and_then(Account::order_id);
        let payment = account.and_then(Account::payment_id);
        macro_rules! line {
            ($level:expr) => {
                tracing::event!(
                    target: "docket::access",
                    $level,
                    always = self.is_remarkable(status, outcome, duration_ms),
                    http.request.method = self.method,
                    http.route = self.route,
                    http.response.status_code = status,
                    outcome,
                    error.code = (!code.is_empty()).then_some(code),
                    order.id = order.map(tracing::field::display),
                    payment.id = payment.map(tracing::field::display),
                    actor = account.and_then(Account::actor),
                    duration_ms = rounded(duration_ms),
                    queue_ms = millis(queue),
                    database_ms = millis(database),
                    gateway_ms = millis(gateway),
                    "request"
                )
            };
        }
        if level == Level::ERROR { line!(Level::ERROR) } else { line!(Level::INFO) }
    }
}

fn outcome_of(status: u16) -> &'static str {
    match status {
        CLIENT_CLOSED => "abandoned",
        500.. => "failed",
        400.. => "refused",
        _ => "ok",
    }
}

#[expect(clippy::cast_precision_loss, reason = "a request takes less than 2^52 µs")]
fn millis(micros: u64) -> f64 {
    micros as f64 / 1e3
}

/// To the microsecond.
fn rounded(millis: f64) -> f64 {
    (millis * 1e3).round() / 1e3
}
