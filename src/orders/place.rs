//! Placing an order: prepare → pay → finish.

use tracing::{Span, instrument};

use super::Orders;
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
    /// card was declined.
    ///
    /// # Errors
    /// 409 and 422 with what is wrong; nothing was changed then.
    #[instrument(name = "orders.place", skip_all, fields(app.module = "orders", order.id, outcome))]
    pub(super) async fn place(
        &self,
        origin: Origin,
        submission: Submission,
        request: PlaceOrder,
    ) -> Result<Reply, Error> {
        let processing = OrderProcessing::start();
        let result = self.place_unmeasured(&origin, submission, request).await;
        let outcome = outcome(&result);
        let span = Span::current();
        span.record("outcome", outcome.as_str());
        telemetry::came_out(outcome.as_str());
        if let Some(order_id) = Account::current().and_then(|account| account.order_id()) {
            span.record("order.id", tracing::field::display(order_id));
        }
        processing.ended(outcome);
        result
    }

    async fn place_unmeasured(
        &self,
        origin: &Origin,
        submission: Submission,
        request: PlaceOrder,
    ) -> Result<Reply, Error> {
        let pay = request.check()?;
        let (terms, patience) = (self.terms.clone(), self.patience());
        crash_point("place.before_prepare");
        panic_point("place.before_prepare", request.reference().as_bytes());
        let prepared = self
            .db
            .write(origin, move |tx| {
                let (submission, request, pay) = (&submission, &request, &pay);
                prepare(tx, &Placing { submission, request, pay, terms: &terms, patience })
            })
            .await?;
        crash_point("place.prepared");
        match prepared {
            Prepared::Answered(reply) => Ok(reply),
            Prepared::Ask(operation) => {
                let subject = Subject::Placed(operation.order_id);
                self.carry_out(origin, vec![operation], subject).await
            }
        }
    }
}

/// How placing came out, for who watches the shop.
fn outcome(result: &Result<Reply, Error>) -> OrderOutcome {
    match result {
        Ok(reply) if reply.replayed => OrderOutcome::Replayed,
        Ok(reply) => match reply.status {
            201 => OrderOutcome::Placed,
            402 => OrderOutcome::Declined,
            _ => OrderOutcome::Pending,
        },
        Err(Error::Refused(refusal)) if refusal.code == "insufficient_stock" => {
            OrderOutcome::OutOfStock
        }
        Err(Error::Refused(_)) => OrderOutcome::Refused,
        Err(_) => OrderOutcome::Failed,
    }
}
