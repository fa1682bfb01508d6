//! Settlement: gateways are asked again about every operation that nobody waits for any more.

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;
use tracing::{Instrument, field, info_span, instrument};

use super::Orders;
use super::finish::{finish, leave};
use crate::error::Error;
use crate::kernel::{Origin, crash_point};
use crate::payments::{self, Heard, Operation};
use crate::telemetry::{self, Keep, metrics};

const BATCH: i64 = 64;
const AT_ONCE: usize = 8;

impl Orders {
    /// Settles what is due, at most a batch; answers how many operations it looked at.
    ///
    /// # Errors
    /// What the database refuses.
    #[instrument(name = "orders.settle_due", skip_all, fields(app.module = "orders"))]
    pub async fn settle_due(&self, origin: &Origin) -> Result<usize, Error> {
        let now = self.db.clock().now();
        let oldest = self.db.read(move |conn| payments::oldest_unsettled(conn, now)).await?;
        metrics::job_oldest_due("settlement", oldest, now);
        let lease = self.patience() + Duration::from_secs(5);
        let due = self.db.write(origin, move |tx| payments::claim_due(tx, BATCH, lease)).await?;
        let found = due.len();
        stream::iter(due)
            .for_each_concurrent(AT_ONCE, |operation| self.settle(origin, operation))
            .await;
        Ok(found)
    }

    /// In a trace of its own, which is linked to the one that the operation began in: that one
    /// ended long ago. One failing operation must not keep the others waiting: it is logged and
    /// comes again.
    async fn settle(&self, origin: &Origin, operation: Operation) {
        let span = info_span!(
            parent: None,
            "orders.settle",
            "otel.status_code" = field::Empty,
            app.module = "orders",
            order.id = %operation.order_id,
            payment.id = %operation.payment_id,
        );
        telemetry::link(&span, operation.trace_id.as_deref(), operation.span_id.as_deref());
        let settled = self.ask_and_finish(origin, operation).instrument(span.clone()).await;
        if let Err(error) = settled {
            span.record("otel.status_code", "ERROR");
            span.in_scope(|| tracing::warn!(error = %error, "an operation is not settled yet"));
        }
    }

    async fn ask_and_finish(&self, origin: &Origin, operation: Operation) -> Result<(), Error> {
        telemetry::keep_trace(Keep::UnknownOutcome);
        let origin = telemetry::traced(origin);
        crash_point("settle.claimed");
        let heard = self.gateways.ask_again(&operation).await;
        crash_point("settle.answered");
        self.db
            .write_begun(&origin, move |tx| match &heard {
                Heard::Known(answer) => finish(tx, &operation, answer, None).map(|_| ()),
                Heard::Unknown => leave(tx, &operation).map(|_| ()),
            })
            .await?;
        crash_point("settle.finished");
        Ok(())
    }
}
