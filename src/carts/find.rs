//! From a browser's secret to its cart.

use super::model::CartSecret;
use super::store;
use crate::db::{Conn, WriteTx};
use crate::error::Error;
use crate::kernel::CartId;

/// The cart that this secret opens.
///
/// # Errors
/// What the database refuses.
pub fn find(conn: &mut Conn, secret: &CartSecret) -> Result<Option<CartId>, Error> {
    store::by_hash(conn, &secret.hash())
}

/// Makes a cart that this new secret opens.
///
/// # Errors
/// What the database refuses.
pub fn open(tx: &mut WriteTx<'_>, secret: &CartSecret) -> Result<CartId, Error> {
    let id = CartId::generate();
    store::insert(tx, id, &secret.hash())?;
    Ok(id)
}
