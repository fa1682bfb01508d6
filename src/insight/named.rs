//! What an id names.

use crate::audit::{self, Filter, JournalEntry};
use crate::db::Conn;
use crate::error::Error;
use crate::kernel::{EntryId, OperationId, OrderId, PaymentId, RequestId, Timestamp, words};
use crate::orders;
use crate::payments;
use crate::telemetry;

words! {
    /// What an id names.
    IdKind {
        /// An order, by its identifier or its number.
        Order = "order",
        /// A payment.
        Payment = "payment",
        /// A refund, or another operation of a payment.
        Operation = "operation",
        /// An entry of the journal, by its identifier or its number.
        JournalEntry = "journal_entry",
        /// A trace.
        Trace = "trace",
        /// A request.
        Request = "request",
    }
}

/// What an id names, as far as the database knows.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) kind: IdKind,
    pub(super) order_id: Option<OrderId>,
    pub(super) trace_id: Option<String>,
    pub(super) request_id: Option<String>,
    /// When the trace or the request began, where its id tells.
    pub(super) began: Option<Timestamp>,
    /// The journal entry itself, when the id is one: not every entry has a trace or a request that
    /// leads to it.
    pub(super) entry: Option<JournalEntry>,
}

impl Named {
    fn of_order(kind: IdKind, order_id: OrderId) -> Self {
        let began = order_id.made_at();
        Self {
            kind,
            order_id: Some(order_id),
            trace_id: None,
            request_id: None,
            began,
            entry: None,
        }
    }

    fn of_entry(conn: &mut Conn, entry: JournalEntry) -> Result<Self, Error> {
        Ok(Self {
            kind: IdKind::JournalEntry,
            order_id: order_of(conn, &entry.subject)?,
            trace_id: entry.trace_id.clone(),
            request_id: entry.request_id.clone(),
            began: Some(entry.created_at),
            entry: Some(entry),
        })
    }

    fn trace(id: &str) -> Self {
        Self {
            kind: IdKind::Trace,
            order_id: None,
            trace_id: Some(id.to_owned()),
            request_id: None,
            began: telemetry::trace_began(id),
            entry: None,
        }
    }

    fn request(id: &str) -> Self {
        Self {
            kind: IdKind::Request,
            order_id: None,
            trace_id: None,
            request_id: Some(id.to_owned()),
            began: id.parse::<RequestId>().ok().and_then(|id| id.made_at()),
            entry: None,
        }
    }
}

/// Finds out what an id names. What the database does not know may still be a request's id.
pub(super) fn name(conn: &mut Conn, id: &str) -> Result<Named, Error> {
    if id.len() == 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Ok(Named::trace(id));
    }
    if let Ok(order_id) = id.parse()
        && orders::find(conn, order_id)?.is_some()
    {
        return Ok(Named::of_order(IdKind::Order, order_id));
    }
    if let Some(named) = of_payment(conn, id)? {
        return Ok(named);
    }
    if let Some(named) = of_entry(conn, id)? {
        return Ok(named);
    }
    if let Some(named) = of_number(conn, id)? {
        return Ok(named);
    }
    Ok(Named::request(id))
}

/// A number is an order's, or else an entry's in the journal; `entry:7` is the entry's always.
fn of_number(conn: &mut Conn, text: &str) -> Result<Option<Named>, Error> {
    let bare = text.strip_prefix("entry:");
    let Ok(number) = bare.unwrap_or(text).parse::<i64>() else { return Ok(None) };
    if bare.is_none()
        && let Some(order_id) = orders::find_number(conn, number)?
    {
        return Ok(Some(Named::of_order(IdKind::Order, order_id)));
    }
    let entry = audit::read_after(conn, &Filter::default(), number.saturating_sub(1), 1)?.pop();
    entry.filter(|entry| entry.seq == number).map(|entry| Named::of_entry(conn, entry)).transpose()
}

fn of_payment(conn: &mut Conn, id: &str) -> Result<Option<Named>, Error> {
    let Ok(payment_id) = id.parse::<PaymentId>() else { return Ok(None) };
    if let Some(payment) = payments::payment(conn, payment_id)? {
        return Ok(Some(Named::of_order(IdKind::Payment, payment.order_id)));
    }
    let Ok(operation_id) = id.parse::<OperationId>() else { return Ok(None) };
    let Some(payment_id) = payments::payment_of(conn, operation_id)? else { return Ok(None) };
    let payment = payments::payment(conn, payment_id)?;
    Ok(payment.map(|payment| Named::of_order(IdKind::Operation, payment.order_id)))
}

fn of_entry(conn: &mut Conn, id: &str) -> Result<Option<Named>, Error> {
    let Ok(entry_id) = id.parse::<EntryId>() else { return Ok(None) };
    let entry = audit::entry(conn, entry_id)?;
    entry.map(|entry| Named::of_entry(conn, entry)).transpose()
}

/// The order that a journal entry's subject is or belongs to.
pub(super) fn order_of(conn: &mut Conn, subject: &str) -> Result<Option<OrderId>, Error> {
    match subject.split_once(':') {
        Some(("order", id)) => Ok(id.parse().ok()),
        Some(("payment", id)) => {
            let Ok(id) = id.parse() else { return Ok(None) };
            Ok(payments::payment(conn, id)?.map(|payment| payment.order_id))
        }
        _ => Ok(None),
    }
}
