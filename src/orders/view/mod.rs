//! Orders as clients see them, read in one set of statements however many there are.

mod store;

use std::collections::HashMap;

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::error::OrderRefusal;
use super::model::{FulfilmentStatus, OrderPaymentStatus, OrderStatus};
use super::store::{NewLine, NewOrder, OrderRow, OrderState, numbered, order_with_customer};
use crate::db::{Conn, WriteTx};
use crate::error::Error;
use crate::kernel::{Amount, Currency, OrderId, Timestamp};
use crate::payments::{self, Payment, PaymentView};

pub(super) use store::lines;

/// An order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OrderView {
    /// Its identifier.
    pub id: OrderId,
    /// Its number, for people.
    pub number: String,
    /// The client's own name for it.
    pub reference: Option<String>,
    /// Where it is in its life.
    pub status: OrderStatus,
    /// How its money stands.
    pub payment_status: OrderPaymentStatus,
    /// How its goods stand.
    pub fulfilment_status: FulfilmentStatus,
    /// Why it was cancelled: `payment_declined`, `expired`, `requested` or the given words.
    pub cancel_reason: Option<String>,
    /// Who ordered.
    pub customer: CustomerView,
    /// The currency of all amounts.
    pub currency: Currency,
    /// The sum of the lines.
    pub subtotal: Amount,
    /// What is taken off.
    pub discount_total: Amount,
    /// What sending costs.
    pub shipping_total: Amount,
    /// What the state gets on top.
    pub tax_total: Amount,
    /// What is to be paid.
    pub total: Amount,
    /// What was ordered.
    pub lines: Vec<LineView>,
    /// Discounts, shipping, tax.
    pub adjustments: Vec<AdjustmentView>,
    /// How it is paid.
    pub payments: Vec<PaymentView>,
    /// What has left.
    pub fulfilments: Vec<FulfilmentView>,
    /// The client's labels.
    #[schema(value_type = Object)]
    pub metadata: Box<RawValue>,
    /// The trace in which it was placed.
    pub trace_id: Option<String>,
    /// Counts changes; the `ETag`.
    pub version: i64,
    /// When it was placed.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl OrderView {
    /// A new order, as it was just written, without its payment.
    pub(super) fn placed(
        tx: &WriteTx<'_>,
        new: &NewOrder<'_>,
        number: i64,
        customer: &str,
        lines: &[NewLine],
    ) -> Result<Self, Error> {
        let metadata = RawValue::from_string(new.metadata.to_owned())
            .map_err(|failure| Error::internal("placing an order", failure))?;
        Ok(Self {
            id: new.id,
            number: number.to_string(),
            reference: new.reference.map(str::to_owned),
            status: new.status,
            payment_status: new.payment_status,
            fulfilment_status: FulfilmentStatus::Unfulfilled,
            cancel_reason: None,
            customer: CustomerView { reference: customer.to_owned() },
            currency: new.currency,
            subtotal: new.total,
            discount_total: Amount::ZERO,
            shipping_total: Amount::ZERO,
            tax_total: Amount::ZERO,
            total: new.total,
            lines: lines.iter().map(LineView::from).collect(),
            adjustments: Vec::new(),
            payments: Vec::new(),
            fulfilments: Vec::new(),
            metadata,
            trace_id: tx.origin().trace_id.clone(),
            version: 1,
            created_at: tx.now(),
            updated_at: tx.now(),
        })
    }

    /// The order after its only payment has moved, and it with that.
    pub(super) fn moved(mut self, state: &OrderState, payment: &Payment, now: Timestamp) -> Self {
        self.status = state.status;
        self.payment_status = state.payment_status;
        self.fulfilment_status = state.fulfilment_status;
        self.cancel_reason.clone_from(&state.cancel_reason);
        self.version = state.version;
        self.updated_at = now;
        self.payments = vec![PaymentView::from(payment)];
        self
    }
}

impl From<&NewLine> for LineView {
    fn from(line: &NewLine) -> Self {
        Self {
            id: line.id.to_string(),
            sku: line.sku.clone(),
            name: line.name.clone(),
            quantity: line.quantity,
            unit_price: line.unit_price,
            total: line.total,
            quantity_fulfilled: 0,
            quantity_returned: 0,
        }
    }
}

/// Who ordered.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CustomerView {
    /// The client's own name for the customer.
    pub reference: String,
}

/// A line of an order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LineView {
    /// Its identifier.
    pub id: String,
    /// The product.
    pub sku: String,
    /// The product's name when it was ordered.
    pub name: String,
    /// Units.
    pub quantity: i64,
    /// For one unit.
    pub unit_price: Amount,
    /// For all units.
    pub total: Amount,
    /// Units that left.
    pub quantity_fulfilled: i64,
    /// Units that came back.
    pub quantity_returned: i64,
}

/// A discount, shipping or tax.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AdjustmentView {
    /// `discount`, `shipping` or `tax`.
    pub kind: String,
    /// What it is called.
    pub label: String,
    /// How much; a discount's is negative.
    pub amount: i64,
    /// Whether the prices already contain it.
    pub included: bool,
}

/// Goods that left together.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FulfilmentView {
    /// Its identifier.
    pub id: String,
    /// What left.
    pub lines: Vec<FulfilmentLineView>,
    /// The carrier's name for it.
    pub tracking: Option<String>,
    /// When it left.
    pub created_at: Timestamp,
}

/// How many units of a line left.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct FulfilmentLineView {
    /// The line.
    pub line_id: String,
    /// Units.
    pub quantity: i64,
}

/// One order.
///
/// # Errors
/// 404 when there is none.
pub(super) fn one(conn: &mut Conn, id: OrderId) -> Result<OrderView, Error> {
    let row = order_with_customer(conn, id)?.ok_or(OrderRefusal::Unknown)?;
    let view = complete(conn, vec![row])?.pop();
    view.ok_or_else(|| OrderRefusal::Unknown.into())
}

/// One order, when there is one of this identifier.
///
/// # Errors
/// What the database refuses.
pub fn find(conn: &mut Conn, id: OrderId) -> Result<Option<OrderView>, Error> {
    let Some(row) = order_with_customer(conn, id)? else { return Ok(None) };
    Ok(complete(conn, vec![row])?.pop())
}

/// The order of this number.
///
/// # Errors
/// What the database refuses.
pub fn find_number(conn: &mut Conn, number: i64) -> Result<Option<OrderId>, Error> {
    numbered(conn, number)
}

/// Counts the changes of an order.
///
/// # Errors
/// What the database refuses.
pub fn version(conn: &mut Conn, id: OrderId) -> Result<Option<i64>, Error> {
    Ok(crate::orders::store::state(conn, id)?.map(|state| state.version))
}

/// The numbers of these orders.
///
/// # Errors
/// What the database refuses.
pub fn numbers(conn: &mut Conn, ids: &[OrderId]) -> Result<HashMap<OrderId, String>, Error> {
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let read = |(id, number): (String, i64)| {
        let id = id.parse().map_err(|failure| Error::internal("reading an order", failure))?;
        Ok((id, number.to_string()))
    };
    crate::orders::store::numbers(conn, &ids)?.into_iter().map(read).collect()
}

/// The orders of these rows, in their order, with everything that belongs to them.
pub(super) fn complete(
    conn: &mut Conn,
    rows: Vec<(OrderRow, String)>,
) -> Result<Vec<OrderView>, Error> {
    let ids: Vec<String> = rows.iter().map(|(row, _)| row.id.clone()).collect();
    let left = rows.iter().filter(|(row, _)| row.has_left()).map(|(row, _)| row.id.clone());
    let mut lines = grouped(store::lines(conn, &ids)?);
    let mut adjustments = grouped(store::adjustments(conn, &ids)?);
    let mut fulfilments = grouped(store::fulfilments(conn, &left.collect::<Vec<_>>())?);
    let mut payments: HashMap<String, Vec<PaymentView>> = HashMap::new();
    for payment in payments::of_orders(conn, &ids)? {
        let order_id = payment.order_id.to_string();
        payments.entry(order_id).or_default().push(PaymentView::from(&payment));
    }
    let views = rows.into_iter().map(|(row, customer)| {
        let id = row.id.clone();
        let mut view = row.view(customer)?;
        view.lines = lines.remove(&id).unwrap_or_default();
        view.adjustments = adjustments.remove(&id).unwrap_or_default();
        view.fulfilments = fulfilments.remove(&id).unwrap_or_default();
        view.payments = payments.remove(&id).unwrap_or_default();
        Ok(view)
    });
    views.collect()
}

fn grouped<T>(rows: Vec<(String, T)>) -> HashMap<String, Vec<T>> {
    let mut groups: HashMap<String, Vec<T>> = HashMap::new();
    for (order_id, row) in rows {
        groups.entry(order_id).or_default().push(row);
    }
    groups
}
