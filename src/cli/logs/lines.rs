//! `docket logs`: the lines of a trace or an order, from all log files, without a server.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;

use crate::cli::failure::{Failure, Outcome};
use crate::cli::{context, table};
use crate::config::Config;
use crate::kernel::OrderId;
use crate::orders;
use crate::telemetry::{self, LogSearch};

#[derive(clap::Args)]
pub(super) struct Wanted {
    /// The lines of this trace: 32 hexadecimal digits, as in `X-Trace-Id`.
    #[arg(long, value_name = "ID")]
    trace: Option<String>,
    /// The lines about this order, by its identifier or its number, from all traces.
    #[arg(long, value_name = "ID", conflicts_with = "trace")]
    order: Option<String>,
    /// At most this many lines.
    #[arg(long, default_value_t = 10_000)]
    limit: usize,
}

/// Prints the lines as they stand in the files, oldest first.
pub(super) async fn run(wanted: &Wanted, file: Option<&Path>) -> Outcome {
    let config = context::load(file)?;
    let (needle, since) = match (&wanted.trace, &wanted.order) {
        (Some(trace), _) => (trace.clone(), telemetry::trace_began(trace)),
        (None, Some(order)) => {
            let id = id_of(order, &config).await?;
            (id.clone(), id.parse::<OrderId>().ok().and_then(|id| id.made_at()))
        }
        (None, None) => return Err(Failure::usage("say --trace ID, --order ID or scan")),
    };
    if needle.len() < 8 {
        return Err(Failure::usage(format!("`{needle}` is no id: give all of it")));
    }
    let search = |needles| {
        telemetry::search_logs(&LogSearch {
            directory: config.data_dir.join("logs"),
            needles,
            since,
            lines_most: wanted.limit,
            read_most: u64::MAX,
        })
    };
    let mut found = search(vec![needle.clone()]);
    // What was said before the order had its identifier is found by the trace.
    let traces = traces_of(&found.lines);
    if wanted.order.is_some() && !traces.is_empty() {
        found = search(traces.into_iter().chain([needle.clone()]).collect());
    }
    for line in &found.lines {
        table::line(line)?;
    }
    found.skipped.iter().for_each(|file| eprintln!("docket: cannot be read: {file}"));
    if found.truncated {
        eprintln!("docket: there are more lines; raise --limit");
    }
    if found.lines.is_empty() {
        return Err(Failure::new(format!(
            "no log line has {needle}; the log files are in {}",
            config.data_dir.join("logs").display()
        )));
    }
    Ok(ExitCode::SUCCESS)
}

/// Lines have an order's identifier; its number is looked up in the database.
async fn id_of(order: &str, config: &Config) -> Result<String, Failure> {
    let Ok(number) = order.trim_start_matches('#').parse() else { return Ok(order.to_owned()) };
    let db = context::open_existing(config)?;
    let found = db.read(move |conn| orders::find_number(conn, number)).await;
    db.close().await;
    let id = found?.ok_or_else(|| Failure::new(format!("there is no order {number}")))?;
    Ok(id.to_string())
}

/// The traces that lines name.
fn traces_of(lines: &[String]) -> BTreeSet<String> {
    let trace = |line: &String| {
        let line: serde_json::Value = serde_json::from_str(line).ok()?;
        line["trace_id"].as_str().map(str::to_owned)
    };
    lines.iter().filter_map(trace).collect()
}
