//! `docket logs`: the log files read, without a server.

mod lines;
mod scan;

use std::path::Path;

use clap::Subcommand;

use super::failure::Outcome;

#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(flatten)]
    wanted: lines::Wanted,
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand)]
enum What {
    /// Look through the log files for secrets that should not be in them.
    ///
    /// The rules are those of redaction. Of each find its file, line, rule and field are told, and
    /// never the secret. Ends with 0 when everything was looked at and nothing was found, else with
    /// 1. Safe beside a running server.
    Scan(scan::Args),
}

pub(super) async fn run(args: &Args, config: Option<&Path>) -> Outcome {
    match &args.what {
        Some(What::Scan(args)) => scan::run(args, config),
        None => lines::run(&args.wanted, config).await,
    }
}
