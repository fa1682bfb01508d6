//! A cart as it stands now, with the prices and the stock of this moment.

use std::collections::HashMap;

use tracing::instrument;

use super::model::{Cart, CartLine};
use super::store::{self, Row};
use crate::catalog::{self, Shelved};
use crate::db::Conn;
use crate::error::Error;
use crate::inventory;
use crate::kernel::{Amount, CartId, Currency};

/// The cart with what it costs and what there is of it.
///
/// # Errors
/// What the database refuses.
#[instrument(name = "carts.view", skip_all, fields(app.module = "carts"))]
pub fn view(conn: &mut Conn, id: CartId, currency: Currency) -> Result<Cart, Error> {
    let rows = store::lines(conn, id)?;
    let skus: Vec<&str> = rows.iter().map(|row| row.sku.as_str()).collect();
    let available = inventory::available(conn, &skus)?;
    let shelved = catalog::on_shelf(conn, &skus, currency)?;
    let mut shelved: HashMap<String, Shelved> =
        shelved.into_iter().map(|product| (product.sku.clone(), product)).collect();
    let mut lines = Vec::with_capacity(rows.len());
    for row in &rows {
        let free = available.get(&row.sku).copied().unwrap_or_default();
        lines.push(line(row, shelved.remove(&row.sku), free));
    }
    let total = lines.iter().try_fold(Amount::ZERO, |sum, line| sum.plus(line.total?).ok());
    Ok(Cart { id, currency, lines, total })
}

fn line(row: &Row, product: Option<Shelved>, available: i64) -> CartLine {
    let (sku, quantity) = (row.sku.clone(), row.quantity);
    let Some(product) = product else {
        let (name, total) = (sku.clone(), Some(Amount::ZERO));
        let (package_size, unit_price, available) = (None, None, 0);
        return CartLine { sku, name, package_size, quantity, unit_price, total, available };
    };
    let total = product.price.times(quantity).ok();
    let Shelved { name, package_size, price, .. } = product;
    let unit_price = Some(price);
    CartLine { sku, name, package_size, quantity, unit_price, total, available }
}

/// Units in the cart.
///
/// # Errors
/// What the database refuses.
pub fn units(conn: &mut Conn, id: CartId) -> Result<i64, Error> {
    Ok(store::lines(conn, id)?.iter().map(|row| row.quantity).sum())
}
