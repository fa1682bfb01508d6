//! Which orders a list shows.

mod store;

use super::Orders;
use super::model::{FulfilmentStatus, OrderPaymentStatus, OrderStatus};
use super::store::numbered;
use super::view::{self, OrderView};
use crate::db::Conn;
use crate::error::{Error, Refusal};
use crate::http::{Cursor, Page, Paging};
use crate::kernel::{OrderId, Timestamp};

/// Orders that are found by an e-mail at most.
const BY_EMAIL: i64 = 200;

/// What the orders of a list have in common.
#[derive(Debug, Clone, Default)]
pub struct Filters {
    /// Where they are in their life.
    pub status: Option<OrderStatus>,
    /// How their money stands.
    pub payment_status: Option<OrderPaymentStatus>,
    /// How their goods stand.
    pub fulfilment_status: Option<FulfilmentStatus>,
    /// The reference of their customer.
    pub customer: Option<String>,
    /// Their own reference.
    pub reference: Option<String>,
    /// After when they were placed.
    pub created_after: Option<Timestamp>,
    /// Before when they were placed.
    pub created_before: Option<Timestamp>,
    /// They are among these.
    pub(in crate::orders) ids: Option<Vec<String>>,
}

impl Filters {
    /// The states that are asked for.
    fn axes(&self) -> [Option<&'static str>; 3] {
        [
            self.status.map(OrderStatus::as_str),
            self.payment_status.map(OrderPaymentStatus::as_str),
            self.fulfilment_status.map(FulfilmentStatus::as_str),
        ]
    }

    /// What a person means who looks for orders by one text: the number of an order, its reference,
    /// the reference of a customer or, where `contacts` may be known, an e-mail.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn meant_by(conn: &mut Conn, text: &str, contacts: bool) -> Result<Self, Error> {
        let text = text.trim().trim_start_matches('#');
        let number = text.parse().ok().map(|number| numbered(conn, number));
        if let Some(id) = number.transpose()?.flatten() {
            return Ok(Self { ids: Some(vec![id.to_string()]), ..Self::default() });
        }
        if text.contains('@') && contacts {
            let ids = store::with_email(conn, text, BY_EMAIL)?;
            return Ok(Self { ids: Some(ids), ..Self::default() });
        }
        let text = Some(text.to_owned());
        Ok(match store::has_reference(conn, text.as_deref().unwrap_or_default())? {
            true => Self { reference: text, ..Self::default() },
            false => Self { customer: text, ..Self::default() },
        })
    }
}

/// Reads one of a closed set of words.
pub(super) fn word<T>(
    field: &'static str,
    text: Option<&str>,
    read: fn(&str) -> Option<T>,
) -> Result<Option<T>, Error> {
    let unknown = || Refusal::invalid(field, "invalid", "is not one of its words").into();
    text.map(|text| read(text).ok_or_else(unknown)).transpose()
}

/// Reads a time.
pub(super) fn time(field: &'static str, text: Option<&str>) -> Result<Option<Timestamp>, Error> {
    let wrong =
        || Refusal::invalid(field, "invalid", "must be a time like 2026-11-23T17:39:12Z").into();
    text.map(|text| Timestamp::parse(text).ok_or_else(wrong)).transpose()
}

/// A page of orders, newest first.
///
/// # Errors
/// What the database refuses.
pub fn list(conn: &mut Conn, filters: &Filters, paging: &Paging) -> Result<Page<OrderView>, Error> {
    let rows = store::page(conn, filters, paging.cursor.as_ref(), paging.rows_wanted())?;
    let orders = view::complete(conn, rows)?;
    Ok(paging
        .page(orders, |order| Cursor { created_at: order.created_at, id: order.id.to_string() }))
}

/// How many orders these are, counted no further than to `most`.
///
/// # Errors
/// What the database refuses.
pub fn count(conn: &mut Conn, filters: &Filters, most: i64) -> Result<i64, Error> {
    let found = store::page(conn, filters, None, most)?;
    Ok(i64::try_from(found.len()).unwrap_or(most))
}

impl Orders {
    /// One order.
    pub(super) async fn read(&self, id: OrderId) -> Result<OrderView, Error> {
        self.db.look_up(move |conn| view::one(conn, id)).await
    }

    /// A page of orders, newest first.
    pub(super) async fn list(
        &self,
        filters: Filters,
        paging: Paging,
    ) -> Result<Page<OrderView>, Error> {
        self.db.read(move |conn| list(conn, &filters, &paging)).await
    }
}
