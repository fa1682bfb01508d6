//! `docket customers`: what the law lets a customer ask for.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;

use super::failure::Outcome;
use super::{context, table};
use crate::{db, orders};

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
    let opened = context::open_existing(&config)?;
    let work = move |tx: &mut crate::db::WriteTx<'_>| orders::erase_customer(tx, &reference);
    let erased = opened.write(&context::origin(), work).await?;
    context::close(opened, &config).await?;
    let gone = db::empty_log(&context::url(&config)?)?;
    table::line(&format!("{erased} records of personal data erased; the reference stays"))?;
    if !gone {
        eprintln!(
            "docket: the write-ahead log is in use: what was erased leaves the disk with the \
             next checkpoint; run the command again to have it now"
        );
    }
    Ok(ExitCode::SUCCESS)
}
