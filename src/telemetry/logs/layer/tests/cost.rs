//! What a line costs, as a share of what the built-in JSON formatter takes for it.

use std::io::Write;

use tracing::{info, info_span};

use super::*;
use crate::kernel::Stopwatch;

/// Of the time of the built-in formatter.
const SHARE_MAX: f64 = 0.35;
const ROUNDS: u32 = 20_000;

struct Nowhere;

impl LineSink for Nowhere {
    fn push(&self, _level: Level, line: &[u8]) {
        std::hint::black_box(line);
    }
}

impl Write for Nowhere {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(std::hint::black_box(bytes).len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A line with 3 fields in 3 spans with 13.
fn speak(attempt: u32) {
    let _request = info_span!(
        "request",
        otel.name = "POST /v1/orders",
        http.request.method = "POST",
        http.route = "/v1/orders",
        url.path = "/v1/orders",
        request_id = "0193b5a1-7c5e-7d3a-9f40-6a1b2c3d4e5f",
        app.module = "http"
    )
    .entered();
    let id = "0193b5a1-7c5e-7d3a-9f40-6a1b2c3d4e60";
    let _place =
        info_span!("place", app.module = "orders", order.id = id, lines = 3, total = 4_999)
            .entered();
    let _pay =
        info_span!("pay", app.module = "payments", payment.id = id, gateway = "test").entered();
    info!(amount = 4_999, currency = "USD", attempt, "payment authorized");
}

/// The best of several runs, in nanoseconds for one round.
fn cost(dispatch: &tracing::Dispatch) -> f64 {
    tracing::dispatcher::with_default(dispatch, || {
        let run = |_| {
            let took = Stopwatch::start();
            (0..ROUNDS).for_each(speak);
            took.elapsed().as_secs_f64() * 1e9 / f64::from(ROUNDS)
        };
        (0..12).map(run).fold(f64::INFINITY, f64::min)
    })
}

/// `cargo test --release --lib a_line_costs -- --ignored --nocapture`
#[test]
#[ignore = "a measurement, for an optimised build on a quiet machine"]
fn a_line_costs_a_third_of_what_the_built_in_formatter_takes() {
    let options = LineOptions { service: "docket".into(), clock: Clock::System, sample_ratio: 1.0 };
    let own = LineLayer::new(options, Some(Arc::new(Nowhere)), None);
    let own = cost(&tracing_subscriber::registry().with(own).into());
    let built_in = tracing_subscriber::fmt::layer().json().with_writer(|| Nowhere);
    let built_in = cost(&tracing_subscriber::registry().with(built_in).into());
    let share = own / built_in;
    writeln!(std::io::stdout(), "{own:.0} ns of {built_in:.0} ns: {share:.2}").unwrap();
    assert!(cfg!(debug_assertions) || share <= SHARE_MAX, "{share}");
}
