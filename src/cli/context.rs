//! What commands work with: the configuration, and the database under it.

use std::path::Path;

use super::failure::Failure;
use crate::app;
use crate::config::Config;
use crate::db::{DatabaseUrl, Db, migrate};
use crate::kernel::{Actor, Clock, Origin};

/// The configuration: defaults, the file, the environment.
pub(super) fn load(file: Option<&Path>) -> Result<Config, Failure> {
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    Ok(Config::load(file, variables)?)
}

/// Where the database is.
pub(super) fn url(config: &Config) -> Result<DatabaseUrl, Failure> {
    Ok(app::db_options(config)?.url)
}

/// Opens a database that must be there: who looks at nothing in the wrong folder must not read
/// that all is well.
pub(super) fn open_existing(config: &Config) -> Result<Db, Failure> {
    must_exist(&url(config)?)?;
    open(config)
}

/// Refuses a SQLite database that is not there.
pub(super) fn must_exist(url: &DatabaseUrl) -> Result<(), Failure> {
    match url {
        DatabaseUrl::Sqlite(file) if !file.exists() => Err(Failure::new(format!(
            "there is no database {}: run this where the server runs, or say with --config or \
             DOCKET_DATA_DIR where that is",
            file.display()
        ))),
        _ => Ok(()),
    }
}

/// Opens the database, brought to this version's schema; a new one where there is none.
pub(super) fn open(config: &Config) -> Result<Db, Failure> {
    let options = app::db_options(config)?;
    migrate(&options.url)?;
    Ok(Db::open(&options, Clock::System)?)
}

/// Ends a command that changed something: its journal entries are sealed.
pub(super) async fn close(db: Db, config: &Config) -> Result<(), Failure> {
    Ok(app::seal_and_close(db, config).await?)
}

/// Who the journal names for what commands change.
pub(super) fn origin() -> Origin {
    Origin::of(Actor::CommandLine)
}
