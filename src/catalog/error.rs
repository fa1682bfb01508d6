//! Why the catalogue refused.

use super::model::InvalidSku;
use crate::error::Refusal;

/// Every refusal of this room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CatalogRefusal {
    /// There is no such product.
    UnknownProduct,
    /// The SKU that a product is to have is not one.
    InvalidSku,
    /// The product is not in the version that the caller has seen.
    VersionMismatch {
        /// The version it is in; none when there is no such product.
        current: Option<i64>,
    },
}

impl From<CatalogRefusal> for Refusal {
    fn from(refusal: CatalogRefusal) -> Self {
        match refusal {
            CatalogRefusal::UnknownProduct => Self::not_found("product"),
            CatalogRefusal::InvalidSku => Self::invalid("sku", "invalid", InvalidSku.to_string()),
            CatalogRefusal::VersionMismatch { current } => Self::new(
                412,
                "version_mismatch",
                "The product was changed since it was read. Read it again, and send the change \
                 with the new `ETag` in `If-Match`.",
            )
            .with("current_version", current),
        }
    }
}
