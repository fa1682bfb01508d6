//! Queries on the tables of carts.

use diesel::prelude::*;

use super::schema::{cart_lines, carts};
use crate::db::{Conn, Statement, WriteTx};
use crate::error::Error;
use crate::kernel::{CartId, Timestamp};

/// A line as stored.
#[derive(Queryable, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) sku: String,
    pub(super) quantity: i64,
}

pub(super) fn by_hash(conn: &mut Conn, hash: &str) -> Result<Option<CartId>, Error> {
    let found: Option<String> = carts::table
        .filter(carts::secret_hash.eq(hash))
        .select(carts::id)
        .get_result(conn)
        .optional()?;
    found
        .map(|id| id.parse().map_err(|failure| Error::internal("reading a cart", failure)))
        .transpose()
}

pub(super) fn insert(tx: &mut WriteTx<'_>, id: CartId, hash: &str) -> Result<(), Error> {
    let now = tx.now().micros();
    let statement = Statement::new(
        "INSERT INTO carts (id, secret_hash, created_at, updated_at) VALUES (?, ?, ?, ?)",
    );
    tx.execute(statement.bind_all([id.to_string().as_str(), hash]).bind_all([now, now]))?;
    Ok(())
}

/// The lines of a cart, in the order in which they were put there.
pub(super) fn lines(conn: &mut Conn, cart: CartId) -> Result<Vec<Row>, Error> {
    Ok(cart_lines::table
        .filter(cart_lines::cart_id.eq(cart.to_string()))
        .order((cart_lines::added_at, cart_lines::sku))
        .select((cart_lines::sku, cart_lines::quantity))
        .load(conn)?)
}

pub(super) fn put_line(
    tx: &mut WriteTx<'_>,
    cart: CartId,
    sku: &str,
    quantity: i64,
) -> Result<(), Error> {
    let now = tx.now().micros();
    let statement = Statement::new(
        "INSERT INTO cart_lines (cart_id, sku, quantity, added_at) VALUES (?, ?, ?, ?) \
         ON CONFLICT (cart_id, sku) DO UPDATE SET quantity = excluded.quantity",
    );
    tx.execute(statement.bind_all([cart.to_string().as_str(), sku]).bind_all([quantity, now]))?;
    Ok(())
}

pub(super) fn remove_line(tx: &mut WriteTx<'_>, cart: CartId, sku: &str) -> Result<(), Error> {
    let statement = Statement::new("DELETE FROM cart_lines WHERE cart_id = ? AND sku = ?");
    tx.execute(statement.bind_all([cart.to_string().as_str(), sku]))?;
    Ok(())
}

/// From here to the end of the transaction nobody else changes or orders the cart; answers whether
/// it is there.
pub(super) fn touch(tx: &mut WriteTx<'_>, cart: CartId) -> Result<bool, Error> {
    let now = tx.now().micros();
    let statement = Statement::new("UPDATE carts SET updated_at = ? WHERE id = ?");
    Ok(tx.execute(statement.bind(now).bind(cart.to_string()))? == 1)
}

pub(super) fn remove_untouched(
    tx: &mut WriteTx<'_>,
    before: Timestamp,
    limit: i64,
) -> Result<usize, Error> {
    let old: Vec<String> = carts::table
        .filter(carts::updated_at.lt(before.micros()))
        .order(carts::updated_at)
        .limit(limit)
        .select(carts::id)
        .load(tx.conn())?;
    diesel::delete(cart_lines::table.filter(cart_lines::cart_id.eq_any(&old)))
        .execute(tx.conn())?;
    Ok(diesel::delete(carts::table.filter(carts::id.eq_any(&old))).execute(tx.conn())?)
}
