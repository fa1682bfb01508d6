//! `docket customers`: what the law lets a customer ask for.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;

use super::failure::Outcome;
use super::{context, table};
use crate::orders;

#[derive(Subcommand)]
pub(super) enum What {
    /// Erase a customer's names, addresses and e-mails; the orders stay.
    Erase {
        /// The customer's reference.
        reference: String,
    },
}

pub(super) async fn run(what: What, config: Option<&Path>) -> Outcome {
    let What::Erase { reference } = what;
    let config = context::load(config)?;
    let db = context::open(&config)?;
    let work = move |tx: &mut crate::db::WriteTx<'_>| orders::erase_customer(tx, &reference);
    let erased = db.write(&context::origin(), work).await?;
    context::close(db, &config).await?;
    table::line(&format!("{erased} records of personal data erased"))?;
    Ok(ExitCode::SUCCESS)
}
