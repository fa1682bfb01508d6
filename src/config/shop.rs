//! The shop's pages.

use serde::Deserialize;

use crate::kernel::Currency;

/// The shop's pages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shop {
    /// What the shop is called, 1 to 60 characters.
    pub name: String,
    /// What it sells in. Products without a price in it are not shown.
    pub currency: Currency,
    /// Whether visitors whom nobody knows may order by invoice, which holds stock for days.
    pub invoice: bool,
}

impl Shop {
    /// What is wrong with these settings.
    ///
    /// # Errors
    /// The setting at fault.
    pub(super) fn check(&self) -> Result<(), String> {
        let name = self.name.trim();
        if (1..=60).contains(&name.chars().count()) && !name.chars().any(char::is_control) {
            return Ok(());
        }
        Err("shop.name must have 1 to 60 characters".into())
    }
}
