//! Fulfilling: goods leave, all or some of them.

use serde_json::json;
use tracing::instrument;

use super::Orders;
use super::error::OrderRefusal;
use super::finish::{axes, save};
use super::model::{
    FulfilmentStatus, LineCount, OrderPaymentStatus, OrderStatus, fulfilment_status,
};
use super::reply::order_reply;
use super::store::{self, OrderState};
use super::view::{self, LineView};
use crate::audit::{self, Entry};
use crate::db::WriteTx;
use crate::error::{Error, Refusal};
use crate::http::{Reply, Submission};
use crate::idempotency;
use crate::inventory;
use crate::kernel::{OrderId, Origin};
use crate::payments;

/// What leaves.
#[derive(Debug, Clone)]
pub struct Parcel {
    /// Lines with units; everything that is left when not said.
    pub lines: Option<Vec<(String, i64)>>,
    /// The carrier's name for it.
    pub tracking: Option<String>,
}

impl Orders {
    /// Records that goods have left.
    ///
    /// # Errors
    /// 404, 409 when the order is not to be fulfilled or not that much of it, 412, 422.
    #[instrument(
        name = "orders.fulfil", skip_all, fields(app.module = "orders", order.id = %order_id)
    )]
    pub async fn fulfil(
        &self,
        origin: Origin,
        submission: Submission,
        order_id: OrderId,
        parcel: Parcel,
        if_match: Option<i64>,
    ) -> Result<Reply, Error> {
        self.db
            .write(&origin, move |tx| {
                idempotency::once(tx, &submission, |tx| {
                    fulfil(tx, order_id, &parcel, if_match)?;
                    order_reply(201, &view::one(tx.conn(), order_id)?)
                })
            })
            .await
    }
}

fn fulfil(
    tx: &mut WriteTx<'_>,
    order_id: OrderId,
    parcel: &Parcel,
    if_match: Option<i64>,
) -> Result<(), Error> {
    let before = store::state(tx.conn(), order_id)?.ok_or(OrderRefusal::Unknown)?;
    check(&before, if_match)?;
    // Goods must not leave while their money is being let go.
    let all = payments::of_order(tx.conn(), order_id)?;
    if all.iter().any(|one| !one.amount_voiding.is_zero() || !one.amount_refunding.is_zero()) {
        return Err(OrderRefusal::PaymentInProgress.into());
    }
    let rows = view::lines(tx.conn(), &[order_id.to_string()])?;
    let lines: Vec<LineView> = rows.into_iter().map(|(_, line)| line).collect();
    let leaving = leaving(&lines, parcel.lines.as_deref())?;

    // Nothing says no from here, but for a faster request.
    if leaving.is_empty() {
        return Err(Error::Contention("an order was fulfilled under way".into()));
    }
    for (line_id, quantity) in &leaving {
        if !store::fulfil_line(tx, order_id, line_id, *quantity)? {
            return Err(Error::Contention("a line was fulfilled under way".into()));
        }
    }
    let fulfilment = store::insert_fulfilment(tx, order_id, parcel.tracking.clone(), &leaving)?;
    // A manual payment's goods leave the stock now, if they have not when it was paid.
    inventory::post(tx, order_id)?;
    let mut after = before.clone();
    after.fulfilment_status = fulfilment_status(&counts(&lines, &leaving));
    let entry = Entry::new("order.fulfilment_created", audit::Subject::Order(order_id))
        .before(axes(&before, before.version))?
        .after(json!({
            "fulfilment_id": fulfilment,
            "fulfilment_status": after.fulfilment_status,
            "lines": leaving.iter()
                .map(|(line, quantity)| json!({ "line_id": line, "quantity": quantity }))
                .collect::<Vec<_>>(),
        }))?;
    audit::record(tx, entry)?;
    save(tx, &before, after).map(|_saved| ())
}

fn check(order: &OrderState, if_match: Option<i64>) -> Result<(), Error> {
    if if_match.is_some_and(|seen| seen != order.version) {
        return Err(OrderRefusal::Changed { version: order.version }.into());
    }
    if order.fulfilment_status == FulfilmentStatus::Fulfilled {
        return Err(OrderRefusal::NothingLeft.into());
    }
    if order.status != OrderStatus::Confirmed {
        let to = OrderStatus::Completed;
        return Err(OrderRefusal::InvalidTransition { from: order.status, to }.into());
    }
    match order.payment_status {
        OrderPaymentStatus::Voided | OrderPaymentStatus::Failed | OrderPaymentStatus::Refunded => {
            Err(OrderRefusal::PaymentNotSecured.into())
        }
        _ => Ok(()),
    }
}

/// Which units of which lines leave.
fn leaving(
    lines: &[LineView],
    asked: Option<&[(String, i64)]>,
) -> Result<Vec<(String, i64)>, Error> {
    let left = |line: &LineView| line.quantity - line.quantity_fulfilled;
    let Some(asked) = asked else {
        let open = lines.iter().filter(|line| left(line) > 0);
        return Ok(open.map(|line| (line.id.clone(), left(line))).collect());
    };
    if asked.is_empty() {
        return Err(Refusal::invalid("lines", "out_of_range", "must name a line").into());
    }
    for (index, (line_id, quantity)) in asked.iter().enumerate() {
        let line = lines.iter().find(|line| line.id == *line_id);
        let line = line.ok_or(OrderRefusal::UnknownLine { index })?;
        if *quantity < 1 {
            let field = format!("lines[{index}].quantity");
            return Err(Refusal::invalid(field, "out_of_range", "must be 1 or more").into());
        }
        if asked[..index].iter().any(|(earlier, _)| earlier == line_id) {
            let field = format!("lines[{index}].line_id");
            return Err(Refusal::invalid(field, "repeated", "names a line twice").into());
        }
        if *quantity > left(line) {
            return Err(OrderRefusal::ExceedsUnfulfilled { index, left: left(line) }.into());
        }
    }
    Ok(asked.to_vec())
}

fn counts(lines: &[LineView], leaving: &[(String, i64)]) -> Vec<LineCount> {
    let more =
        |id: &str| leaving.iter().find(|(line, _)| line == id).map_or(0, |(_, units)| *units);
    let count = |line: &LineView| LineCount {
        quantity: line.quantity,
        fulfilled: line.quantity_fulfilled + more(&line.id),
        returned: line.quantity_returned,
    };
    lines.iter().map(count).collect()
}
