//! Queries on the payment tables.

use std::time::Duration;

use diesel::prelude::*;

use super::gateway::Answer;
use super::model::{
    CaptureMode, Method, NextAction, Operation, OperationKind, Payment, PaymentStatus, RefundView,
};
use super::schema::{payment_operations, payments};
use crate::db::{Conn, Dialect, Statement, Value, WriteTx};
use crate::error::Error;
use crate::idempotency::ClaimId;
use crate::kernel::{Amount, OperationId, OrderId, PaymentId, Secret, Timestamp};

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
    let row: Option<PaymentRow> = payments::table.find(id.to_string()).first(conn).optional()?;
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
    let rows: Vec<PaymentRow> = payments::table
        .filter(payments::order_id.eq_any(order_ids))
        .order(payments::id)
        .load(conn)?;
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

pub(super) fn insert_operation(
    tx: &mut WriteTx<'_>,
    new: &Operation,
    reason: Option<&str>,
    patience: Duration,
) -> Result<(), Error> {
    let now = tx.now();
    let row: [Value; 15] = [
        new.id.to_string().into(),
        new.payment_id.to_string().into(),
        new.kind.as_str().into(),
        "pending".into(),
        new.amount.minor().into(),
        reason.map(str::to_owned).into(),
        new.token.as_ref().map(|token| token.expose().clone()).into(),
        new.claim.as_ref().map(|claim| claim.as_str().to_owned()).into(),
        new.attempts.into(),
        1.into(),
        now.after(patience).micros().into(),
        new.trace_id.clone().into(),
        new.span_id.clone().into(),
        now.micros().into(),
        now.micros().into(),
    ];
    let columns = [
        "id",
        "payment_id",
        "kind",
        "status",
        "amount",
        "reason",
        "token",
        "idempotency_id",
        "attempts",
        "fence",
        "due_at",
        "trace_id",
        "span_id",
        "created_at",
        "updated_at",
    ];
    tx.execute(Statement::insert("payment_operations", columns, [row]))?;
    Ok(())
}

/// Ends a pending operation; answers whether it was pending. Forgets the card's token.
pub(super) fn close_operation(
    tx: &mut WriteTx<'_>,
    id: OperationId,
    answer: &Answer,
) -> Result<bool, Error> {
    let (status, failure_code) = match answer {
        Answer::Approved { .. } => ("succeeded", None),
        Answer::Declined { code } => ("failed", Some(code.clone())),
    };
    let statement = Statement::new(
        "UPDATE payment_operations SET status = ?, failure_code = ?, due_at = NULL, token = NULL, \
         updated_at = ? WHERE id = ? AND status = 'pending'",
    )
    .bind(status)
    .bind(failure_code)
    .bind(tx.now().micros())
    .bind(id.to_string());
    Ok(tx.execute(statement)? == 1)
}

#[derive(QueryableByName)]
struct Due {
    #[diesel(sql_type = diesel::sql_types::Text)]
    id: String,
}

pub(super) fn claim_due(
    tx: &mut WriteTx<'_>,
    limit: i64,
    lease: Duration,
) -> Result<Vec<String>, Error> {
    let skip_locked = match tx.dialect() {
        Dialect::Sqlite => "",
        Dialect::Postgres => "FOR UPDATE SKIP LOCKED",
    };
    let now = tx.now();
    let statement = Statement::new(format!(
        "UPDATE payment_operations SET due_at = ?, fence = fence + 1, attempts = attempts + 1 \
         WHERE id IN (SELECT id FROM payment_operations WHERE status = 'pending' AND due_at <= ? \
         ORDER BY due_at LIMIT ? {skip_locked}) RETURNING id"
    ))
    .bind_all([now.after(lease).micros(), now.micros(), limit]);
    Ok(statement.load::<Due>(tx.conn())?.into_iter().map(|due| due.id).collect())
}

/// When the earliest of the operations without an outcome is to be asked about, past or not.
///
/// # Errors
/// What the database refuses.
pub fn oldest_due(conn: &mut Conn) -> Result<Option<Timestamp>, Error> {
    let due = payment_operations::table
        .filter(payment_operations::status.eq("pending"))
        .select(diesel::dsl::min(payment_operations::due_at));
    Ok(due.first::<Option<i64>>(conn)?.map(Timestamp::from_micros))
}

pub(super) fn put_off(tx: &mut WriteTx<'_>, id: OperationId, pause: Duration) -> Result<(), Error> {
    let statement = Statement::new(
        "UPDATE payment_operations SET due_at = ? WHERE id = ? AND status = 'pending'",
    )
    .bind(tx.now().after(pause).micros())
    .bind(id.to_string());
    tx.execute(statement)?;
    Ok(())
}

type OperationRow = (
    (String, String, String, i64),
    (Option<String>, Option<String>, i64, Option<String>, Option<String>),
    (String, String, String, String),
);

/// Operations by their ids, oldest first.
pub(super) fn operations(conn: &mut Conn, ids: &[String]) -> Result<Vec<Operation>, Error> {
    use payment_operations as operations;
    let rows: Vec<OperationRow> = operations::table
        .inner_join(payments::table)
        .filter(operations::id.eq_any(ids))
        .order(operations::id)
        .select((
            (operations::id, operations::payment_id, operations::kind, operations::amount),
            (
                operations::token,
                operations::idempotency_id,
                operations::attempts,
                operations::trace_id,
                operations::span_id,
            ),
            (payments::order_id, payments::currency, payments::gateway, payments::capture_mode),
        ))
        .load(conn)?;
    rows.into_iter().map(|row| read_operation(row).map_err(unreadable)).collect()
}

fn read_operation(row: OperationRow) -> Result<Operation, Unreadable> {
    let ((id, payment_id, kind, amount), what, payment) = row;
    let (token, claim, attempts, trace_id, span_id) = what;
    let (order_id, currency, gateway, capture_mode) = payment;
    Ok(Operation {
        id: id.parse()?,
        payment_id: payment_id.parse()?,
        order_id: order_id.parse()?,
        kind: OperationKind::from_word(&kind).ok_or("an unknown operation")?,
        amount: Amount::new(amount)?,
        currency: currency.parse()?,
        gateway,
        capture_mode: CaptureMode::from_word(&capture_mode).ok_or("an unknown mode")?,
        token: token.map(Secret::new),
        claim: claim.map(ClaimId::stored),
        attempts,
        trace_id,
        span_id,
    })
}

/// Whether an operation under this claim still waits for its outcome.
///
/// # Errors
/// What the database refuses.
pub fn has_pending_for(
    conn: &mut Conn,
    payment: PaymentId,
    claim: &ClaimId,
) -> Result<bool, Error> {
    let pending = payment_operations::table
        .filter(payment_operations::payment_id.eq(payment.to_string()))
        .filter(payment_operations::idempotency_id.eq(claim.as_str()))
        .filter(payment_operations::status.eq("pending"))
        .count()
        .get_result::<i64>(conn)?;
    Ok(pending > 0)
}

/// The payment that an operation (a refund, a capture) is one of.
///
/// # Errors
/// What the database refuses.
pub fn payment_of(conn: &mut Conn, id: OperationId) -> Result<Option<PaymentId>, Error> {
    let found: Option<String> = payment_operations::table
        .find(id.to_string())
        .select(payment_operations::payment_id)
        .first(conn)
        .optional()?;
    found.map(|id| id.parse().map_err(|failure| unreadable(Box::new(failure)))).transpose()
}

type RefundRow = (String, i64, Option<String>, String, i64);

/// A refund as clients see it.
///
/// # Errors
/// What the database refuses; [`Error::Internal`] when there is no such operation.
pub fn refund_view(conn: &mut Conn, id: OperationId) -> Result<RefundView, Error> {
    let row: RefundRow = payment_operations::table
        .find(id.to_string())
        .select((
            payment_operations::payment_id,
            payment_operations::amount,
            payment_operations::reason,
            payment_operations::status,
            payment_operations::created_at,
        ))
        .first(conn)?;
    let (payment_id, amount, reason, status, created_at) = row;
    let read = || -> Result<RefundView, Unreadable> {
        Ok(RefundView {
            id,
            payment_id: payment_id.parse()?,
            amount: Amount::new(amount)?,
            reason,
            status,
            created_at: Timestamp::from_micros(created_at),
        })
    };
    read().map_err(unreadable)
}
