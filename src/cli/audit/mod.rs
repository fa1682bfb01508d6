//! `docket audit`: verify, export and prove the journal.

mod export;
mod prove;
mod verify;

use std::path::Path;

use clap::Subcommand;

use super::failure::Outcome;

#[derive(Subcommand)]
pub(super) enum What {
    /// Verify the whole journal, or one proof. Ends with 1 when something is wrong.
    Verify(verify::Args),
    /// Write checkpoints or entries out, to be kept on another machine.
    Export(export::Args),
    /// Print the proof of one entry as JSON.
    Prove(prove::Args),
}

pub(super) async fn run(what: What, config: Option<&Path>) -> Outcome {
    match what {
        What::Verify(args) => verify::run(args, config).await,
        What::Export(args) => export::run(args, config).await,
        What::Prove(args) => prove::run(&args, config).await,
    }
}
