//! `docket logs scan`: have secrets got into the log files?

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::cli::failure::Outcome;
use crate::cli::{context, table};
use crate::telemetry::{self, LogScan, ScanReport};

#[derive(clap::Args)]
pub(super) struct Args {
    /// Files and directories; files that end in `.gz` are unpacked. Without any, the log directory:
    /// the log, traces, checkpoints, and what was put aside of them.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Print the finds, and last how much was read, as JSON, one object per line.
    #[arg(long)]
    json: bool,
}

/// Names the file, line and field of each find, and never what stands there.
pub(super) fn run(args: &Args, config: Option<&Path>) -> Outcome {
    let paths = match args.paths.as_slice() {
        [] => vec![context::load(config)?.data_dir.join("logs")],
        paths => paths.to_owned(),
    };
    let report = telemetry::scan_logs(&paths, &mut |found| match args.json {
        true => table::line(&serde_json::to_string(found)?),
        false => tell(found),
    })?;
    table::line(&if args.json { serde_json::to_string(&report)? } else { sum(&report) })?;
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell(found: &LogScan) -> io::Result<()> {
    match found {
        LogScan::Found { file, line, rule, field, timestamp, trace_id, request_id } => {
            let about = [
                ("field", field),
                ("timestamp", timestamp),
                ("trace_id", trace_id),
                ("request_id", request_id),
            ];
            let about: String = about
                .iter()
                .filter_map(|(name, value)| Some(format!(" {name}={}", value.as_ref()?)))
                .collect();
            table::line(&format!("{file}:{line}: {rule}{about}"))
        }
        LogScan::Unread { file, line, unread } => {
            let line = line.map(|line| format!(":{line}")).unwrap_or_default();
            eprintln!("docket: {file}{line}: {unread}");
            Ok(())
        }
    }
}

fn sum(report: &ScanReport) -> String {
    let ScanReport { files, lines, bytes, findings, unread } = report;
    let found = match findings {
        0 => "no secret found".to_owned(),
        many => format!("{many} secrets found"),
    };
    let unread = match unread {
        0 => String::new(),
        many => format!(", {many} times something could not be looked at"),
    };
    format!("{files} files, {lines} lines, {bytes} bytes: {found}{unread}.")
}
