//! Queries on payments.

use diesel::prelude::*;

use super::model::{CaptureMode, Method, NextAction, OperationKind, Payment, PaymentStatus};
use super::schema::payments;
use crate::db::{Conn, Statement, Value, WriteTx, load_where, on_inner};
use crate::error::Error;
use crate::kernel::{Amount, OrderId, PaymentId, Timestamp};

#[derive(Queryable)]
struct PaymentRow {
    id: String,
    order_id: String,
    method: String,
    gateway: String,
    status: String,
    capture_mode: String,
    currency: String,
    amount: i64,
    amount_authorized: i64,
    amount_capturing: i64,
    amount_captured: i64,
    amount_voiding: i64,
    amount_voided: i64,
    amount_refunding: i64,
    amount_refunded: i64,
    decline_code: Option<String>,
    next_action_type: Option<String>,
    next_action_url: Option<String>,
    gateway_reference: Option<String>,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

type Unreadable = Box<dyn std::error::Error + Send + Sync>;

fn unreadable(failure: Unreadable) -> Error {
    Error::internal("reading a payment", failure)
}

impl TryFrom<PaymentRow> for Payment {
    type Error = Unreadable;

    fn try_from(row: PaymentRow) -> Result<Self, Unreadable> {
        let next_action = row.next_action_type.zip(row.next_action_url);
        Ok(Self {
            version: row.version,
            id: row.id.parse()?,
            order_id: row.order_id.parse()?,
            method: Method::from_word(&row.method).ok_or("an unknown method")?,
            gateway: row.gateway,
            status: PaymentStatus::from_word(&row.status).ok_or("an unknown status")?,
            capture_mode: CaptureMode::from_word(&row.capture_mode).ok_or("an unknown mode")?,
            currency: row.currency.parse()?,
            amount: Amount::new(row.amount)?,
            amount_authorized: Amount::new(row.amount_authorized)?,
            amount_capturing: Amount::new(row.amount_capturing)?,
            amount_captured: Amount::new(row.amount_captured)?,
            amount_voiding: Amount::new(row.amount_voiding)?,
            amount_voided: Amount::new(row.amount_voided)?,
            amount_refunding: Amount::new(row.amount_refunding)?,
            amount_refunded: Amount::new(row.amount_refunded)?,
            decline_code: row.decline_code,
            next_action: next_action.map(|(r#type, url)| NextAction { r#type, url }),
            gateway_reference: row.gateway_reference,
            created_at: Timestamp::from_micros(row.created_at),
            updated_at: Timestamp::from_micros(row.updated_at),
        })
    }
}

/// A payment by its id.
///
/// # Errors
/// What the database refuses.
pub fn payment(conn: &mut Conn, id: PaymentId) -> Result<Option<Payment>, Error> {
    let query = payments::table.find(id.to_string());
    let row: Option<PaymentRow> = on_inner!(conn, inner => query.get_result(inner)).optional()?;
    row.map(|row| row.try_into().map_err(unreadable)).transpose()
}

/// The payments of an order, oldest first.
///
/// # Errors
/// What the database refuses.
pub fn of_order(conn: &mut Conn, order_id: OrderId) -> Result<Vec<Payment>, Error> {
    of_orders(conn, &[order_id.to_string()])
}

/// The payments of several orders, oldest first.
///
/// # Errors
/// What the database refuses.
pub fn of_orders(conn: &mut Conn, order_ids: &[String]) -> Result<Vec<Payment>, Error> {
    let query = payments::table.order(payments::id);
    let rows: Vec<PaymentRow> = load_where!(conn, query, payments::order_id, order_ids)?;
    rows.into_iter().map(|row| row.try_into().map_err(unreadable)).collect()
}

/// Payments made before the one of this id, newest first: identifiers sort by time.
///
/// # Errors
/// What the database refuses.
pub fn newest(
    conn: &mut Conn,
    before: Option<PaymentId>,
    limit: i64,
) -> Result<Vec<Payment>, Error> {
    let mut query = payments::table.order(payments::id.desc()).limit(limit).into_boxed();
    if let Some(before) = before {
        query = query.filter(payments::id.lt(before.to_string()));
    }
    let rows: Vec<PaymentRow> = query.load(conn)?;
    rows.into_iter().map(|row| row.try_into().map_err(unreadable)).collect()
}

pub(super) fn insert_payment(tx: &mut WriteTx<'_>, new: &Payment) -> Result<(), Error> {
    let row: [Value; 12] = [
        new.id.to_string().into(),
        new.order_id.to_string().into(),
        new.method.as_str().into(),
        new.gateway.as_str().into(),
        new.status.as_str().into(),
        new.capture_mode.as_str().into(),
        new.currency.as_str().into(),
        new.amount.minor().into(),
        new.amount_authorized.minor().into(),
        new.version.into(),
        new.created_at.micros().into(),
        new.updated_at.micros().into(),
    ];
    let columns = [
        "id",
        "order_id",
        "method",
        "gateway",
        "status",
        "capture_mode",
        "currency",
        "amount",
        "amount_authorized",
        "version",
        "created_at",
        "updated_at",
    ];
    tx.execute(Statement::insert("payments", columns, [row]))?;
    Ok(())
}

/// Stores what an operation's outcome changed, when nobody else changed the payment meanwhile.
pub(super) fn save_payment(tx: &mut WriteTx<'_>, payment: Payment) -> Result<Payment, Error> {
    let now = tx.now();
    let statement = Statement::new(
        "UPDATE payments SET status = ?, amount_authorized = ?, amount_capturing = ?, \
         amount_captured = ?, amount_voiding = ?, amount_voided = ?, amount_refunding = ?, \
         amount_refunded = ?, decline_code = ?, gateway_reference = ?, version = version + 1, \
         updated_at = ? WHERE id = ? AND version = ?",
    )
    .bind(payment.status.as_str())
    .bind_all([payment.amount_authorized.minor(), payment.amount_capturing.minor()])
    .bind_all([payment.amount_captured.minor(), payment.amount_voiding.minor()])
    .bind_all([payment.amount_voided.minor(), payment.amount_refunding.minor()])
    .bind(payment.amount_refunded.minor())
    .bind_all([payment.decline_code.clone(), payment.gateway_reference.clone()])
    .bind(now.micros())
    .bind(payment.id.to_string())
    .bind(payment.version);
    if tx.execute(statement)? == 0 {
        return Err(Error::Contention("a payment changed under way".into()));
    }
    Ok(Payment { version: payment.version + 1, updated_at: now, ..payment })
}

/// Sets an amount aside, when there is that much left of the very version of the payment that was
/// read; answers whether there was.
pub(super) fn set_aside(
    tx: &mut WriteTx<'_>,
    payment: &Payment,
    kind: OperationKind,
    amount: Amount,
) -> Result<bool, Error> {
    let open = "amount_captured + amount_capturing + amount_voiding + amount_voided";
    let (column, guard) = match kind {
        OperationKind::Void => ("amount_voiding", format!("{open} + ? <= amount_authorized")),
        OperationKind::Refund => (
            "amount_refunding",
            "amount_refunding + amount_refunded + ? <= amount_captured".to_owned(),
        ),
        _ => ("amount_capturing", format!("{open} + ? <= amount_authorized")),
    };
    let statement = Statement::new(format!(
        "UPDATE payments SET {column} = {column} + ?, version = version + 1, updated_at = ? \
         WHERE id = ? AND version = ? AND {guard}"
    ))
    .bind_all([amount.minor(), tx.now().micros()])
    .bind(payment.id.to_string())
    .bind_all([payment.version, amount.minor()]);
    Ok(tx.execute(statement)? == 1)
}
