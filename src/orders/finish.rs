//! The last step of everything that asks a gateway: the outcome, and all that follows from it, in
//! one transaction. The request and settlement both come here; whoever is first does it.

use std::sync::Arc;

use serde_json::json;
use tracing::instrument;

use super::Orders;
use super::from_cart;
use super::model::{FulfilmentStatus, OrderPaymentStatus, OrderStatus, payment_status};
use super::reply::{self, Subject};
use super::store::{self, OrderState};
use super::view::OrderView;
use crate::audit::{self, Entry, Outcome};
use crate::db::WriteTx;
use crate::error::Error;
use crate::http::Reply;
use crate::idempotency;
use crate::inventory::{self, Release};
use crate::kernel::{Actor, Origin, crash_point};
use crate::payments::{self, Answer, Heard, Operation, OperationKind};
use crate::telemetry::{self, Keep, metrics};

impl Orders {
    /// Asks the gateway for each operation and finishes it; answers what the request is told.
    /// `placed` is the order that the request has just placed, if it has.
    pub(super) async fn carry_out(
        &self,
        origin: &Origin,
        operations: Vec<Operation>,
        subject: Subject,
        placed: Option<Arc<OrderView>>,
    ) -> Result<Reply, Error> {
        let mut reply = None;
        for operation in operations {
            let heard = self.gateways.ask(&operation).await;
            crash_point("gateway.answered");
            let known = matches!(heard, Heard::Known(_));
            let operation_kind = operation.kind.as_str();
            tracing::debug!(payment.operation = operation_kind, known, "the gateway was asked");
            let placed = placed.clone();
            let told = self
                .db
                .write_begun(origin, move |tx| match &heard {
                    Heard::Known(answer) => finish(tx, &operation, answer, placed.as_deref()),
                    Heard::Unknown => leave(tx, &operation),
                })
                .await;
            crash_point("finish.committed");
            match told {
                Ok(told) => reply = told.or(reply),
                // What was begun stands: settlement finishes it, and the answer is that it pends.
                Err(error) => tracing::warn!(error = %error, "left to settlement"),
            }
        }
        match reply {
            Some(reply) => Ok(reply),
            None => self.db.read(move |conn| reply::pending(conn, subject)).await,
        }
    }
}

/// Nothing was heard: settlement goes on, and the key answers how things stand. Answers the reply
/// when settlement was faster.
pub(super) fn leave(tx: &mut WriteTx<'_>, operation: &Operation) -> Result<Option<Reply>, Error> {
    telemetry::keep_trace(Keep::UnknownOutcome);
    payments::put_off(tx, operation)?;
    if let Some(claim) = &operation.claim {
        idempotency::leave_pending(tx, claim)?;
    }
    replay(tx, operation)
}

/// Writes down an outcome and what follows from it; answers the reply once the request that the
/// operation belongs to is complete. Nothing, when it was finished before. An order that was just
/// `placed` is known, and need not be read to answer with it.
#[instrument(
    name = "orders.finish", skip_all,
    fields(app.module = "orders", order.id = %operation.order_id,
        payment.id = %operation.payment_id)
)]
pub(super) fn finish(
    tx: &mut WriteTx<'_>,
    operation: &Operation,
    answer: &Answer,
    placed: Option<&OrderView>,
) -> Result<Option<Reply>, Error> {
    let Some(settled) = payments::settle(tx, operation, answer)? else {
        return replay(tx, operation);
    };
    let before = store::state(tx.conn(), operation.order_id)?
        .ok_or_else(|| Error::internal("finishing", "the order of a payment is gone"))?;
    let mut after = before.clone();
    let all = match placed {
        // It is placed with one payment.
        Some(_) => vec![settled.payment.clone()],
        None => payments::of_order(tx.conn(), operation.order_id)?,
    };
    after.payment_status = payment_status(before.total, &all);
    match (operation.kind, settled.approved) {
        (OperationKind::Authorize, true) => {
            inventory::post(tx, operation.order_id)?;
            after.status = OrderStatus::Confirmed;
        }
        (OperationKind::Authorize, false) => {
            telemetry::keep_trace(Keep::Compensated);
            inventory::release(tx, operation.order_id, Release::Voided)?;
            after.status = OrderStatus::Cancelled;
            after.cancel_reason = Some("payment_declined".into());
        }
        (OperationKind::Capture, true) => {
            // A manual payment's goods leave the stock with the first money for them.
            inventory::post(tx, operation.order_id)?;
        }
        _ => {}
    }
    let after = save(tx, &before, after)?;
    // An order that a job finishes had been left with an unknown outcome.
    let settlement = matches!(tx.origin().actor, Actor::Job(_));
    if settlement && operation.kind == OperationKind::Authorize {
        tx.on_commit(move || metrics::order_settled(settled.approved));
    }
    match placed {
        Some(order) => {
            let order = order.clone().moved(&after, &settled.payment, tx.now());
            answer_placed(tx, operation, &order)
        }
        None => answer_claim(tx, operation),
    }
}

fn answer_placed(
    tx: &mut WriteTx<'_>,
    operation: &Operation,
    order: &OrderView,
) -> Result<Option<Reply>, Error> {
    let Some(claim) = &operation.claim else { return Ok(None) };
    let reply = reply::to_placing(order, tx.origin().request_id.as_deref())?;
    idempotency::finish(tx, claim, &reply)?;
    Ok(Some(reply))
}

/// Finished by someone else meanwhile: the saved reply is ours too, for the first time.
fn replay(tx: &mut WriteTx<'_>, operation: &Operation) -> Result<Option<Reply>, Error> {
    let Some(claim) = &operation.claim else { return Ok(None) };
    let saved = idempotency::saved(tx, claim)?;
    Ok(saved.map(|reply| Reply { replayed: false, ..reply }))
}

/// The reply, saved, when this was the last operation that its request waited for.
fn answer_claim(tx: &mut WriteTx<'_>, operation: &Operation) -> Result<Option<Reply>, Error> {
    let Some(claim) = &operation.claim else { return Ok(None) };
    if payments::has_pending_for(tx.conn(), operation.payment_id, claim)? {
        return Ok(None);
    }
    let Some(subject) = idempotency::subject(tx, claim)? else { return Ok(None) };
    let subject: Subject =
        subject.parse().map_err(|failure| Error::internal("reading a claim", failure))?;
    let request_id = tx.origin().request_id.as_deref();
    let reply = reply::settled(tx.conn(), subject, request_id)?;
    idempotency::finish(tx, claim, &reply)?;
    Ok(Some(reply))
}

/// Stores an order's move with its journal entry; answers how it stands then. Completes it when all
/// is fulfilled and paid.
pub(super) fn save(
    tx: &mut WriteTx<'_>,
    before: &OrderState,
    mut after: OrderState,
) -> Result<OrderState, Error> {
    let complete = after.status == OrderStatus::Confirmed
        && after.fulfilment_status == FulfilmentStatus::Fulfilled
        && after.payment_status == OrderPaymentStatus::Paid;
    if complete {
        after.status = OrderStatus::Completed;
    }
    if before.status != after.status && !before.status.may_become(after.status) {
        return Err(Error::internal("saving an order", "a move that the table does not know"));
    }
    let waits = after.status == OrderStatus::Confirmed
        && matches!(after.payment_status, OrderPaymentStatus::Unpaid | OrderPaymentStatus::Voided)
        && after.fulfilment_status == FulfilmentStatus::Unfulfilled;
    after.deadline = after.deadline.filter(|_| waits);
    store::save_state(tx, &after)?;
    if after.status == OrderStatus::Cancelled && before.status != OrderStatus::Cancelled {
        from_cart::no_longer_stands(tx, after.id)?;
    }
    let declined = after.cancel_reason.as_deref() == Some("payment_declined");
    let outcome = if declined { Outcome::Failed } else { Outcome::Success };
    let entry = Entry::new(kind_of(before, &after), audit::Subject::Order(after.id))
        .outcome(outcome)
        .before(axes(before, before.version))?
        .after(axes(&after, before.version + 1))?;
    audit::record(tx, entry)?;
    Ok(OrderState { version: before.version + 1, ..after })
}

fn kind_of(before: &OrderState, after: &OrderState) -> &'static str {
    if before.status == after.status {
        return match before.fulfilment_status == after.fulfilment_status {
            true => "order.payment_changed",
            false => "order.fulfilled",
        };
    }
    match after.status {
        OrderStatus::Pending => "order.placed",
        OrderStatus::Confirmed => "order.confirmed",
        OrderStatus::Completed => "order.completed",
        OrderStatus::Cancelled => "order.cancelled",
    }
}

/// The three axes, as the journal tells of them. Free words of people stay out of it.
pub(super) fn axes(state: &OrderState, version: i64) -> serde_json::Value {
    json!({
        "status": state.status,
        "payment_status": state.payment_status,
        "fulfilment_status": state.fulfilment_status,
        "version": version,
    })
}
