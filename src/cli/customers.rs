//! `docket customers`: what the law lets a customer ask for.

use std::path::Path;
use std::process::ExitCode;

use clap::Subcommand;

use super::context;
use super::failure::Outcome;
use crate::orders;

#[derive(Subcommand)]
pub(super) enum What {
    /// Erase the names, addresses and e-mails of a customer from the shop; the orders stay.
    Erase {
        /// The customer's reference.
        reference: String,
    },
}

pub(super) async fn run(what: What, config: Option<&Path>) -> Outcome {
    let What::Erase { reference } = what;
    let db = context::open(&context::load(config)?)?;
    let work = move |tx: &mut crate::db::WriteTx<'_>| orders::erase_customer(tx, &reference);
    db.write(&context::origin(), work).await?;
    db.close().await;
    eprintln!("the customer's personal data is erased");
    Ok(ExitCode::SUCCESS)
}
