//! Why a cart was not changed.

use super::model::{LINES_MAX, QUANTITY_MAX};
use crate::error::Refusal;

/// Every refusal of this room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CartRefusal {
    /// There is no such product, or it is not sold here.
    UnknownProduct,
    /// Fewer than no units, or too many.
    Quantity,
    /// Too many different products.
    Full,
    /// There is nothing in it.
    Empty,
    /// It was changed while it was being ordered.
    Changed,
}

impl From<CartRefusal> for Refusal {
    fn from(refusal: CartRefusal) -> Self {
        match refusal {
            CartRefusal::UnknownProduct => Self::not_found("product"),
            CartRefusal::Quantity => {
                Self::invalid("quantity", "out_of_range", format!("must be 0 to {QUANTITY_MAX}"))
            }
            CartRefusal::Full => {
                let detail = format!("A cart takes {LINES_MAX} different products at most.");
                Self::new(409, "cart_full", detail)
            }
            CartRefusal::Changed => {
                let detail = "The cart was changed meanwhile: look at it, and order again.";
                Self::new(409, "cart_changed", detail)
            }
            CartRefusal::Empty => Self::new(409, "cart_empty", "There is nothing in the cart."),
        }
    }
}
