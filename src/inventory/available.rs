//! What can be ordered.

use std::collections::HashMap;

use tracing::instrument;

use super::store;
use crate::db::Conn;
use crate::error::Error;

/// Units that can be ordered of each product; one that never had stock is left out.
///
/// # Errors
/// What the database refuses.
#[instrument(name = "inventory.available", skip_all, fields(app.module = "inventory"))]
pub fn available(conn: &mut Conn, skus: &[&str]) -> Result<HashMap<String, i64>, Error> {
    Ok(store::available(conn, skus)?.into_iter().collect())
}

/// Units in stock of each product, those that orders hold as well.
///
/// # Errors
/// What the database refuses.
pub fn on_hand(conn: &mut Conn, skus: &[&str]) -> Result<HashMap<String, i64>, Error> {
    Ok(store::on_hand(conn, skus)?.into_iter().collect())
}
