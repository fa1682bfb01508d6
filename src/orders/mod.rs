//! The life of an order; orchestrates payments and inventory.
//!
//! Invariants: only `status` moves by the transition table, the two other axes are pure functions
//! of the payments and of the lines; of the orders
//! of a cart one stands at most; no gateway is asked inside a transaction; what was prepared
//! is finished by whoever learns the outcome first, the request itself or settlement; a name, an
//! address or an e-mail is in `personal_data` and nowhere else. Owns `orders`, `order_lines`,
//! `order_adjustments`, `order_fulfilments`, `order_fulfilment_lines`, `customers`,
//! `personal_data`, `cart_orders`.

mod act;
mod cancel;
mod customers;
mod error;
mod expire;
mod finish;
mod from_cart;
mod fulfil;
mod http;
mod list;
mod model;
mod place;
mod prepare;
mod reply;
mod request;
mod schema;
mod settle;
mod store;
mod view;

use std::sync::Arc;
use std::time::Duration;

pub use customers::{Contact, buyers, contact, erase_customer};
pub use error::OrderRefusal;
pub use from_cart::{CartOrder, FromCart, link_of, linked_order, standing_order};
pub use fulfil::Parcel;
pub use http::routes;
pub use list::{Filters, count, list};
pub use model::{
    FulfilmentStatus, OrderPaymentStatus, OrderStatus, fulfilment_status, payment_status,
};
pub use request::PlaceOrder;
pub use view::{LineView, OrderView, find, find_number, numbers, version};

use crate::catalog::Prices;
use crate::db::Db;
use crate::payments::Gateways;

/// How long things are waited for.
#[derive(Debug, Clone)]
pub struct Terms {
    /// How long stock is held for a payment by card.
    pub hold: Duration,
    /// How long an order waits for a manual payment.
    pub manual_deadline: Duration,
}

/// The door of this room: every use case is a method of it, in a file of its own.
pub struct Orders {
    db: Arc<Db>,
    gateways: Arc<Gateways>,
    terms: Terms,
    prices: Arc<Prices>,
}

impl Orders {
    /// Orders in this database, paid through these gateways.
    #[must_use]
    pub fn new(db: Arc<Db>, gateways: Arc<Gateways>, terms: Terms) -> Self {
        Self { db, gateways, terms, prices: Arc::default() }
    }

    /// How long an operation is left to the request that began it, before settlement takes over:
    /// what asking may take, and as much again for waiting at the database.
    fn patience(&self) -> Duration {
        self.gateways.timeout() * 2 + Duration::from_secs(2)
    }
}
