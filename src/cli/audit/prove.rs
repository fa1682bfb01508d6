//! `docket audit prove`.

use std::path::Path;
use std::process::ExitCode;

use crate::audit;
use crate::cli::failure::Outcome;
use crate::cli::{context, table};
use crate::kernel::EntryId;

#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// The entry's identifier, as `GET /v1/audit` and the order's timeline show it.
    entry: EntryId,
}

pub(super) async fn run(args: &Args, config: Option<&Path>) -> Outcome {
    let db = context::open_existing(&context::load(config)?)?;
    let entry = args.entry;
    let proof = db.read(move |conn| audit::prove(conn, entry)).await?;
    db.close().await;
    table::line(&serde_json::to_string_pretty(&proof)?)?;
    Ok(ExitCode::SUCCESS)
}
