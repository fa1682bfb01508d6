//! The ops listener: metrics and health.

use serde::Deserialize;

/// The ops listener.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ops {
    /// Address to listen on; loopback unless said otherwise.
    pub host: String,
    /// Port; 0 takes a free one.
    pub port: u16,
}
