//! Our own JSON line against the built-in formatter: one line in three nested spans with 13
//! fields, three fields in the event, the bytes thrown away.

use std::io::Write;

use docket::kernel::Stopwatch;
use tracing::{Subscriber, info, info_span};
use tracing_subscriber::layer::SubscriberExt;

use crate::median;

const LINES: u32 = 50_000;
const ROUNDS: usize = 9;

#[derive(Clone, Copy)]
struct Nowhere;

impl Write for Nowhere {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        Ok(std::hint::black_box(bytes).len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn one_line(number: u32) {
    let request = info_span!(
        "request",
        http.request.method = "POST",
        http.route = "/v1/orders",
        url.path = "/v1/orders",
        url.scheme = "http",
        request_id = "01938f2e-7a51-7c3e-b3a5-0d6f3a2b9c11",
        network.protocol.version = "1.1",
    );
    let _request = request.enter();
    let place = info_span!(
        "orders.place",
        app.module = "orders",
        order.id = "01938f2e-7a51-7c3e-b3a5-0d6f3a2b9c12",
        lines = 5_i64,
        currency = "USD",
    );
    let _place = place.enter();
    let write =
        info_span!("db.write", db.system.name = "sqlite", wait_us = 120_i64, batch_size = 8_i64,);
    let _write = write.enter();
    info!(number, outcome = "placed", duration_ms = 1.25, "an order was placed");
}

/// Nanoseconds of one line under this subscriber.
fn timed(subscriber: impl Subscriber + Send + Sync + 'static) -> f64 {
    tracing::subscriber::with_default(subscriber, || {
        (0..LINES / 10).for_each(one_line);
        let took = Stopwatch::start();
        (0..LINES).for_each(one_line);
        took.elapsed().as_secs_f64() * 1e9 / f64::from(LINES)
    })
}

fn own() -> f64 {
    let lines = docket::telemetry::line_layer("docket", |line| {
        let _ = Nowhere.write(line);
    });
    timed(tracing_subscriber::registry().with(lines))
}

fn built_in(flattened: bool) -> f64 {
    let lines = tracing_subscriber::fmt::layer().json().with_writer(|| Nowhere);
    let lines = lines.flatten_event(flattened).with_current_span(!flattened);
    timed(tracing_subscriber::registry().with(lines))
}

/// Prints the nanoseconds of each and the ratio.
pub fn run() {
    let (mut ours, mut flat, mut full) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(own());
        flat.push(built_in(true));
        full.push(built_in(false));
    }
    let (ours, flat, full) = (median(ours), median(flat), median(full));
    println!("own {ours:.0} ns, built-in {full:.0} ns, built-in flattened {flat:.0} ns");
    println!("own ÷ built-in = {:.2} (goal ≤ 0.35)", ours / full);
    println!("own ÷ flattened = {:.2}", ours / flat);
}
