//! Settling an operation: its outcome is written down once, whoever learns it first.

use serde_json::json;
use tracing::instrument;

use super::gateway::Answer;
use super::ledger;
use super::model::{Method, Operation, OperationKind, Payment};
use super::{operations, store};
use crate::audit::{self, Entry, Outcome, Subject};
use crate::db::WriteTx;
use crate::error::Error;
use crate::telemetry::metrics::{self, OperationResult, PaymentOperation};

/// A payment after an operation was settled.
#[derive(Debug, Clone)]
pub struct Settled {
    /// The payment now.
    pub payment: Payment,
    /// Whether the gateway did it.
    pub approved: bool,
}

/// Writes the outcome down; nothing when that was done before.
///
/// # Errors
/// What the database refuses.
#[instrument(
    name = "payments.settle", skip_all,
    fields(app.module = "payments", payment.id = %operation.payment_id,
        payment.operation = operation.kind.as_str())
)]
pub fn settle(
    tx: &mut WriteTx<'_>,
    operation: &Operation,
    answer: &Answer,
) -> Result<Option<Settled>, Error> {
    if !operations::close_operation(tx, operation.id, answer)? {
        return Ok(None);
    }
    let before = store::payment(tx.conn(), operation.payment_id)?
        .ok_or_else(|| Error::internal("settling", "the payment of an operation is gone"))?;
    let after = before
        .clone()
        .after(operation.kind, operation.amount, answer)
        .map_err(|failure| Error::internal("settling", failure))?;
    let payment = store::save_payment(tx, after)?;
    let approved = matches!(answer, Answer::Approved { .. });
    if approved {
        ledger::post(tx, operation, &payment)?;
    }
    audit::record(tx, entry(operation, &before, &payment, approved)?)?;
    let after = payment.clone();
    let kind = operation.kind;
    tx.on_commit(move || count(kind, &before, &after));
    Ok(Some(Settled { payment, approved }))
}

/// What staff record by hand is an operation too, that no gateway was asked for.
fn count(kind: OperationKind, before: &Payment, after: &Payment) {
    let (method, currency) = (after.method.as_str(), after.currency);
    if after.method == Method::Manual {
        let (kind, result) = (kind.as_str(), OperationResult::Approved);
        metrics::payment_operation(PaymentOperation { method, kind, result }, None);
    }
    let captured = after.amount_captured.minus_or_zero(before.amount_captured);
    if !captured.is_zero() {
        metrics::payment_captured(method, captured, currency);
    }
    let refunded = after.amount_refunded.minus_or_zero(before.amount_refunded);
    if !refunded.is_zero() {
        metrics::payment_refunded(method, refunded, currency);
    }
}

fn entry(
    operation: &Operation,
    before: &Payment,
    after: &Payment,
    approved: bool,
) -> Result<Entry, Error> {
    let kind = match (approved, operation.kind) {
        (false, _) => "payment.failed",
        (true, OperationKind::Authorize) if !after.amount_captured.is_zero() => "payment.captured",
        (true, OperationKind::Authorize) => "payment.authorized",
        (true, OperationKind::Capture) => "payment.captured",
        (true, OperationKind::Void) => "payment.voided",
        (true, OperationKind::Refund) => "payment.refunded",
    };
    let outcome = if approved { Outcome::Success } else { Outcome::Failed };
    Entry::new(kind, Subject::Payment(after.id)).outcome(outcome).before(state(before))?.after(
        json!({
            "operation": operation.kind,
            "operation_id": operation.id,
            "order_id": after.order_id,
            "amount": operation.amount,
            "currency": after.currency,
            "status": after.status,
            "amount_captured": after.amount_captured,
            "amount_refunded": after.amount_refunded,
            "decline_code": after.decline_code,
        }),
    )
}

fn state(payment: &Payment) -> serde_json::Value {
    json!({
        "status": payment.status,
        "amount_captured": payment.amount_captured,
        "amount_refunded": payment.amount_refunded,
    })
}
