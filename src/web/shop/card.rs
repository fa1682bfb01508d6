//! A product as it stands on a shelf.

use std::collections::HashMap;

use crate::catalog::Shelved;
use crate::kernel::Amount;
use crate::web::picture::{Picture, Pictures};

/// Fewer than so many are told by their number.
pub(super) const FEW: i64 = 10;

/// A product on a page.
pub(super) struct Card {
    pub(super) sku: String,
    pub(super) name: String,
    pub(super) price: Amount,
    pub(super) brand: Option<String>,
    pub(super) department: Option<String>,
    pub(super) package_size: Option<String>,
    /// Units that can be ordered.
    pub(super) available: i64,
    pub(super) picture: Picture,
}

impl Card {
    pub(super) fn of(
        product: Shelved,
        available: &HashMap<String, i64>,
        pictures: &Pictures,
    ) -> Self {
        let picture = pictures.of(&product.sku, &product.name);
        let available = available.get(&product.sku).copied().unwrap_or_default();
        let Shelved { sku, name, price, department, brand, package_size } = product;
        Self { sku, name, price, brand, department, package_size, available, picture }
    }

    pub(super) fn is_scarce(&self) -> bool {
        (1..FEW).contains(&self.available)
    }
}
