//! Cancelling: stock goes back, held money is let go, taken money is given back.

use std::time::Duration;

use tracing::instrument;

use super::Orders;
use super::error::OrderRefusal;
use super::finish::{finish, save};
use super::model::{OrderStatus, payment_status};
use super::prepare::pending;
use super::reply::{self, Subject};
use super::store::{self, OrderState};
use super::view::{self, LineView};
use crate::db::WriteTx;
use crate::error::Error;
use crate::http::{Reply, Submission};
use crate::idempotency::{self, ClaimId, Claimed};
use crate::inventory::{self, Release, Wanted};
use crate::kernel::{Amount, OperationId, OrderId, Origin, crash_point};
use crate::payments::{self, Ask, ManualGateway, Operation, OperationKind, Payment};
use crate::telemetry::{self, Keep};

/// How far cancelling got.
enum Cancelled {
    Answered(Reply),
    Ask(Vec<Operation>),
}

impl Orders {
    /// Cancels an order that is confirmed.
    ///
    /// # Errors
    /// 404, 409 when it cannot be cancelled (any more, or while a gateway is asked), 412.
    #[instrument(
        name = "orders.cancel", skip_all, fields(app.module = "orders", order.id = %order_id)
    )]
    pub async fn cancel(
        &self,
        origin: Origin,
        submission: Submission,
        order_id: OrderId,
        reason: Option<String>,
        if_match: Option<i64>,
    ) -> Result<Reply, Error> {
        telemetry::about_order(order_id);
        let patience = self.patience();
        let cancelled = self
            .db
            .write(&origin, move |tx| {
                let reason = reason.as_deref().unwrap_or("requested");
                cancel_claimed(tx, &submission, order_id, reason, if_match, patience)
            })
            .await?;
        crash_point("cancel.prepared");
        match cancelled {
            Cancelled::Answered(reply) => Ok(reply),
            Cancelled::Ask(operations) => {
                self.carry_out(&origin, operations, Subject::Cancelled(order_id), None).await
            }
        }
    }
}

fn cancel_claimed(
    tx: &mut WriteTx<'_>,
    submission: &Submission,
    order_id: OrderId,
    reason: &str,
    if_match: Option<i64>,
    patience: Duration,
) -> Result<Cancelled, Error> {
    let subject = Subject::Cancelled(order_id);
    let claim = match idempotency::claim(tx, submission, &subject.to_string())? {
        Claimed::New(claim) => claim,
        Claimed::Replay(reply) => return Ok(Cancelled::Answered(reply)),
        Claimed::Pending { subject } => return pending(tx, &subject).map(Cancelled::Answered),
    };
    let state = store::state(tx.conn(), order_id)?.ok_or(OrderRefusal::Unknown)?;
    if if_match.is_some_and(|seen| seen != state.version) {
        return Err(OrderRefusal::Changed { version: state.version }.into());
    }
    let operations = cancel(tx, state, reason, Release::Voided, Some(claim.clone()), patience)?;
    if !operations.is_empty() {
        return Ok(Cancelled::Ask(operations));
    }
    // Without a gateway to wait for, the last manual operation may have answered already.
    if let Some(reply) = idempotency::saved(tx, &claim)? {
        return Ok(Cancelled::Answered(Reply { replayed: false, ..reply }));
    }
    let request_id = tx.origin().request_id.as_deref();
    let reply = reply::settled(tx.conn(), subject, request_id)?;
    idempotency::finish(tx, &claim, &reply)?;
    Ok(Cancelled::Answered(reply))
}

/// Cancels inside the caller's transaction; answers what gateways are still to be asked for.
///
/// # Errors
/// 409 when the order is not one to be cancelled now.
pub(super) fn cancel(
    tx: &mut WriteTx<'_>,
    before: OrderState,
    reason: &str,
    release: Release,
    claim: Option<ClaimId>,
    patience: Duration,
) -> Result<Vec<Operation>, Error> {
    if before.status == OrderStatus::Pending {
        return Err(OrderRefusal::PaymentInProgress.into());
    }
    if !before.status.may_become(OrderStatus::Cancelled) {
        let to = OrderStatus::Cancelled;
        return Err(OrderRefusal::InvalidTransition { from: before.status, to }.into());
    }
    let all = payments::of_order(tx.conn(), before.id)?;
    if all.iter().any(Payment::is_under_way) {
        return Err(OrderRefusal::PaymentInProgress.into());
    }
    let lines = lines_of(tx, before.id)?;

    // Nothing says no from here.
    telemetry::keep_trace(Keep::Compensated);
    if !inventory::release(tx, before.id, release)? {
        inventory::give_back(tx, before.id, &unfulfilled(&lines))?;
    }
    let mut after = before.clone();
    after.status = OrderStatus::Cancelled;
    after.cancel_reason = Some(reason.to_owned());
    after.payment_status = payment_status(before.total, &all);
    save(tx, &before, after)?;
    let mut keep = kept(&lines);
    let mut to_ask = Vec::new();
    for payment in &all {
        for (kind, amount) in to_return(payment, &mut keep) {
            let ask = Ask {
                kind,
                amount: Some(amount),
                reason: Some("order cancelled".into()),
                if_match: None,
                claim: claim.clone(),
            };
            to_ask.push(payments::begin(tx, OperationId::generate(), payment.id, &ask, patience)?);
        }
    }
    finish_manual(tx, to_ask)
}

/// What staff do by hand is done; what a gateway does is still to be asked for.
fn finish_manual(
    tx: &mut WriteTx<'_>,
    operations: Vec<Operation>,
) -> Result<Vec<Operation>, Error> {
    let (manual, others): (Vec<_>, Vec<_>) =
        operations.into_iter().partition(|operation| operation.gateway == ManualGateway::NAME);
    for operation in manual {
        finish(tx, &operation, &ManualGateway::answer(operation.id), None)?;
    }
    Ok(others)
}

fn lines_of(tx: &mut WriteTx<'_>, order_id: OrderId) -> Result<Vec<LineView>, Error> {
    let rows = view::lines(tx.conn(), &[order_id.to_string()])?;
    Ok(rows.into_iter().map(|(_, line)| line).collect())
}

fn unfulfilled(lines: &[LineView]) -> Vec<Wanted> {
    let mut units: Vec<Wanted> = Vec::new();
    for line in lines {
        let quantity = line.quantity - line.quantity_fulfilled;
        match units.iter_mut().find(|unit| unit.sku == line.sku) {
            Some(unit) => unit.quantity += quantity,
            None => units.push(Wanted { sku: line.sku.clone(), quantity }),
        }
    }
    units.retain(|unit| unit.quantity > 0);
    units
}

/// The money that stays: for what has left. When nothing has, everything goes back.
fn kept(lines: &[LineView]) -> i64 {
    lines.iter().map(|line| line.unit_price.minor() * line.quantity_fulfilled).sum()
}

/// What of a payment is let go and what is given back, so that `keep` stays; taken money is kept
/// first.
fn to_return(payment: &Payment, keep: &mut i64) -> Vec<(OperationKind, Amount)> {
    let mut returned = Vec::new();
    let mut give = |kind, available: Amount| {
        let stays = available.minor().min(*keep);
        *keep -= stays;
        if let Ok(amount) = Amount::new(available.minor() - stays)
            && !amount.is_zero()
        {
            returned.push((kind, amount));
        }
    };
    give(OperationKind::Refund, payment.refundable());
    if payment.status != payments::PaymentStatus::Failed {
        give(OperationKind::Void, payment.capturable());
    }
    returned
}
