//! Log lines.

use serde::Deserialize;

/// Log lines.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logs {
    /// Which targets and levels are written: `info,docket::orders=debug`.
    pub filter: String,
    /// Whether lines also go to the terminal.
    pub terminal: bool,
}
