//! The demo shop: a catalogue with stock, for a database that has no product yet.

use super::set_opening_stock;
use crate::catalog;
use crate::db::WriteTx;
use crate::error::Error;

/// Loads the demo catalogue and its stock; answers how many products, none when there is any
/// product already.
///
/// # Errors
/// What the database refuses.
pub fn load_demo(tx: &mut WriteTx<'_>) -> Result<usize, Error> {
    if catalog::any_product(tx.conn())? {
        return Ok(0);
    }
    let rows = catalog::demo_rows()?;
    let stock: Vec<(String, i64)> =
        rows.iter().filter_map(|row| Some((row.product.sku.to_string(), row.on_hand?))).collect();
    let products: Vec<_> = rows.into_iter().map(|row| row.product).collect();
    let counts = catalog::put_many(tx, &products)?;
    set_opening_stock(tx, &stock)?;
    Ok(counts.created)
}
