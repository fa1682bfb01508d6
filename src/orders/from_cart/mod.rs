//! Orders that were placed from a cart: which one stands, and the secret address of each.

mod store;

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::error::OrderRefusal;
use crate::db::{Conn, WriteTx};
use crate::error::Error;
use crate::kernel::{CartId, OrderId, random_bytes};

pub(super) use store::no_longer_stands;

/// Asks inside a transaction; refuses, or lets it go on.
pub type Check = dyn Fn(&mut WriteTx<'_>) -> Result<(), Error> + Send + Sync;

/// The cart that an order is placed from.
#[derive(Clone)]
pub struct FromCart {
    /// Which one.
    pub id: CartId,
    /// Refuses when the cart is not any more what is ordered, and keeps it so until the end of the
    /// transaction.
    pub unchanged: Arc<Check>,
}

/// An order that was placed from a cart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CartOrder {
    /// The order.
    pub order_id: OrderId,
    /// The secret part of the address at which the buyer sees it: 22 characters of base64url.
    pub link: String,
}

/// The order that stands of this cart.
///
/// # Errors
/// What the database refuses.
pub fn standing_order(conn: &mut Conn, cart: CartId) -> Result<Option<CartOrder>, Error> {
    store::standing(conn, cart)
}

/// The order behind a secret address.
///
/// # Errors
/// What the database refuses.
pub fn linked_order(conn: &mut Conn, link: &str) -> Result<Option<OrderId>, Error> {
    store::linked(conn, link)
}

/// The secret address of an order, when it was placed from a cart.
///
/// # Errors
/// What the database refuses.
pub fn link_of(conn: &mut Conn, order_id: OrderId) -> Result<Option<String>, Error> {
    store::link(conn, order_id)
}

/// Of a cart one order stands at most, and it is of all that is in the cart.
pub(super) fn accept(tx: &mut WriteTx<'_>, cart: &FromCart) -> Result<(), Error> {
    (cart.unchanged)(tx)?;
    match standing_order(tx.conn(), cart.id)? {
        Some(order) => Err(OrderRefusal::CartOrdered(order.order_id).into()),
        None => Ok(()),
    }
}

/// The order is the one of this cart. Of two that come at once, one finds the other in its way and
/// runs again.
pub(super) fn stand(tx: &mut WriteTx<'_>, cart: CartId, order_id: OrderId) -> Result<(), Error> {
    let link = URL_SAFE_NO_PAD.encode(random_bytes::<16>());
    match store::insert(tx, cart, order_id, &link)? {
        true => Ok(()),
        false => Err(Error::Contention("another order of the same cart stands".into())),
    }
}
