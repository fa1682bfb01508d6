//! `docket migrate`.

use std::path::Path;
use std::process::ExitCode;

use super::failure::Outcome;
use super::{context, table};
use crate::db;

pub(super) fn run(file: Option<&Path>) -> Outcome {
    let url = context::url(&context::load(file)?)?;
    let ran = db::migrate(&url)?;
    table::line(&match ran {
        0 => format!("{url} has the schema of this version"),
        1 => format!("{url}: 1 migration ran"),
        ran => format!("{url}: {ran} migrations ran"),
    })?;
    Ok(ExitCode::SUCCESS)
}
