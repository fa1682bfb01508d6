//! `docket check-config`.

use std::path::Path;
use std::process::ExitCode;

use super::failure::Outcome;
use super::{context, table};

pub(super) fn run(file: Option<&Path>) -> Outcome {
    let config = context::load(file)?;
    let key = config.auth.bootstrap_api_key().map_or("not set", |_| "set");
    let rows = [
        ["data directory".into(), config.data_dir.display().to_string()],
        ["database".into(), context::url(&config)?.to_string()],
        ["server".into(), format!("{}:{}", config.server.host, config.server.port)],
        ["ops".into(), format!("{}:{}", config.ops.host, config.ops.port)],
        ["bootstrap key".into(), key.into()],
        ["log filter".into(), config.logs.filter],
    ];
    table::line("the configuration is in order")?;
    table::print(&rows)?;
    Ok(ExitCode::SUCCESS)
}
