//! What a cart is. No I/O.

use crate::kernel::{Amount, CartId, Currency};

/// Different products of a cart at most: as many as an order takes.
pub const LINES_MAX: usize = 500;
/// Units of a product at most: as many as an order takes.
pub const QUANTITY_MAX: i64 = 1_000_000;

/// A cart as it stands now.
#[derive(Debug, Clone)]
pub struct Cart {
    /// Which one.
    pub id: CartId,
    /// The currency of its prices.
    pub currency: Currency,
    /// What is in it, in the order in which it was put there.
    pub lines: Vec<CartLine>,
    /// The sum of its lines; none when it is more than an order can cost.
    pub total: Option<Amount>,
}

/// A product in a cart.
#[derive(Debug, Clone)]
pub struct CartLine {
    /// The product.
    pub sku: String,
    /// What it is called now; its SKU when it is not sold any more.
    pub name: String,
    /// How much one unit is.
    pub package_size: Option<String>,
    /// Units wanted.
    pub quantity: i64,
    /// For one unit, now; none when it is not sold any more.
    pub unit_price: Option<Amount>,
    /// For all units; none when it is more than an order can cost.
    pub total: Option<Amount>,
    /// Units that can be ordered now.
    pub available: i64,
}

impl CartLine {
    /// Whether it is sold, and there is enough of it.
    #[must_use]
    pub fn can_be_ordered(&self) -> bool {
        self.unit_price.is_some() && self.quantity <= self.available
    }
}

impl Cart {
    /// Whether all of it can be ordered.
    #[must_use]
    pub fn can_be_ordered(&self) -> bool {
        let each = self.lines.iter().all(CartLine::can_be_ordered);
        !self.lines.is_empty() && each && self.total.is_some()
    }

    /// Units of all lines.
    #[must_use]
    pub fn units(&self) -> i64 {
        self.lines.iter().map(|line| line.quantity).sum()
    }
}
