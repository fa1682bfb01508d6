//! Expiry: an order that waited for its money until its deadline is cancelled, its stock freed.

use tracing::{Instrument, field, info_span, instrument};

use super::Orders;
use super::cancel::cancel;
use super::model::OrderStatus;
use super::store;
use crate::error::Error;
use crate::inventory::Release;
use crate::kernel::{OrderId, Origin, crash_point};
use crate::telemetry::{self, metrics};

const BATCH: i64 = 100;

impl Orders {
    /// Cancels what is overdue, at most a batch; answers how many.
    ///
    /// # Errors
    /// What the database refuses.
    #[instrument(name = "orders.expire_due", skip_all, fields(app.module = "orders"))]
    pub async fn expire_due(&self, origin: &Origin) -> Result<usize, Error> {
        let now = self.db.clock().now();
        let (oldest, overdue) = self
            .db
            .read(move |conn| {
                Ok((store::oldest_deadline(conn)?, store::overdue(conn, now, BATCH)?))
            })
            .await?;
        metrics::job_oldest_due("expiry", oldest, now);
        let mut expired = 0;
        for order in overdue {
            // In a trace of its own, linked to the one that the order was placed in.
            let span = info_span!(
                parent: None, "orders.expire", "otel.status_code" = field::Empty,
                app.module = "orders", order.id = %order.id
            );
            telemetry::link(&span, order.trace_id.as_deref(), order.span_id.as_deref());
            match self.expire(origin, order.id).instrument(span.clone()).await {
                Ok(done) => expired += usize::from(done),
                // One order must not keep the others waiting: it comes again.
                Err(error) => {
                    span.record("otel.status_code", "ERROR");
                    span.in_scope(|| tracing::warn!(error = %error, "not expired yet"));
                }
            }
        }
        Ok(expired)
    }

    /// Two copies may find the same order; the deadline is looked at again where it counts.
    async fn expire(&self, origin: &Origin, order_id: OrderId) -> Result<bool, Error> {
        let patience = self.patience();
        let origin = telemetry::traced(origin);
        crash_point("expire.found");
        let expired = self
            .db
            .write(&origin, move |tx| {
                let Some(state) = store::state(tx.conn(), order_id)? else { return Ok(false) };
                let due = state.deadline.is_some_and(|deadline| deadline <= tx.now());
                if !due || state.status != OrderStatus::Confirmed {
                    return Ok(false);
                }
                cancel(tx, state, "expired", Release::Expired, None, patience)?;
                Ok(true)
            })
            .await?;
        crash_point("expire.committed");
        Ok(expired)
    }
}
