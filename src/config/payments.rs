//! Payments, and how long stock is held for them.

use std::time::Duration;

use serde::Deserialize;

/// Payments, and how long stock is held for them.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payments {
    /// Milliseconds to wait for a gateway before the outcome counts as unknown.
    gateway_timeout_ms: u64,
    /// Minutes that stock is held for a payment by card.
    hold_minutes: u64,
    /// Hours that an order waits for a manual payment before it expires.
    manual_deadline_hours: u64,
}

impl Payments {
    /// How long a gateway is waited for.
    #[must_use]
    pub fn gateway_timeout(&self) -> Duration {
        Duration::from_millis(self.gateway_timeout_ms)
    }

    /// How long stock is held for a payment by card.
    #[must_use]
    pub fn hold(&self) -> Duration {
        Duration::from_secs(self.hold_minutes * 60)
    }

    /// How long an order waits for a manual payment.
    #[must_use]
    pub fn manual_deadline(&self) -> Duration {
        Duration::from_secs(self.manual_deadline_hours * 3600)
    }
}
