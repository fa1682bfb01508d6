//! Capturing, voiding and refunding: what staff do with an order's payment.

mod http;

use tracing::instrument;

pub(super) use http::routes;

use super::Orders;
use super::finish::finish;
use super::prepare::pending;
use super::reply::Subject;
use crate::db::WriteTx;
use crate::error::Error;
use crate::http::{Reply, Submission};
use crate::idempotency::{self, Claimed};
use crate::kernel::{OperationId, Origin, PaymentId, crash_point};
use crate::payments::{self, Ask, ManualGateway, Operation, OperationKind};
use crate::telemetry;

/// How far beginning got.
enum Begun {
    Answered(Reply),
    Ask(Operation, Subject),
}

impl Orders {
    /// Captures, voids or refunds. What a manual payment is asked for was done by staff already,
    /// so it is finished in the same transaction.
    ///
    /// # Errors
    /// What [`payments::begin`] refuses.
    #[instrument(
        name = "orders.act_on_payment", skip_all,
        fields(app.module = "orders", payment.id = %payment_id,
            payment.operation = ask.kind.as_str())
    )]
    pub async fn act_on_payment(
        &self,
        origin: Origin,
        submission: Submission,
        payment_id: PaymentId,
        ask: Ask,
    ) -> Result<Reply, Error> {
        telemetry::about_payment(payment_id);
        let patience = self.patience();
        let begun = self
            .db
            .write(&origin, move |tx| begin(tx, &submission, payment_id, &ask, patience))
            .await?;
        crash_point("act.begun");
        match begun {
            Begun::Answered(reply) => Ok(reply),
            Begun::Ask(operation, subject) => {
                telemetry::about_order(operation.order_id);
                self.carry_out(&origin, vec![operation], subject, None).await
            }
        }
    }
}

fn begin(
    tx: &mut WriteTx<'_>,
    submission: &Submission,
    payment_id: PaymentId,
    ask: &Ask,
    patience: std::time::Duration,
) -> Result<Begun, Error> {
    // A refund is its operation: its identifier is given before the operation is begun.
    let refund_id = OperationId::generate();
    let subject = match ask.kind {
        OperationKind::Refund => Subject::Refund(refund_id),
        _ => Subject::Payment(payment_id),
    };
    let claim = match idempotency::claim(tx, submission, &subject.to_string())? {
        Claimed::New(claim) => claim,
        Claimed::Replay(reply) => return Ok(Begun::Answered(reply)),
        Claimed::Pending { subject } => return pending(tx, &subject).map(Begun::Answered),
    };
    let ask = Ask { claim: Some(claim), ..ask.clone() };
    let operation = payments::begin(tx, refund_id, payment_id, &ask, patience)?;
    if operation.gateway != ManualGateway::NAME {
        return Ok(Begun::Ask(operation, subject));
    }
    let reply = finish(tx, &operation, &ManualGateway::answer(operation.id), None)?;
    reply
        .map(Begun::Answered)
        .ok_or_else(|| Error::internal("recording a manual payment", "no reply came of it"))
}
