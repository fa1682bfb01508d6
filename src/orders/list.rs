//! Which orders a list shows.

use super::Orders;
use super::model::{FulfilmentStatus, OrderPaymentStatus, OrderStatus};
use super::store;
use super::view::{self, OrderView};
use crate::error::{Error, Refusal};
use crate::http::{Cursor, Page, Paging};
use crate::kernel::{OrderId, Timestamp};

/// What the orders of a list have in common.
#[derive(Debug, Clone, Default)]
pub(super) struct Filters {
    pub(super) status: Option<OrderStatus>,
    pub(super) payment_status: Option<OrderPaymentStatus>,
    pub(super) fulfilment_status: Option<FulfilmentStatus>,
    pub(super) customer: Option<String>,
    pub(super) reference: Option<String>,
    pub(super) created_after: Option<Timestamp>,
    pub(super) created_before: Option<Timestamp>,
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

impl Orders {
    /// One order.
    pub(super) async fn read(&self, id: OrderId) -> Result<OrderView, Error> {
        self.db.read(move |conn| view::one(conn, id)).await
    }

    /// A page of orders, newest first.
    pub(super) async fn list(
        &self,
        filters: Filters,
        paging: Paging,
    ) -> Result<Page<OrderView>, Error> {
        let wanted = paging.clone();
        let rows = self
            .db
            .read(move |conn| {
                let rows = store::page(conn, &filters, &wanted)?;
                view::complete(conn, rows)
            })
            .await?;
        Ok(paging
            .page(rows, |order| Cursor { created_at: order.created_at, id: order.id.to_string() }))
    }
}
