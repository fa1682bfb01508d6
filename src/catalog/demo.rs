//! The demo catalogue, for a shop that has something to sell from its first minute.

use super::row::{ProductRow, ProductRows};
use crate::error::Error;

const DEMO: &str = include_str!("demo.csv");

/// The products of the demo shop with their opening stock.
///
/// # Errors
/// [`Error::Internal`] when a row breaks a rule: a defect, which a test finds.
pub fn demo_rows() -> Result<Vec<ProductRow>, Error> {
    let unreadable = |failure| Error::internal("reading the demo catalogue", failure);
    let rows = ProductRows::new(DEMO.as_bytes()).map_err(unreadable)?;
    rows.map(|row| row.map_err(unreadable)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_demo_product_is_valid_and_in_stock() {
        let rows = demo_rows().unwrap();
        assert!(rows.len() >= 24);
        assert!(rows.iter().all(|row| row.on_hand.is_some_and(|units| units > 0)));
        let skus: std::collections::HashSet<_> =
            rows.iter().map(|row| row.product.sku.clone()).collect();
        assert_eq!(skus.len(), rows.len());
    }
}
