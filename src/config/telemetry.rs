//! How the process names itself to those who watch it, and whom it believes.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde::Deserialize;

/// How the process names itself to those who watch it, and whom it believes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Telemetry {
    /// `service.name` of every span and `service` of every log line.
    pub service_name: String,
    /// `deployment.environment.name`; empty for none.
    pub environment: String,
    /// Networks whose `traceparent`, sampled flag and baggage are believed. A trace that anybody
    /// else brings is linked to, never continued (W3C Trace Context, section 7).
    pub trusted_peers: Vec<IpNet>,
    /// What is read from trusted peers and sent to gateways.
    pub propagators: Vec<Propagator>,
    /// Further resource attributes of every span.
    pub resource: BTreeMap<String, String>,
}

/// A header, or pair of headers, that carries context from one process to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Propagator {
    /// `traceparent` and `tracestate` (W3C Trace Context).
    TraceContext,
    /// `baggage` (W3C Baggage).
    Baggage,
}

impl Telemetry {
    /// Whether a peer's trace context is believed.
    #[must_use]
    pub fn trusts(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        self.trusted_peers.iter().any(|network| network.contains(&peer))
    }

    /// Whether this propagator is on.
    #[must_use]
    pub fn propagates(&self, propagator: Propagator) -> bool {
        self.propagators.contains(&propagator)
    }

    pub(super) fn check(&self) -> Result<(), String> {
        if self.service_name.trim().is_empty() {
            return Err("telemetry.service_name must not be empty".into());
        }
        Ok(())
    }
}
