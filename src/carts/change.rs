//! Putting products into a cart and taking them out.

use std::time::Duration;

use tracing::instrument;

use super::error::CartRefusal;
use super::find::OpenCart;
use super::model::{LINES_MAX, QUANTITY_MAX};
use super::store;
use crate::catalog;
use crate::db::WriteTx;
use crate::error::Error;
use crate::kernel::Currency;

/// A cart that nobody has touched for so long is removed.
const KEPT: Duration = Duration::from_secs(90 * 24 * 3600);

/// Puts so many more units of a product into the cart.
///
/// # Errors
/// [`CartRefusal`].
#[instrument(name = "carts.add", skip_all, fields(app.module = "carts", inventory.sku = sku))]
pub fn add(
    tx: &mut WriteTx<'_>,
    cart: &OpenCart,
    sku: &str,
    quantity: i64,
    currency: Currency,
) -> Result<(), Error> {
    if !(1..=QUANTITY_MAX).contains(&quantity) {
        return Err(CartRefusal::Quantity.into());
    }
    if catalog::on_shelf(tx.conn(), &[sku], currency)?.is_empty() {
        return Err(CartRefusal::UnknownProduct.into());
    }
    let lines = store::lines(tx.conn(), cart.0)?;
    let there = lines.iter().find(|line| line.sku == sku).map_or(0, |line| line.quantity);
    if there == 0 && lines.len() >= LINES_MAX {
        return Err(CartRefusal::Full.into());
    }
    if there + quantity > QUANTITY_MAX {
        return Err(CartRefusal::Quantity.into());
    }
    store::put_line(tx, cart.0, sku, there + quantity)
}

/// Has exactly so many units of a product in the cart; with none, its line is gone.
///
/// # Errors
/// [`CartRefusal`].
#[instrument(name = "carts.set", skip_all, fields(app.module = "carts", inventory.sku = sku))]
pub fn set(tx: &mut WriteTx<'_>, cart: &OpenCart, sku: &str, quantity: i64) -> Result<(), Error> {
    if !(0..=QUANTITY_MAX).contains(&quantity) {
        return Err(CartRefusal::Quantity.into());
    }
    if quantity == 0 {
        store::remove_line(tx, cart.0, sku)
    } else if store::lines(tx.conn(), cart.0)?.iter().any(|line| line.sku == sku) {
        store::put_line(tx, cart.0, sku, quantity)
    } else {
        Err(CartRefusal::UnknownProduct.into())
    }
}

/// Removes carts that nobody has touched for 90 days, at most `limit`; answers how many.
///
/// # Errors
/// What the database refuses.
pub fn remove_old(tx: &mut WriteTx<'_>, limit: i64) -> Result<usize, Error> {
    let before = tx.now().before(KEPT);
    store::remove_untouched(tx, before, limit)
}
