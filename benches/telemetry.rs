//! What telemetry costs: ratios against what it is measured beside, in the same run, medians of
//! alternating rounds.
//!
//! `cargo bench --bench telemetry [-- lines orders replay collectors]`; without words all of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a bench fails by panicking, and prints what it measured"
)]

#[path = "../tests/support/buyer.rs"]
mod buyer;
#[path = "telemetry/collectors.rs"]
mod collectors;
#[path = "../tests/baskets/data.rs"]
mod data;
#[path = "telemetry/lines.rs"]
mod lines;
#[path = "telemetry/orders.rs"]
mod orders;
#[path = "../tests/support/postgres.rs"]
mod postgres;
#[path = "../tests/support/process.rs"]
mod process;
#[path = "../tests/support/random.rs"]
mod random;
#[path = "telemetry/replay.rs"]
mod replay;
#[path = "../tests/telemetry/collectors.rs"]
mod sinks;

/// One measurement: a word to ask for it, and the work.
type Measurement = (&'static str, fn());

const ALL: [Measurement; 4] = [
    ("lines", lines::run),
    ("orders", orders::run),
    ("replay", replay::run),
    ("collectors", collectors::run),
];

/// Telemetry off: no spans, no file, nothing on the terminal.
pub const OFF: [(&str, &str); 2] =
    [("DOCKET_TRACES__ENABLED", "false"), ("DOCKET_LOGS__ENABLED", "false")];

/// Everything on: lines to the file, a tenth of the traces kept and exported.
pub fn everything_on(collector: &str) -> Vec<(&'static str, String)> {
    let exporters = format!(r#"[{{ kind = "otlp_http", endpoint = "{collector}/v1/traces" }}]"#);
    vec![
        ("DOCKET_TRACES__SAMPLE_RATIO", "0.1".to_owned()),
        ("DOCKET_TRACES__EXPORTERS", exporters),
        ("DOCKET_LOGS__FILTER", "info".to_owned()),
    ]
}

/// The middle one.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let asked: Vec<String> =
        std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    for (word, run) in ALL {
        if asked.is_empty() || asked.iter().any(|asked| asked == word) {
            println!("\n== {word}");
            run();
        }
    }
}
