//! `docket restore`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::failure::{Failure, Outcome};
use super::{context, table};
use crate::audit;
use crate::db::{self, DatabaseUrl};
use crate::kernel::Clock;

#[derive(clap::Args)]
pub(super) struct Args {
    /// A file that `docket backup` made.
    file: PathBuf,
    /// Replace a database that is there.
    #[arg(long)]
    force: bool,
}

pub(super) fn run(args: &Args, config: Option<&Path>) -> Outcome {
    let config = context::load(config)?;
    let url = context::url(&config)?;
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
    if let Some(aside) = audit::put_checkpoints_aside(&config.data_dir, Clock::System.now())? {
        table::line(&format!("the replaced journal's checkpoints are in {}", aside.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}
