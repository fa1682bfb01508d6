//! Opening the payment of a new order.

use std::time::Duration;

use tracing::instrument;

use super::gateway::{ManualGateway, TestGateway};
use super::model::{CaptureMode, Method, Operation, OperationKind, Payment, PaymentStatus};
use super::{operations, store};
use crate::db::WriteTx;
use crate::error::Error;
use crate::idempotency::ClaimId;
use crate::kernel::{Amount, Currency, OperationId, OrderId, PaymentId, Secret};

/// How a new order is to be paid.
#[derive(Debug, Clone)]
pub enum NewPayment {
    /// By the card behind this token.
    Card {
        /// What the gateway knows the card by.
        token: Secret<String>,
        /// Whether the money is taken at once.
        capture: CaptureMode,
    },
    /// By invoice or cash.
    Manual,
}

/// Opens the payment; answers with it the operation that the gateway is to be asked for, if any.
///
/// The caller has `patience` to ask; after that settlement takes over.
///
/// # Errors
/// What the database refuses.
#[instrument(
    name = "payments.open", skip_all, fields(app.module = "payments", order.id = %order_id)
)]
pub fn open(
    tx: &mut WriteTx<'_>,
    order_id: OrderId,
    amount: Amount,
    currency: Currency,
    new: &NewPayment,
    claim: &ClaimId,
    patience: Duration,
) -> Result<(Payment, Option<Operation>), Error> {
    let payment = new_payment(tx, order_id, amount, currency, new);
    store::insert_payment(tx, &payment)?;
    let NewPayment::Card { token, .. } = new else { return Ok((payment, None)) };
    if amount.is_zero() {
        return Ok((payment, None));
    }
    let operation = Operation {
        id: OperationId::generate(),
        payment_id: payment.id,
        order_id,
        kind: OperationKind::Authorize,
        amount,
        currency,
        gateway: payment.gateway.clone(),
        capture_mode: payment.capture_mode,
        token: Some(token.clone()),
        claim: Some(claim.clone()),
        attempts: 1,
        trace_id: tx.origin().trace_id.clone(),
        span_id: tx.origin().span_id.clone(),
    };
    operations::insert_operation(tx, &operation, None, patience)?;
    Ok((payment, Some(operation)))
}

fn new_payment(
    tx: &WriteTx<'_>,
    order_id: OrderId,
    amount: Amount,
    currency: Currency,
    new: &NewPayment,
) -> Payment {
    let (method, gateway, capture_mode) = match new {
        NewPayment::Card { capture, .. } => (Method::Card, TestGateway::NAME, *capture),
        NewPayment::Manual => (Method::Manual, ManualGateway::NAME, CaptureMode::Manual),
    };
    // What costs nothing is paid.
    let status = if amount.is_zero() { PaymentStatus::Captured } else { PaymentStatus::Pending };
    let amount_authorized = if method == Method::Manual { amount } else { Amount::ZERO };
    Payment {
        version: 1,
        id: PaymentId::generate(),
        order_id,
        method,
        gateway: gateway.to_owned(),
        status,
        capture_mode,
        currency,
        amount,
        amount_authorized,
        amount_capturing: Amount::ZERO,
        amount_captured: Amount::ZERO,
        amount_voiding: Amount::ZERO,
        amount_voided: Amount::ZERO,
        amount_refunding: Amount::ZERO,
        amount_refunded: Amount::ZERO,
        decline_code: None,
        next_action: None,
        gateway_reference: None,
        created_at: tx.now(),
        updated_at: tx.now(),
    }
}
