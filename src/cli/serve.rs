//! `docket serve`.

use std::path::Path;
use std::process::ExitCode;

use super::context;
use super::failure::Outcome;
use crate::app;

#[derive(clap::Args)]
pub(super) struct Args {
    /// Fill an empty database with a demo catalogue. Without a configuration file and without
    /// `DOCKET_AUTH__BOOTSTRAP_API_KEY` this is done anyway.
    #[arg(long)]
    demo: bool,
}

impl Args {
    /// What was given before the subcommand counts as well.
    pub(super) fn or(self, other: Self) -> Self {
        Self { demo: self.demo || other.demo }
    }

    pub(super) fn is_given(&self) -> bool {
        self.demo
    }
}

pub(super) async fn run(args: &Args, file: Option<&Path>) -> Outcome {
    let config = context::load(file)?;
    let being_tried_out = file.is_none() && config.auth.bootstrap_api_key().is_none();
    app::serve(config, args.demo || being_tried_out).await?;
    Ok(ExitCode::SUCCESS)
}
