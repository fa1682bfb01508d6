//! One trace id leads everywhere: traces, exporters, log files, metrics. Against the real binary,
//! with collectors that the tests start.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints what it measured"
)]

#[path = "../support/buyer.rs"]
mod buyer;
mod by_number;
mod caller;
mod collectors;
#[path = "../support/day.rs"]
mod day;
mod ends;
mod erased;
mod exporters;
mod full_disk;

mod log_filter;
mod log_lines;
mod log_versions;
#[path = "../support/metrics_tools.rs"]
mod metrics_tools;
mod orphans;
#[path = "../support/postgres.rs"]
mod postgres;
#[path = "../support/process.rs"]
mod process;
mod prometheus;
mod readings;
mod redaction;
#[path = "../support/secrets.rs"]
mod secrets;
mod sinks;
mod trust;
mod whole_traces;
