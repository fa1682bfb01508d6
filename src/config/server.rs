//! The main listener: the API and the pages.

use serde::Deserialize;

/// The main listener.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Server {
    /// Address to listen on; loopback unless said otherwise.
    pub host: String,
    /// Port; 0 takes a free one.
    pub port: u16,
    /// Threads that serve requests; 0 takes one per processor.
    pub workers: usize,
    /// Seconds a whole request may take, from its first byte to the last of its answer.
    pub request_timeout_s: u64,
    /// Bytes that a body may have.
    pub body_limit_bytes: usize,
    /// Seconds that running requests get to end when the server stops.
    pub shutdown_timeout_s: u64,
}

impl Server {
    pub(super) fn check(&self) -> Result<(), String> {
        if self.request_timeout_s == 0 || self.request_timeout_s > 30 {
            return Err("server.request_timeout_s must be 1 to 30".into());
        }
        Ok(())
    }
}
