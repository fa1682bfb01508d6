//! How the stock of a product stands, and how it came to that.

use super::error::InventoryRefusal;
use super::model::{Level, Movement};
use super::store;
use crate::catalog;
use crate::db::Conn;
use crate::error::Error;
use crate::http::Paging;

/// The level of a product; one that never had stock has none of it.
///
/// # Errors
/// 404 for an unknown product.
pub fn level(conn: &mut Conn, sku: &str) -> Result<Level, Error> {
    if let Some(level) = store::level(conn, sku)? {
        return Ok(level);
    }
    if catalog::exists(conn, sku)? {
        return Ok(Level { sku: sku.to_owned(), on_hand: 0, reserved: 0, available: 0 });
    }
    Err(InventoryRefusal::UnknownSku.into())
}

/// The posted movements of a product, newest first, one more than the page has if there is one.
///
/// # Errors
/// What the database refuses.
pub fn movements(conn: &mut Conn, sku: &str, paging: &Paging) -> Result<Vec<Movement>, Error> {
    store::movements(conn, sku, paging)
}

/// Levels with at most so many free units, the scarcest first.
///
/// # Errors
/// What the database refuses.
pub fn scarce(conn: &mut Conn, at_most: i64, limit: i64) -> Result<Vec<Level>, Error> {
    store::scarce(conn, at_most, limit)
}
