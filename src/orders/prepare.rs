//! Placing, step one: everything that can say no, then one write of all that is intended.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::Terms;
use super::customers::{self, NewPersonalData};
use super::error::OrderRefusal;
use super::from_cart::{self, FromCart};
use super::model::{FulfilmentStatus, OrderPaymentStatus, OrderStatus};
use super::reply::{self, Subject};
use super::request::{LineInput, PlaceOrder};
use super::store::{self, NewLine, NewOrder};
use super::view::OrderView;
use crate::audit::{self, Entry};
use crate::catalog::{Priced, Prices};
use crate::db::WriteTx;
use crate::error::{Error, Refusal};
use crate::http::{Reply, Submission};
use crate::idempotency::{self, ClaimId, Claimed};
use crate::inventory::{self, Shortage, Wanted};
use crate::kernel::{Amount, Currency, CustomerId, LineId, OrderId, PaymentId, Timestamp};
use crate::payments::{self, NewPayment, Operation, Payment, PaymentStatus, PaymentView};
use crate::telemetry::Account;

/// How far preparing got.
pub(super) enum Prepared {
    /// To the end: a replay, or an order that needs no gateway.
    Answered(Reply),
    /// An earlier request asked the gateway, and nothing is known yet: how its order stands.
    Waiting(Reply),
    /// The gateway is to be asked about this order.
    Ask(Operation, Box<OrderView>),
}

impl Prepared {
    /// How far preparing got, for who reads the log.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Answered(reply) if reply.replayed => "replayed",
            Self::Answered(_) => "answered",
            Self::Waiting(_) => "waiting",
            Self::Ask(..) => "ask the gateway",
        }
    }
}

/// What is to be placed, on what terms.
pub(super) struct Placing<'a> {
    pub(super) submission: &'a Submission,
    pub(super) request: &'a PlaceOrder,
    /// What it is placed from, on a page of the shop.
    pub(super) cart: Option<&'a FromCart>,
    pub(super) pay: &'a NewPayment,
    pub(super) terms: &'a Terms,
    pub(super) prices: &'a Prices,
    /// How long the request itself waits for the gateway.
    pub(super) patience: Duration,
}

/// An order that nothing speaks against.
struct Accepted {
    id: OrderId,
    customer: CustomerId,
    lines: Vec<NewLine>,
    total: Amount,
    status: OrderStatus,
    payment_status: OrderPaymentStatus,
    deadline: Option<Timestamp>,
}

/// Step one, in one transaction.
pub(super) fn prepare(tx: &mut WriteTx<'_>, placing: &Placing<'_>) -> Result<Prepared, Error> {
    let id = OrderId::generate();
    let subject = Subject::Placed(id);
    let claim = match idempotency::claim(tx, placing.submission, &subject.to_string())? {
        Claimed::New(claim) => claim,
        Claimed::Replay(reply) => return Ok(Prepared::Answered(reply)),
        Claimed::Pending { subject } => return pending(tx, &subject).map(Prepared::Waiting),
    };
    let order = accept(tx, id, placing)?;
    let mut view = write(tx, &order, placing, &claim)?;
    let currency = placing.request.currency;
    let (payment, operation) =
        payments::open(tx, id, order.total, currency, placing.pay, &claim, placing.patience)?;
    if payment.status == PaymentStatus::Captured {
        inventory::post(tx, id)?;
    }
    audit::record(tx, entry(&order, &payment)?)?;
    about(tx, id, payment.id);
    match operation {
        Some(operation) => {
            view.payments.push(PaymentView::from(&payment));
            Ok(Prepared::Ask(operation, Box::new(view)))
        }
        None => answer_now(tx, &claim, subject).map(Prepared::Answered),
    }
}

/// The request's account names the order once that is durable: a transaction that lost a race
/// runs again, with other identifiers.
fn about(tx: &mut WriteTx<'_>, order_id: OrderId, payment_id: PaymentId) {
    if let Some(account) = Account::current() {
        tx.on_commit(move || account.is_about(order_id, payment_id));
    }
}

/// Everything that can say no, the hold on the stock last.
fn accept(tx: &mut WriteTx<'_>, id: OrderId, placing: &Placing<'_>) -> Result<Accepted, Error> {
    let request = placing.request;
    if let Some(cart) = placing.cart {
        from_cart::accept(tx, cart)?;
    }
    let lines = price(tx, placing.prices, &request.lines, request.currency)?;
    let total = total(&lines)?;
    if let Some(expected) = request.expected_total.filter(|expected| *expected != total) {
        return Err(OrderRefusal::TotalMismatch { expected, actual: total }.into());
    }
    let customer = customers::ensure(tx, request.customer.reference.as_str())?;
    reserve(tx, id, request, placing)?;
    let manual = matches!(placing.pay, NewPayment::Manual);
    let (status, payment_status) = match (total.is_zero(), manual) {
        (true, _) => (OrderStatus::Confirmed, OrderPaymentStatus::Paid),
        (false, true) => (OrderStatus::Confirmed, OrderPaymentStatus::Unpaid),
        (false, false) => (OrderStatus::Pending, OrderPaymentStatus::Unpaid),
    };
    let waits = manual && !total.is_zero();
    let deadline = waits.then(|| tx.now().after(placing.terms.manual_deadline));
    Ok(Accepted { id, customer, lines, total, status, payment_status, deadline })
}

/// Writes the order down; answers how clients will see it, but for its payment.
fn write(
    tx: &mut WriteTx<'_>,
    order: &Accepted,
    placing: &Placing<'_>,
    claim: &ClaimId,
) -> Result<OrderView, Error> {
    let request = placing.request;
    let metadata = to_json(&request.metadata.clone().unwrap_or_default())?;
    let new = NewOrder {
        id: order.id,
        reference: request.reference.as_ref().map(|text| text.as_str()),
        customer: order.customer,
        status: order.status,
        payment_status: order.payment_status,
        currency: request.currency,
        total: order.total,
        metadata: &metadata,
        claim: claim.as_str(),
        deadline: order.deadline,
    };
    let number = store::insert_order(tx, &new)?;
    store::insert_lines(tx, order.id, &order.lines)?;
    store_personal_data(tx, order.customer, order.id, request)?;
    if let Some(cart) = placing.cart {
        from_cart::stand(tx, cart.id, order.id)?;
    }
    let customer = request.customer.reference.as_str();
    OrderView::placed(tx, &new, number, customer, &order.lines)
}

fn entry(order: &Accepted, payment: &Payment) -> Result<Entry, Error> {
    Entry::new("order.placed", audit::Subject::Order(order.id)).after(json!({
        "status": order.status,
        "payment_status": order.payment_status,
        "fulfilment_status": FulfilmentStatus::Unfulfilled,
        "version": 1,
        "customer_id": order.customer,
        "payment_id": payment.id,
        "method": payment.method,
        "currency": payment.currency,
        "total": order.total,
        "lines": order.lines.len(),
    }))
}

fn answer_now(tx: &mut WriteTx<'_>, claim: &ClaimId, subject: Subject) -> Result<Reply, Error> {
    let request_id = tx.origin().request_id.as_deref();
    let reply = reply::settled(tx.conn(), subject, request_id)?;
    idempotency::finish(tx, claim, &reply)?;
    Ok(reply)
}

/// How the thing stands that the key's first request made.
pub(super) fn pending(tx: &mut WriteTx<'_>, subject: &str) -> Result<Reply, Error> {
    let subject: Subject =
        subject.parse().map_err(|failure| Error::internal("reading a claim", failure))?;
    reply::pending(tx.conn(), subject)
}

/// The lines with names and prices of the catalogue.
fn price(
    tx: &mut WriteTx<'_>,
    prices: &Prices,
    lines: &[LineInput],
    currency: Currency,
) -> Result<Vec<NewLine>, Error> {
    let mut skus: Vec<String> = lines.iter().map(|line| line.sku.as_str().to_owned()).collect();
    skus.sort_unstable();
    skus.dedup();
    let known = prices.of(tx, &skus, currency)?;
    let find = |sku: &str| known.iter().map(Arc::as_ref).find(|product| product.sku == sku);
    let at_fault = |wrong: &dyn Fn(Option<&Priced>) -> bool| -> Vec<(usize, String)> {
        let lines = lines.iter().enumerate();
        let faulty = lines.filter(|(_, line)| wrong(find(line.sku.as_str())));
        faulty.map(|(index, line)| (index, line.sku.as_str().to_owned())).collect()
    };
    let unknown = at_fault(&|product| product.is_none());
    if !unknown.is_empty() {
        return Err(OrderRefusal::UnknownSku(unknown).into());
    }
    let unpriced = at_fault(&|product| product.is_some_and(|product| product.price.is_none()));
    if !unpriced.is_empty() {
        return Err(OrderRefusal::CurrencyMismatch(unpriced).into());
    }
    lines
        .iter()
        .filter_map(|line| find(line.sku.as_str()).map(|product| (line, product)))
        .map(|(line, product)| new_line(line, product))
        .collect()
}

fn new_line(line: &LineInput, product: &Priced) -> Result<NewLine, Error> {
    let unit_price = product.price.unwrap_or_default();
    let total = unit_price.times(line.quantity).map_err(|_| too_much())?;
    Ok(NewLine {
        id: LineId::generate(),
        sku: product.sku.clone(),
        name: product.name.clone(),
        quantity: line.quantity,
        unit_price,
        total,
    })
}

fn total(lines: &[NewLine]) -> Result<Amount, Error> {
    let sum = lines.iter().try_fold(Amount::ZERO, |sum, line| sum.plus(line.total));
    sum.map_err(|_| too_much().into())
}

fn too_much() -> Refusal {
    Refusal::invalid("lines", "out_of_range", "the total is beyond 2^53 − 1 minor units")
}

/// Lines of the same product want their sum.
fn reserve(
    tx: &mut WriteTx<'_>,
    order_id: OrderId,
    request: &PlaceOrder,
    placing: &Placing<'_>,
) -> Result<(), Error> {
    let mut wanted: Vec<Wanted> = Vec::new();
    for line in &request.lines {
        match wanted.iter_mut().find(|want| want.sku == line.sku.as_str()) {
            Some(want) => want.quantity += line.quantity,
            None => {
                let sku = line.sku.as_str().to_owned();
                wanted.push(Wanted { sku, quantity: line.quantity });
            }
        }
    }
    let held_for = match placing.pay {
        NewPayment::Card { .. } => placing.terms.hold,
        NewPayment::Manual => placing.terms.manual_deadline,
    };
    let deadline = tx.now().after(held_for);
    let short = inventory::reserve(tx, order_id, &wanted, deadline)?;
    if short.is_empty() {
        return Ok(());
    }
    let line_of = |short: &Shortage| {
        request.lines.iter().position(|line| line.sku.as_str() == short.sku).unwrap_or_default()
    };
    let shortages = short.into_iter().map(|short| (line_of(&short), short)).collect();
    Err(OrderRefusal::InsufficientStock(shortages).into())
}

fn store_personal_data(
    tx: &mut WriteTx<'_>,
    customer: CustomerId,
    order_id: OrderId,
    request: &PlaceOrder,
) -> Result<(), Error> {
    let person = &request.customer;
    if person.email.is_none() && person.name.is_none() && request.shipping_address.is_none() {
        return Ok(());
    }
    let data = NewPersonalData {
        email: person.email.as_ref().map(|text| text.as_str().to_owned()),
        name: person.name.as_ref().map(|text| text.as_str().to_owned()),
        shipping_address: request.shipping_address.as_ref().map(to_json).transpose()?,
    };
    customers::insert_personal_data(tx, customer, order_id, data)
}

fn to_json(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|failure| Error::internal("writing JSON", failure))
}
