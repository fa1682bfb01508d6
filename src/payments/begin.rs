//! Beginning a capture, a void or a refund: the amount is set aside before anyone is asked.

use std::time::Duration;

use serde_json::json;
use tracing::instrument;

use super::error::PaymentRefusal;
use super::model::{Method, Operation, OperationKind, Payment, PaymentStatus};
use super::{operations, store};
use crate::audit::{self, Entry, Subject};
use crate::db::WriteTx;
use crate::error::{Error, Refusal};
use crate::idempotency::ClaimId;
use crate::kernel::{Amount, OperationId, PaymentId};

/// What is asked of a payment.
#[derive(Debug, Clone)]
pub struct Ask {
    /// Capture, void or refund.
    pub kind: OperationKind,
    /// How much; all that is left when not said.
    pub amount: Option<Amount>,
    /// Why, in the words of who asks.
    pub reason: Option<String>,
    /// The version that the caller has seen.
    pub if_match: Option<i64>,
    /// The idempotency key whose reply waits for the outcome.
    pub claim: Option<ClaimId>,
}

/// Sets the amount aside and writes down what the gateway is to be asked, as operation `id`.
///
/// The caller has `patience` to ask; after that settlement takes over.
///
/// # Errors
/// 404 for an unknown payment, 409 when it stands elsewhere or has not that much left, 412 when it
/// has changed since the caller read it.
#[instrument(
    name = "payments.begin", skip_all,
    fields(app.module = "payments", payment.id = %payment_id, payment.operation = ask.kind.as_str())
)]
pub fn begin(
    tx: &mut WriteTx<'_>,
    id: OperationId,
    payment_id: PaymentId,
    ask: &Ask,
    patience: Duration,
) -> Result<Operation, Error> {
    let payment = store::payment(tx.conn(), payment_id)?.ok_or(PaymentRefusal::Unknown)?;
    let amount = check(&payment, ask)?;
    if !store::set_aside(tx, &payment, ask.kind, amount)? {
        // Another request was faster: say how it stands now.
        let now = store::payment(tx.conn(), payment_id)?.ok_or(PaymentRefusal::Unknown)?;
        check(&now, ask)?;
        return Err(Error::Contention("a payment changed under way".into()));
    }
    let operation = Operation {
        id,
        payment_id,
        order_id: payment.order_id,
        kind: ask.kind,
        amount,
        currency: payment.currency,
        gateway: payment.gateway.clone(),
        capture_mode: payment.capture_mode,
        token: None,
        claim: ask.claim.clone(),
        attempts: 1,
        trace_id: tx.origin().trace_id.clone(),
        span_id: tx.origin().span_id.clone(),
    };
    operations::insert_operation(tx, &operation, ask.reason.as_deref(), patience)?;
    let entry = Entry::new(requested(ask.kind), Subject::Payment(payment_id)).after(json!({
        "operation_id": operation.id,
        "order_id": payment.order_id,
        "amount": amount,
        "currency": payment.currency,
    }))?;
    audit::record(tx, entry)?;
    Ok(operation)
}

fn check(payment: &Payment, ask: &Ask) -> Result<Amount, Refusal> {
    let kind = ask.kind;
    let version = payment.version();
    if ask.if_match.is_some_and(|seen| seen != version) {
        return Err(PaymentRefusal::Changed { version }.into());
    }
    let available = match kind {
        OperationKind::Refund => payment.refundable(),
        _ => payment.capturable(),
    };
    if !allowed(payment, kind) || available.is_zero() {
        return Err(match payment.is_under_way() {
            true => PaymentRefusal::InProgress,
            false => not_allowed(payment, kind),
        }
        .into());
    }
    let amount = ask.amount.unwrap_or(available);
    if amount.is_zero() {
        return Err(Refusal::invalid("amount", "out_of_range", "must be 1 or more"));
    }
    if amount > available {
        return Err(PaymentRefusal::TooMuch { kind, available }.into());
    }
    Ok(amount)
}

fn not_allowed(payment: &Payment, kind: OperationKind) -> PaymentRefusal {
    let all = [OperationKind::Capture, OperationKind::Void, OperationKind::Refund];
    let allowed = all.into_iter().filter(|kind| allowed(payment, *kind)).collect();
    PaymentRefusal::NotAllowed { kind, status: payment.status, allowed }
}

fn allowed(payment: &Payment, kind: OperationKind) -> bool {
    use PaymentStatus::{Authorized, Captured, PartiallyCaptured, Pending};
    let open = match payment.method {
        Method::Card => matches!(payment.status, Authorized | PartiallyCaptured),
        Method::Manual => matches!(payment.status, Pending | PartiallyCaptured),
    };
    match kind {
        OperationKind::Authorize => false,
        OperationKind::Capture | OperationKind::Void => open,
        OperationKind::Refund => matches!(payment.status, PartiallyCaptured | Captured),
    }
}

fn requested(kind: OperationKind) -> &'static str {
    match kind {
        OperationKind::Authorize => "payment.authorization_requested",
        OperationKind::Capture => "payment.capture_requested",
        OperationKind::Void => "payment.void_requested",
        OperationKind::Refund => "payment.refund_requested",
    }
}
