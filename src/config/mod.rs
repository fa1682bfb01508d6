//! Configuration: built-in defaults ← a TOML file ← `OTEL_*` ← `DOCKET_SECTION__KEY` variables.
//!
//! One typed section per file. Everything is checked before a port opens; a misspelt key or
//! variable is refused, not ignored.

mod auth;
mod database;
mod logs;
mod ops;
mod otel;
mod payments;
mod server;
mod shop;
mod telemetry;
mod traces;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::{Table, Value};

pub use auth::Auth;
pub use database::Database;
pub use logs::{Logs, Rotate};
pub use ops::Ops;
pub use payments::Payments;
pub use server::Server;
pub use shop::Shop;
pub use telemetry::{Propagator, Telemetry};
pub use traces::{Exporter, ExporterKind, Traces};

const BASE: &str = include_str!("../../config/base.toml");

/// Variables that tests and benches read; the server has no use for them.
const NOT_OURS: [&str; 4] =
    ["DOCKET_TEST_", "DOCKET_RETAIL_DATA", "DOCKET_CRASH_AT", "DOCKET_PANIC_POINTS"];

/// Everything that can be configured.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the database, the keys and the logs are, unless said otherwise.
    pub data_dir: PathBuf,
    /// The main listener.
    pub server: Server,
    /// The ops listener.
    pub ops: Ops,
    /// The database.
    pub database: Database,
    /// API keys.
    pub auth: Auth,
    /// How the process names itself to those who watch it.
    pub telemetry: Telemetry,
    /// Traces.
    pub traces: Traces,
    /// Log lines.
    pub logs: Logs,
    /// Payments and holds.
    pub payments: Payments,
    /// The shop's pages.
    pub shop: Shop,
    /// What was asked for and is not done, to be told to whoever starts the server.
    #[serde(skip)]
    pub warnings: Vec<String>,
}

/// What is wrong with the configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration file {path}: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
    /// The file is not TOML.
    #[error("the configuration file {path} is not TOML: {reason}")]
    NotToml {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: toml::de::Error,
    },
    /// A key or value is not one that docket knows.
    #[error("the configuration is wrong: {0}")]
    Wrong(String),
}

impl Config {
    /// Reads and checks the configuration.
    ///
    /// # Errors
    /// [`ConfigError`], which names what is wrong and where.
    pub fn load(
        file: Option<&Path>,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut merged: Table = BASE
            .parse()
            .map_err(|reason| ConfigError::NotToml { path: "base.toml".into(), reason })?;
        if let Some(path) = file {
            merge(&mut merged, read(path)?);
        }
        let variables: Vec<(String, String)> = variables.into_iter().collect();
        let warnings = otel::apply(&mut merged, &variables);
        for (name, value) in variables {
            if let Some(place) = name.strip_prefix("DOCKET_")
                && !NOT_OURS.iter().any(|other| name.starts_with(other))
            {
                set(&mut merged, &place.to_lowercase(), &value)
                    .map_err(|reason| ConfigError::Wrong(format!("{name}: {reason}")))?;
            }
        }
        let mut config: Self = merged.try_into().map_err(|reason: toml::de::Error| {
            ConfigError::Wrong(reason.to_string().trim().replace('\n', " "))
        })?;
        config.warnings = warnings;
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        self.database.url(&self.data_dir).map_err(ConfigError::Wrong)?;
        self.database.check().map_err(ConfigError::Wrong)?;
        self.auth.check().map_err(ConfigError::Wrong)?;
        self.server.check().map_err(ConfigError::Wrong)?;
        self.telemetry.check().map_err(ConfigError::Wrong)?;
        self.traces.check().map_err(ConfigError::Wrong)?;
        self.logs.check().map_err(ConfigError::Wrong)?;
        self.shop.check().map_err(ConfigError::Wrong)
    }
}

fn read(path: &Path) -> Result<Table, ConfigError> {
    let text = std::fs::read_to_string(path)
        .map_err(|reason| ConfigError::Unreadable { path: path.into(), reason })?;
    text.parse().map_err(|reason| ConfigError::NotToml { path: path.into(), reason })
}

fn merge(below: &mut Table, above: Table) {
    for (key, value) in above {
        match (below.get_mut(&key), value) {
            (Some(Value::Table(inner)), Value::Table(value)) => merge(inner, value),
            (_, value) => {
                below.insert(key, value);
            }
        }
    }
}

/// A list or a table as TOML writes it in one line: `["10.0.0.0/8"]`.
fn inline(text: &str) -> Option<Value> {
    format!("value = {text}").parse::<Table>().ok()?.remove("value")
}

/// Sets `section__key`, reading the text as the type that the default has.
fn set(table: &mut Table, place: &str, text: &str) -> Result<(), String> {
    let (section, rest) = match place.split_once("__") {
        Some((section, rest)) => (section, Some(rest)),
        None => (place, None),
    };
    match (table.get_mut(section), rest) {
        (Some(Value::Table(inner)), Some(rest)) => set(inner, rest, text),
        (Some(Value::Table(inner)), None) if text.starts_with('{') => {
            let Some(Value::Table(given)) = inline(text) else {
                return Err("must be a table, like { key = \"value\" }".into());
            };
            merge(inner, given);
            Ok(())
        }
        (Some(Value::Table(_)), None) | (Some(_), Some(_)) | (None, _) => {
            Err("there is no such setting; see config/base.toml for all of them".into())
        }
        (Some(value), None) => {
            *value = match value {
                Value::Integer(_) => {
                    Value::Integer(text.parse().map_err(|_| "must be a whole number")?)
                }
                Value::Boolean(_) => {
                    Value::Boolean(text.parse().map_err(|_| "must be true or false")?)
                }
                Value::Float(_) => Value::Float(text.parse().map_err(|_| "must be a number")?),
                Value::Array(_) => inline(text).filter(Value::is_array).ok_or("must be a list")?,
                _ => Value::String(text.to_owned()),
            };
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect()
    }

    #[test]
    fn variables_win_over_defaults() {
        let config = Config::load(
            None,
            variables(&[("DOCKET_SERVER__PORT", "9000"), ("DOCKET_DATA_DIR", "/tmp/d")]),
        )
        .unwrap();
        assert_eq!((config.server.port, config.data_dir), (9000, PathBuf::from("/tmp/d")));
    }

    #[test]
    fn what_is_misspelt_or_mistyped_is_refused() {
        for (name, value) in [
            ("DOCKET_SERVER__PROT", "9000"),
            ("DOCKET_SERVER__PORT", "many"),
            ("DOCKET_SERVER", "x"),
            ("DOCKET_NOTHING", "x"),
            ("DOCKET_DATABASE__URL", "mysql://x"),
        ] {
            let refused = Config::load(None, variables(&[(name, value)]));
            assert!(refused.is_err(), "{name}={value}");
        }
    }
}
