//! Queries on `cart_orders`.

use diesel::prelude::*;

use super::CartOrder;
use crate::db::{Conn, Statement, WriteTx};
use crate::error::Error;
use crate::kernel::{CartId, OrderId};
use crate::orders::schema::cart_orders;

fn order_id(text: &str) -> Result<OrderId, Error> {
    text.parse().map_err(|failure| Error::internal("reading an order of a cart", failure))
}

pub(super) fn standing(conn: &mut Conn, cart: CartId) -> Result<Option<CartOrder>, Error> {
    let row: Option<(String, String)> = cart_orders::table
        .filter(cart_orders::cart_id.eq(cart.to_string()).and(cart_orders::stands.eq(1)))
        .select((cart_orders::order_id, cart_orders::link))
        .get_result(conn)
        .optional()?;
    row.map(|(id, link)| Ok(CartOrder { order_id: order_id(&id)?, link })).transpose()
}

pub(super) fn linked(conn: &mut Conn, link: &str) -> Result<Option<OrderId>, Error> {
    let row: Option<String> = cart_orders::table
        .filter(cart_orders::link.eq(link))
        .select(cart_orders::order_id)
        .get_result(conn)
        .optional()?;
    row.map(|id| order_id(&id)).transpose()
}

pub(super) fn link(conn: &mut Conn, order_id: OrderId) -> Result<Option<String>, Error> {
    Ok(cart_orders::table
        .find(order_id.to_string())
        .select(cart_orders::link)
        .get_result(conn)
        .optional()?)
}

/// Whether the order stands: no other of its cart did.
pub(super) fn insert(
    tx: &mut WriteTx<'_>,
    cart: CartId,
    order_id: OrderId,
    link: &str,
) -> Result<bool, Error> {
    let statement = Statement::new(
        "INSERT INTO cart_orders (order_id, cart_id, link, stands) VALUES (?, ?, ?, 1) \
         ON CONFLICT DO NOTHING",
    )
    .bind_all([order_id.to_string(), cart.to_string(), link.to_owned()]);
    Ok(tx.execute(statement)? == 1)
}

/// The order was cancelled: its cart can be ordered again.
pub(in crate::orders) fn no_longer_stands(
    tx: &mut WriteTx<'_>,
    order_id: OrderId,
) -> Result<(), Error> {
    let statement = Statement::new("UPDATE cart_orders SET stands = 0 WHERE order_id = ?");
    tx.execute(statement.bind(order_id.to_string()))?;
    Ok(())
}
