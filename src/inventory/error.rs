//! Why stock was refused.

use crate::error::Refusal;

/// A product of which there is not enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage {
    /// The product.
    pub sku: String,
    /// Units wanted.
    pub requested: i64,
    /// Units that can be ordered.
    pub available: i64,
}

/// Every refusal of this room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InventoryRefusal {
    /// The product is not in the catalogue.
    UnknownSku,
    /// More would go than is there and not held.
    BelowReserved {
        /// Units that can go.
        available: i64,
    },
    /// The level would leave its range.
    TooMuch,
}

impl From<InventoryRefusal> for Refusal {
    fn from(refusal: InventoryRefusal) -> Self {
        match refusal {
            InventoryRefusal::UnknownSku => Self::not_found("product"),
            InventoryRefusal::BelowReserved { available } => Self::new(
                409,
                "insufficient_stock",
                format!("Only {available} units are there and not held by orders."),
            )
            .with("available", available),
            InventoryRefusal::TooMuch => {
                Self::invalid("delta", "out_of_range", "the level would be too great")
            }
        }
    }
}
