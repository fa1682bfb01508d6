//! Ordering what is in a cart: the very order that a client of the API would send.

use std::sync::Arc;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tracing::instrument;

use super::error::CartRefusal;
use super::store::{self, Row};
use crate::db::{Db, WriteTx};
use crate::error::{Error, Refusal};
use crate::http::{self, Submission};
use crate::kernel::{Amount, CartId, Currency, Origin, RequestId, Secret};
use crate::orders::{self, CartOrder, FromCart, Orders, PlaceOrder};

/// What a visitor says at the checkout. Empty texts were not said.
#[derive(Debug, Clone)]
pub struct CheckOut {
    /// Where word of the order goes.
    pub email: String,
    /// Who orders.
    pub name: String,
    /// Where it is sent: names of parts with what they are.
    pub address: Vec<(&'static str, String)>,
    /// How it is paid.
    pub payment: Payment,
    /// The total that the visitor was shown.
    pub expected_total: Amount,
    /// Its currency.
    pub currency: Currency,
}

/// How an order is paid.
#[derive(Debug, Clone)]
pub enum Payment {
    /// By a card that the gateway knows by this token.
    Card(Secret<String>),
    /// By invoice or in cash.
    Manual,
}

/// How it came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckedOut {
    /// The order stands, or waits to be known of: its own page tells.
    Ordered(CartOrder),
    /// The card was declined, with this code; the cart is as it was.
    Declined(String),
}

/// Orders what is in the cart. Asked again, or in two places at once, it is one order.
///
/// # Errors
/// [`CartRefusal::Empty`], and whatever speaks against an order, with the field at fault as the API
/// names it.
#[instrument(name = "carts.check_out", skip_all, fields(app.module = "carts"))]
pub async fn check_out(
    db: &Db,
    orders: &Arc<Orders>,
    origin: &Origin,
    cart: CartId,
    said: CheckOut,
) -> Result<CheckedOut, Error> {
    let lines = db.read(move |conn| store::lines(conn, cart)).await?;
    if lines.is_empty() {
        return Err(CartRefusal::Empty.into());
    }
    let wanted: Vec<Value> =
        lines.iter().map(|line| json!({ "sku": line.sku, "quantity": line.quantity })).collect();
    let body = body(cart, &wanted, &said).to_string();
    let request: PlaceOrder = http::parse_json(body.as_bytes())?;
    let submission = submission(cart, &body);
    let unchanged = Arc::new(move |tx: &mut WriteTx<'_>| hold_as(tx, cart, &lines));
    let from = FromCart { id: cart, unchanged };
    let placed = orders.place(origin.clone(), submission, request, Some(from)).await;
    let standing = db.read(move |conn| orders::standing_order(conn, cart)).await?;
    match (placed, standing) {
        // Whichever request it was placed by.
        (_, Some(order)) => Ok(CheckedOut::Ordered(order)),
        (Ok(reply), None) => declined(&reply.body),
        (Err(error), None) => Err(error),
    }
}

/// What was put in or taken out meanwhile must not stay behind silently, nor be paid.
fn hold_as(tx: &mut WriteTx<'_>, cart: CartId, rows: &[Row]) -> Result<(), Error> {
    store::touch(tx, cart)?;
    match store::lines(tx.conn(), cart)? == rows {
        true => Ok(()),
        false => Err(CartRefusal::Changed.into()),
    }
}

/// Not by the cart alone: after a decline it is ordered anew. That one order stands is held by the
/// orders themselves.
fn submission(cart: CartId, body: &str) -> Submission {
    Submission {
        holder: format!("cart:{cart}"),
        endpoint: "POST /checkout".into(),
        key: RequestId::generate().to_string(),
        fingerprint: hex::encode(Sha256::digest(body)),
    }
}

fn body(cart: CartId, lines: &[Value], said: &CheckOut) -> Value {
    let mut customer = json!({ "reference": format!("guest-{cart}") });
    for (field, text) in [("email", &said.email), ("name", &said.name)] {
        if !text.is_empty() {
            customer[field] = text.as_str().into();
        }
    }
    let payment = match &said.payment {
        Payment::Card(token) => json!({ "method": "card", "token": token.expose() }),
        Payment::Manual => json!({ "method": "manual" }),
    };
    let mut body = json!({
        "customer": customer,
        "currency": said.currency,
        "lines": lines,
        "payment": payment,
        "expected_total": said.expected_total,
    });
    let given = said.address.iter().filter(|(_, text)| !text.is_empty());
    let address: serde_json::Map<String, Value> =
        given.map(|(part, text)| ((*part).to_owned(), text.as_str().into())).collect();
    if !address.is_empty() {
        body["shipping_address"] = address.into();
    }
    body
}

/// From the problem document of a decline to its code.
fn declined(body: &str) -> Result<CheckedOut, Error> {
    let problem: Value = serde_json::from_str(body)
        .map_err(|failure| Error::internal("reading why a card was declined", failure))?;
    match problem["decline_code"].as_str() {
        Some(code) => Ok(CheckedOut::Declined(code.to_owned())),
        // It was cancelled before anybody could look.
        None => Err(Refusal::new(409, "cart_ordered", "The order was cancelled meanwhile.").into()),
    }
}
