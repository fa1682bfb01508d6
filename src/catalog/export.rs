//! The whole catalogue, page by page, in the order of the SKUs.

use super::model::Product;
use super::store;
use crate::db::Conn;
use crate::error::Error;

/// Products after this SKU, at most `limit`.
///
/// # Errors
/// What the database refuses.
pub fn after_sku(conn: &mut Conn, sku: &str, limit: i64) -> Result<Vec<Product>, Error> {
    store::after_sku(conn, sku, limit)
}
