//! API keys.

use serde::Deserialize;

use crate::kernel::Secret;

/// API keys.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// A key with all scopes that exists from the start, for automation; empty for none.
    bootstrap_api_key: Secret<String>,
}

impl Auth {
    /// The bootstrap key, when one is set.
    #[must_use]
    pub fn bootstrap_api_key(&self) -> Option<&Secret<String>> {
        Some(&self.bootstrap_api_key).filter(|key| !key.expose().is_empty())
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let visible = |byte: u8| (0x21..=0x7e).contains(&byte);
        match self.bootstrap_api_key() {
            Some(key) if key.expose().len() > 255 || !key.expose().bytes().all(visible) => {
                Err("auth.bootstrap_api_key must be 1 to 255 visible ASCII characters".into())
            }
            _ => Ok(()),
        }
    }
}
