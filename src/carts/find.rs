//! From a browser's secret to its cart.

use super::store;
use crate::db::{Conn, WriteTx};
use crate::error::Error;
use crate::kernel::{CartId, Token};
use crate::orders;

/// A cart that is about to be changed: until the end of the transaction nobody else changes or
/// orders it.
#[derive(Debug)]
pub struct OpenCart(pub(super) CartId);

/// The cart that this secret opens.
///
/// # Errors
/// What the database refuses.
pub fn find(conn: &mut Conn, secret: &Token) -> Result<Option<CartId>, Error> {
    store::by_hash(conn, &secret.hash())
}

/// The cart that this secret opens, to be changed; `None` when there is none, or it was ordered.
///
/// # Errors
/// What the database refuses.
pub fn open(tx: &mut WriteTx<'_>, secret: &Token) -> Result<Option<OpenCart>, Error> {
    let Some(cart) = find(tx.conn(), secret)? else { return Ok(None) };
    let there = store::touch(tx, cart)?;
    let ordered = orders::standing_order(tx.conn(), cart)?.is_some();
    Ok((there && !ordered).then_some(OpenCart(cart)))
}

/// Makes a cart that this new secret opens.
///
/// # Errors
/// What the database refuses.
pub fn begin(tx: &mut WriteTx<'_>, secret: &Token) -> Result<OpenCart, Error> {
    let id = CartId::generate();
    store::insert(tx, id, &secret.hash())?;
    Ok(OpenCart(id))
}
