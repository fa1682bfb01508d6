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
    /// Connections that may be open at once; one more waits until another ends.
    pub connections_max: usize,
    /// Requests that are worked on at once, without those that wait for their body or for a
    /// gateway; one more is refused.
    pub requests_max: usize,
    /// Seconds a whole request may take, from its first byte to the last of its answer.
    pub request_timeout_s: u64,
    /// Seconds the body of a request may take.
    pub body_timeout_s: u64,
    /// Seconds that a client may let its answers lie unread.
    pub unread_timeout_s: u32,
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
        if self.body_timeout_s == 0 || self.body_timeout_s > 30 {
            return Err("server.body_timeout_s must be 1 to 30".into());
        }
        if self.unread_timeout_s == 0 || self.unread_timeout_s > 60 {
            return Err("server.unread_timeout_s must be 1 to 60".into());
        }
        if self.requests_max == 0 || self.connections_max == 0 {
            return Err("server.requests_max and connections_max must be at least 1".into());
        }
        Ok(())
    }
}
