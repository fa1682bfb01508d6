//! `docket audit prove`.

use std::path::Path;
use std::process::ExitCode;

use crate::audit::{self, Filter};
use crate::cli::failure::Outcome;
use crate::cli::{context, table};
use crate::db::Conn;
use crate::error::{Error, Refusal};
use crate::kernel::EntryId;

#[derive(clap::Args)]
pub(in crate::cli) struct Args {
    /// The entry's identifier or number, as `GET /v1/audit` and the journal at the desk show them.
    entry: String,
}

pub(super) async fn run(args: &Args, config: Option<&Path>) -> Outcome {
    let db = context::open_existing(&context::load(config)?)?;
    let entry = args.entry.clone();
    let proof = db
        .read(move |conn| {
            let id = named(conn, &entry)?;
            audit::prove(conn, id)
        })
        .await?;
    db.close().await;
    table::line(&serde_json::to_string_pretty(&proof)?)?;
    Ok(ExitCode::SUCCESS)
}

/// The entry of this identifier or number.
fn named(conn: &mut Conn, text: &str) -> Result<EntryId, Error> {
    let unknown = || Refusal::not_found("journal entry");
    let Ok(number) = text.parse::<i64>() else { return Ok(text.parse().map_err(|_| unknown())?) };
    let after = number.saturating_sub(1);
    let found = audit::read_after(conn, &Filter::default(), after, 1)?.pop();
    let entry = found.filter(|entry| entry.seq == number).ok_or_else(unknown)?;
    entry.id.parse().map_err(|failure| Error::internal("reading a journal entry", failure))
}
