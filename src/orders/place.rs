//! Placing an order: prepare → pay → finish.

use std::sync::Arc;

use tracing::{Span, instrument};

use super::Orders;
use super::from_cart::FromCart;
use super::prepare::{Placing, Prepared, prepare};
use super::reply::Subject;
use super::request::PlaceOrder;
use crate::error::Error;
use crate::http::{Reply, Submission};
use crate::kernel::{Origin, crash_point, panic_point};
use crate::telemetry::metrics::{OrderOutcome, OrderProcessing};
use crate::telemetry::{self, Account};

impl Orders {
    /// Places an order: 201 when it stands, 202 when its outcome is not known yet, 402 when the
    /// card was declined. Of the orders of a `cart` one stands at most.
    ///
    /// # Errors
    /// 409 and 422 with what is wrong; nothing was changed then.
    #[instrument(name = "orders.place", skip_all, fields(app.module = "orders", order.id, outcome))]
    pub async fn place(
        &self,
        origin: Origin,
        submission: Submission,
        request: PlaceOrder,
        cart: Option<FromCart>,
    ) -> Result<Reply, Error> {
        let processing = OrderProcessing::start();
        let result = self.place_unmeasured(&origin, submission, request, cart).await;
        let outcome = match &result {
            Ok((_, outcome)) => *outcome,
            Err(error) => outcome_of(error),
        };
        let span = Span::current();
        span.record("outcome", outcome.as_str());
        telemetry::came_out(outcome.as_str());
        processing.ended(outcome);
        result.map(|(reply, _)| reply)
    }

    async fn place_unmeasured(
        &self,
        origin: &Origin,
        submission: Submission,
        request: PlaceOrder,
        cart: Option<FromCart>,
    ) -> Result<(Reply, OrderOutcome), Error> {
        let pay = request.check()?;
        let (terms, patience) = (self.terms.clone(), self.patience());
        let prices = Arc::clone(&self.prices);
        crash_point("place.before_prepare");
        panic_point("place.before_prepare", request.reference().as_bytes());
        let prepared = self
            .db
            .write(origin, move |tx| {
                let (submission, request, pay) = (&submission, &request, &pay);
                let cart = cart.as_ref();
                let (terms, prices) = (&terms, &*prices);
                prepare(tx, &Placing { submission, request, cart, pay, terms, prices, patience })
            })
            .await?;
        if let Some(order_id) = Account::current().and_then(|account| account.order_id()) {
            Span::current().record("order.id", tracing::field::display(order_id));
        }
        crash_point("place.prepared");
        tracing::debug!(step = prepared.name(), "an order is prepared");
        let reply = match prepared {
            Prepared::Answered(reply) => reply,
            // It was counted as pending when it was left so, not each time that somebody asks.
            Prepared::Waiting(reply) => return Ok((reply, OrderOutcome::Replayed)),
            Prepared::Ask(operation, order) => {
                let subject = Subject::Placed(operation.order_id);
                self.carry_out(origin, vec![operation], subject, Some(Arc::from(order))).await?
            }
        };
        let outcome = outcome(&reply);
        Ok((reply, outcome))
    }
}

/// How placing came out, for who watches the shop.
fn outcome(reply: &Reply) -> OrderOutcome {
    match reply.status {
        _ if reply.replayed => OrderOutcome::Replayed,
        201 => OrderOutcome::Placed,
        402 => OrderOutcome::Declined,
        _ => OrderOutcome::Pending,
    }
}

fn outcome_of(error: &Error) -> OrderOutcome {
    match error {
        Error::Refused(refusal) if refusal.code == "insufficient_stock" => OrderOutcome::OutOfStock,
        Error::Refused(_) => OrderOutcome::Refused,
        _ => OrderOutcome::Failed,
    }
}
