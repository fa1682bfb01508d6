//! Queries on the operations of payments.

use std::time::Duration;

use diesel::prelude::*;

use crate::db::{Conn, Dialect, Statement, Value, WriteTx};
use crate::error::Error;
use crate::idempotency::ClaimId;
use crate::kernel::{Amount, OperationId, PaymentId, Secret, Timestamp};
use crate::payments::gateway::Answer;
use crate::payments::model::{CaptureMode, Operation, OperationKind, OperationView, RefundView};
use crate::payments::schema::{payment_operations, payments};

type Unreadable = Box<dyn std::error::Error + Send + Sync>;

fn unreadable(failure: Unreadable) -> Error {
    Error::internal("reading an operation", failure)
}

pub(in crate::payments) fn insert_operation(
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
pub(in crate::payments) fn close_operation(
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

pub(in crate::payments) fn claim_due(
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

/// When the oldest of the operations began that settlement has to do with: those it has asked
/// about already, however often it was put off, and those that have come due.
///
/// # Errors
/// What the database refuses.
pub fn oldest_unsettled(conn: &mut Conn, now: Timestamp) -> Result<Option<Timestamp>, Error> {
    let overdue = payment_operations::due_at.le(now.micros()).assume_not_null();
    let began = payment_operations::table
        .filter(payment_operations::status.eq("pending"))
        .filter(payment_operations::attempts.gt(1).or(overdue))
        .select(diesel::dsl::min(payment_operations::created_at));
    Ok(began.first::<Option<i64>>(conn)?.map(Timestamp::from_micros))
}

pub(in crate::payments) fn put_off(
    tx: &mut WriteTx<'_>,
    id: OperationId,
    pause: Duration,
) -> Result<(), Error> {
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
pub(in crate::payments) fn operations(
    conn: &mut Conn,
    ids: &[String],
) -> Result<Vec<Operation>, Error> {
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
        .filter(payment_operations::due_at.is_not_null())
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
        .get_result(conn)
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
        .get_result(conn)?;
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

type ShownRow = (
    (String, String, String, String, i64),
    (Option<String>, Option<String>, Option<String>, i64, i64),
);

/// What was asked for about these payments, oldest first.
///
/// # Errors
/// What the database refuses.
pub fn operations_of(conn: &mut Conn, payments: &[PaymentId]) -> Result<Vec<OperationView>, Error> {
    use payment_operations as operations;
    let payments: Vec<String> = payments.iter().map(PaymentId::to_string).collect();
    let rows: Vec<ShownRow> = operations::table
        .filter(operations::payment_id.eq_any(payments))
        .order((operations::payment_id, operations::id))
        .select((
            (
                operations::id,
                operations::payment_id,
                operations::kind,
                operations::status,
                operations::amount,
            ),
            (
                operations::reason,
                operations::failure_code,
                operations::trace_id,
                operations::created_at,
                operations::updated_at,
            ),
        ))
        .load(conn)?;
    rows.into_iter().map(|row| read_shown(row).map_err(unreadable)).collect()
}

fn read_shown(row: ShownRow) -> Result<OperationView, Unreadable> {
    let ((id, payment_id, kind, status, amount), what) = row;
    let (reason, failure_code, trace_id, created_at, updated_at) = what;
    Ok(OperationView {
        id: id.parse()?,
        payment_id: payment_id.parse()?,
        kind: OperationKind::from_word(&kind).ok_or("an unknown operation")?,
        status,
        amount: Amount::new(amount)?,
        reason,
        failure_code,
        trace_id,
        created_at: Timestamp::from_micros(created_at),
        updated_at: Timestamp::from_micros(updated_at),
    })
}
