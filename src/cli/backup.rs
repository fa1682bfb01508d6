//! `docket backup`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::failure::{Failure, Outcome};
use super::{context, table};
use crate::db::{self, DatabaseUrl};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The file to make; it must not exist.
    file: PathBuf,
}

pub(super) fn run(args: &Args, config: Option<&Path>) -> Outcome {
    let config = context::load(config)?;
    let url = context::url(&config)?;
    let file = args.file.display();
    context::must_exist(&url)?;
    let DatabaseUrl::Sqlite(database) = &url else {
        return Err(Failure::usage(format!(
            "PostgreSQL has its own tools: pg_dump --format=custom --file='{file}' \
             --dbname='{}'",
            url.without_password()
        )));
    };
    let bytes = db::backup(database, &args.file)?;
    table::line(&format!("{file}: {bytes} bytes, checked"))?;
    eprintln!(
        "The database is all that is in it: keep the other files of {} (keys, logs) apart.",
        config.data_dir.display()
    );
    Ok(ExitCode::SUCCESS)
}
