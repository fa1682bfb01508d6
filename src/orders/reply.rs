//! What a request is answered once its outcome is known, by the request itself or by settlement.

use std::fmt;
use std::str::FromStr;

use super::error::OrderRefusal;
use super::model::OrderStatus;
use super::view::{self, OrderView};
use crate::db::Conn;
use crate::error::{Error, Refusal};
use crate::http::Reply;
use crate::kernel::{MalformedId, OperationId, OrderId, PaymentId};
use crate::payments::{self, PaymentRefusal, PaymentStatus, PaymentView};

/// What a request made or changed; stored with its idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// It placed this order.
    Placed(OrderId),
    /// It cancelled this order.
    Cancelled(OrderId),
    /// It captured or voided this payment.
    Payment(PaymentId),
    /// It gave this refund.
    Refund(OperationId),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Placed(id) => write!(f, "placed:{id}"),
            Self::Cancelled(id) => write!(f, "cancelled:{id}"),
            Self::Payment(id) => write!(f, "payment:{id}"),
            Self::Refund(id) => write!(f, "refund:{id}"),
        }
    }
}

impl FromStr for Subject {
    type Err = MalformedId;

    fn from_str(text: &str) -> Result<Self, MalformedId> {
        match text.split_once(':').ok_or(MalformedId)? {
            ("placed", id) => Ok(Self::Placed(id.parse()?)),
            ("cancelled", id) => Ok(Self::Cancelled(id.parse()?)),
            ("payment", id) => Ok(Self::Payment(id.parse()?)),
            ("refund", id) => Ok(Self::Refund(id.parse()?)),
            _ => Err(MalformedId),
        }
    }
}

/// The final answer, to the request of this id.
pub(super) fn settled(
    conn: &mut Conn,
    subject: Subject,
    request_id: Option<&str>,
) -> Result<Reply, Error> {
    match subject {
        Subject::Placed(id) => to_placing(&view::one(conn, id)?, request_id),
        Subject::Cancelled(id) => order_reply(200, &view::one(conn, id)?),
        Subject::Payment(_) => current(conn, subject, 200),
        Subject::Refund(_) => current(conn, subject, 201),
    }
}

/// The final answer to the request that placed this order.
pub(super) fn to_placing(order: &OrderView, request_id: Option<&str>) -> Result<Reply, Error> {
    match order.status {
        OrderStatus::Cancelled => declined(order, request_id),
        _ => placed(201, order),
    }
}

/// The answer while the outcome is unknown: the thing as it stands, and when to ask again.
pub(super) fn pending(conn: &mut Conn, subject: Subject) -> Result<Reply, Error> {
    Ok(current(conn, subject, 202)?.header("retry-after", "1"))
}

fn current(conn: &mut Conn, subject: Subject, status: u16) -> Result<Reply, Error> {
    match subject {
        Subject::Placed(id) => placed(status, &view::one(conn, id)?),
        Subject::Cancelled(id) => order_reply(status, &view::one(conn, id)?),
        Subject::Payment(id) => {
            let payment = payments::payment(conn, id)?.ok_or(PaymentRefusal::Unknown)?;
            Ok(Reply::json(status, &PaymentView::from(&payment))?.etag(payment.version()))
        }
        Subject::Refund(id) => Reply::json(status, &payments::refund_view(conn, id)?),
    }
}

fn placed(status: u16, order: &OrderView) -> Result<Reply, Error> {
    let location = format!("/v1/orders/{}", order.id);
    Ok(order_reply(status, order)?.header("location", location))
}

/// An order, with its version as `ETag`.
pub(super) fn order_reply(status: u16, order: &OrderView) -> Result<Reply, Error> {
    Ok(Reply::json(status, order)?.etag(order.version))
}

/// 402: the order is kept, cancelled, and a new attempt needs a new key.
fn declined(order: &OrderView, request_id: Option<&str>) -> Result<Reply, Error> {
    let failed = order.payments.iter().find(|payment| payment.status == PaymentStatus::Failed);
    let payment = failed.ok_or(OrderRefusal::Unknown)?;
    let detail = "The card was declined. Try again with another card and a new idempotency key.";
    let refusal = Refusal::new(402, "payment_declined", detail)
        .with("order_id", order.id.to_string())
        .with("payment_id", payment.id.to_string())
        .with("decline_code", payment.decline_code.clone());
    Ok(Reply::problem(&refusal, request_id, order.trace_id.as_deref()))
}
