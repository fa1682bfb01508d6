//! Settlement: gateways are asked again about every operation that nobody waits for any more.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use tracing::{Instrument, info_span, instrument};

use super::Orders;
use super::finish::{finish, leave};
use crate::error::Error;
use crate::kernel::{Origin, crash_point};
use crate::payments::{self, Heard, Operation};
use crate::telemetry::metrics;

const BATCH: i64 = 64;
const AT_ONCE: usize = 8;

impl Orders {
    /// Settles what is due, at most a batch; answers how many operations it looked at.
    ///
    /// # Errors
    /// What the database refuses.
    #[instrument(name = "orders.settle_due", skip_all, fields(app.module = "orders"))]
    pub async fn settle_due(&self, origin: &Origin) -> Result<usize, Error> {
        let oldest = self.db.read(payments::oldest_due).await?;
        metrics::job_oldest_due("settlement", oldest, self.db.clock().now());
        let lease = self.patience() + Duration::from_secs(5);
        let due = self.db.write(origin, move |tx| payments::claim_due(tx, BATCH, lease)).await?;
        let found = due.len();
        stream::iter(due)
            .for_each_concurrent(AT_ONCE, |operation| self.settle(origin, operation))
            .await;
        Ok(found)
    }

    /// One failing operation must not keep the others waiting: it is logged and comes again.
    async fn settle(&self, origin: &Origin, operation: Operation) {
        let span = info_span!(
            "orders.settle",
            app.module = "orders",
            order.id = %operation.order_id,
            payment.id = %operation.payment_id,
            began_in_trace = operation.trace_id.as_deref(),
        );
        let settled = self.ask_and_finish(origin, operation).instrument(span.clone()).await;
        if let Err(error) = settled {
            span.in_scope(|| tracing::warn!(error = %error, "an operation is not settled yet"));
        }
    }

    async fn ask_and_finish(&self, origin: &Origin, operation: Operation) -> Result<(), Error> {
        crash_point("settle.claimed");
        let heard = self.gateways.ask_again(&operation).await;
        crash_point("settle.answered");
        self.db
            .write(origin, move |tx| match &heard {
                Heard::Known(answer) => finish(tx, &operation, answer).map(|_| ()),
                Heard::Unknown => leave(tx, &operation).map(|_| ()),
            })
            .await?;
        crash_point("settle.finished");
        Ok(())
    }
}
