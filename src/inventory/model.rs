//! Levels, movements and what moves them. No I/O.

use serde::Serialize;
use utoipa::ToSchema;

use crate::kernel::{OrderId, Timestamp, TransferId};

/// Where stock is kept until there are several places.
pub(super) const DEFAULT_LOCATION: &str = "main";

/// The greatest level and the greatest adjustment, in units.
pub(super) const MAX_UNITS: i64 = 1_000_000_000_000;

/// How many units of a product there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Level {
    /// The product.
    pub sku: String,
    /// Units in stock.
    pub on_hand: i64,
    /// Units of them that orders hold.
    pub reserved: i64,
    /// Units that can be ordered.
    pub available: i64,
}

/// How many units of a product an order wants: once per product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The product.
    pub sku: String,
    /// Units, from 1 up.
    pub quantity: i64,
}

/// Why a hold ends without a sale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Release {
    /// The order was cancelled.
    Voided,
    /// Its deadline passed.
    Expired,
}

impl Release {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Voided => "voided",
            Self::Expired => "expired",
        }
    }
}

/// One posted change of a level.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Movement {
    /// The transfer it belongs to.
    #[schema(value_type = TransferId)]
    pub id: String,
    /// The product.
    pub sku: String,
    /// Where.
    pub location: String,
    /// Units that came (positive) or went (negative).
    pub delta: i64,
    /// `sale`, `cancellation`, `adjustment` or `import`.
    pub kind: String,
    /// Why, in the words of who did it.
    pub reason: Option<String>,
    /// The order that it belongs to.
    #[schema(value_type = Option<OrderId>)]
    pub order_id: Option<String>,
    /// When.
    pub created_at: Timestamp,
}

/// An adjustment that was made, with the level it left.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Adjustment {
    /// Its transfer.
    pub id: TransferId,
    /// The product.
    pub sku: String,
    /// Units that came (positive) or went (negative).
    pub delta: i64,
    /// Always `adjustment`.
    pub kind: &'static str,
    /// Why, in the words of who did it.
    pub reason: String,
    /// Units in stock afterwards.
    pub on_hand: i64,
    /// When.
    pub created_at: Timestamp,
}
