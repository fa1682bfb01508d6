//! `docket restore`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::failure::{Failure, Outcome};
use super::{context, table};
use crate::db::{self, DatabaseUrl};

#[derive(clap::Args)]
pub(super) struct Args {
    /// A file that `docket backup` made.
    file: PathBuf,
    /// Replace a database that is there.
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args, config: Option<&Path>) -> Outcome {
    let url = context::url(&context::load(config)?)?;
    let file = args.file.display();
    let DatabaseUrl::Sqlite(database) = &url else {
        return Err(Failure::usage(format!(
            "PostgreSQL has its own tools: pg_restore --clean --if-exists --single-transaction \
             --dbname='{}' '{file}'",
            url.without_password()
        )));
    };
    db::restore(&args.file, database, args.force)?;
    table::line(&format!("{}: restored from {file}", database.display()))?;
    Ok(ExitCode::SUCCESS)
}
