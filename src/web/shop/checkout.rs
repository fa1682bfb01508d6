//! The checkout: who orders, how it is paid, and the total that was shown.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use serde::Deserialize;

use super::cart;
use crate::carts::{self, Cart, CheckOut, CheckedOut, Payment};
use crate::db::Db;
use crate::error::{Error, Refusal};
use crate::http::{Form, to_the_end};
use crate::kernel::{Amount, CartId, Secret};
use crate::orders::Orders;
use crate::payments::TestGateway;
use crate::web::frame::Frame;
use crate::web::page::{page, see_other};
use crate::web::picture::Pictures;
use crate::web::visitor::{Visitor, open_cart};

/// What a visitor fills in. What was left out is empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct CheckoutForm {
    email: String,
    name: String,
    line1: String,
    postal_code: String,
    city: String,
    country: String,
    payment: String,
    expected_total: i64,
}

#[derive(Template)]
#[template(path = "shop/checkout.html")]
struct CheckoutPage {
    frame: Frame,
    cart: Cart,
    form: CheckoutForm,
    cards: [&'static str; 5],
    invoice: bool,
    /// What is wrong, by the field's name.
    wrong: HashMap<&'static str, String>,
    /// What is wrong with all of it.
    notice: Option<String>,
}

impl CheckoutPage {
    fn wrong(&self, field: &str) -> Option<&String> {
        self.wrong.get(field)
    }
}

/// Shows the checkout.
pub(super) async fn show(visitor: Visitor, db: Data<Arc<Db>>) -> Result<HttpResponse, Error> {
    let Some((_, cart)) = current(&visitor, &db).await? else { return Ok(see_other("/cart")) };
    if !cart.can_be_ordered() {
        return Ok(see_other("/cart"));
    }
    render(&visitor, cart, CheckoutForm::default(), StatusCode::OK, Wrong::default())
}

async fn current(visitor: &Visitor, db: &Db) -> Result<Option<(CartId, Cart)>, Error> {
    let (secret, currency) = (visitor.secret.clone(), visitor.shop.currency);
    db.read(move |conn| {
        let Some(id) = open_cart(conn, secret.as_ref())? else { return Ok(None) };
        Ok(Some((id, carts::view(conn, id, currency)?)))
    })
    .await
}

/// What is told above the form and beside its fields.
#[derive(Debug, Default)]
struct Wrong {
    notice: Option<String>,
    fields: HashMap<&'static str, String>,
}

fn render(
    visitor: &Visitor,
    cart: Cart,
    form: CheckoutForm,
    status: StatusCode,
    wrong: Wrong,
) -> Result<HttpResponse, Error> {
    let frame = visitor.frame(cart.units());
    let Wrong { notice, fields } = wrong;
    let (cards, invoice) = (TestGateway::CARDS, visitor.shop.invoice);
    page(status, &CheckoutPage { frame, cart, form, cards, invoice, wrong: fields, notice })
}

/// Orders what is in the cart. Pressed twice, or in two windows, it is one order, and both see it.
pub(super) async fn submit(
    visitor: Visitor,
    db: Data<Arc<Db>>,
    orders: Data<Arc<Orders>>,
    pictures: Data<Pictures>,
    form: Form<CheckoutForm>,
) -> Result<HttpResponse, Error> {
    let Form(form) = form;
    let Some(cart) = known_cart(&visitor, &db).await? else { return Ok(see_other("/cart")) };
    let wrong = form.check(&visitor);
    if !wrong.is_empty() {
        let wrong = Wrong { notice: None, fields: wrong };
        return again(&visitor, &db, form, StatusCode::UNPROCESSABLE_ENTITY, wrong).await;
    }
    let said = form.said(&visitor)?;
    let (db2, orders) = (Arc::clone(&db), Arc::clone(&orders));
    let origin = visitor.origin.clone();
    let done =
        to_the_end(async move { carts::check_out(&db2, &orders, &origin, cart, said).await }).await;
    match done {
        Ok(CheckedOut::Ordered(order)) => Ok(see_other(&format!("/orders/{}", order.link))),
        Ok(CheckedOut::Declined(code)) => {
            let frame = visitor.frame(0);
            let key = format!("declines.{code}");
            let known = frame.texts.has(&key);
            let notice = frame.t(if known { &key } else { "declines.card_declined" }).to_owned();
            let wrong = Wrong { notice: Some(notice), ..Wrong::default() };
            again(&visitor, &db, form, StatusCode::PAYMENT_REQUIRED, wrong).await
        }
        Err(Error::Refused(refusal)) => refused(&visitor, &db, &pictures, form, &refusal).await,
        Err(Error::Unavailable(_)) => {
            let notice = visitor.frame(0).t("checkout.busy").to_owned();
            let wrong = Wrong { notice: Some(notice), ..Wrong::default() };
            again(&visitor, &db, form, StatusCode::SERVICE_UNAVAILABLE, wrong).await
        }
        Err(error) => Err(error),
    }
}

/// The visitor's cart, ordered or not: what was ordered shows its order.
async fn known_cart(visitor: &Visitor, db: &Db) -> Result<Option<CartId>, Error> {
    let Some(secret) = visitor.secret.clone() else { return Ok(None) };
    db.read(move |conn| carts::find(conn, &secret)).await
}

/// What speaks against the order: in the cart when it is about what is in it, in the form when it
/// is about that.
async fn refused(
    visitor: &Visitor,
    db: &Db,
    pictures: &Pictures,
    form: CheckoutForm,
    refusal: &Refusal,
) -> Result<HttpResponse, Error> {
    let frame = visitor.frame(0);
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::CONFLICT);
    match refusal.code {
        "total_mismatch" | "cart_changed" => {
            let prices = refusal.code == "total_mismatch";
            let why = if prices { "checkout.changed" } else { "checkout.cart_changed" };
            let notice = Some(frame.t(why).to_owned());
            again(visitor, db, form, status, Wrong { notice, ..Wrong::default() }).await
        }
        "insufficient_stock" | "unknown_sku" | "currency_mismatch" => {
            let notice = Some(frame.t("cart.changed").to_owned());
            cart::render(visitor, db, pictures, status, notice).await
        }
        "cart_empty" => Ok(see_other("/cart")),
        _ => {
            let fields = beside_fields(&frame, refusal);
            let notice = fields.is_empty().then(|| frame.refused(refusal));
            again(visitor, db, form, status, Wrong { notice, fields }).await
        }
    }
}

/// The API's names of fields are those of an order; the form's are its own.
fn beside_fields(frame: &Frame, refusal: &Refusal) -> HashMap<&'static str, String> {
    let names = [
        ("customer.email", "email", "checkout.email_wrong"),
        ("customer.name", "name", "checkout.name_wrong"),
        ("shipping_address", "line1", "wrong.text.invalid"),
        ("payment", "payment", "checkout.payment_wrong"),
    ];
    let beside = refusal.errors.iter().filter_map(|error| {
        let named = names.iter().find(|(name, _, _)| error.field.starts_with(name))?;
        Some((named.1, frame.t(named.2).to_owned()))
    });
    beside.collect()
}

/// The form as it was filled in, with the total of this moment.
async fn again(
    visitor: &Visitor,
    db: &Db,
    form: CheckoutForm,
    status: StatusCode,
    wrong: Wrong,
) -> Result<HttpResponse, Error> {
    match current(visitor, db).await? {
        Some((_, cart)) if cart.total.is_some() => render(visitor, cart, form, status, wrong),
        _ => Ok(see_other("/cart")),
    }
}

impl CheckoutForm {
    /// What a page can say before anything is asked of the server's rules.
    fn check(&self, visitor: &Visitor) -> HashMap<&'static str, String> {
        let frame = visitor.frame(0);
        let mut wrong = HashMap::new();
        let email = self.email.trim();
        let (local, host) = email.split_once('@').unwrap_or_default();
        if local.is_empty() || host.is_empty() || email.contains(char::is_whitespace) {
            wrong.insert("email", frame.t("checkout.email_wrong").to_owned());
        }
        if self.name.trim().is_empty() {
            wrong.insert("name", frame.t("checkout.name_wrong").to_owned());
        }
        let card = TestGateway::CARDS.contains(&self.payment.as_str());
        let invoice = visitor.shop.invoice && self.payment == "manual";
        if !card && !invoice {
            wrong.insert("payment", frame.t("checkout.payment_wrong").to_owned());
        }
        wrong
    }

    fn said(&self, visitor: &Visitor) -> Result<CheckOut, Error> {
        let payment = match self.payment.as_str() {
            "manual" => Payment::Manual,
            token => Payment::Card(Secret::new(token.to_owned())),
        };
        let text = |text: &str| text.trim().to_owned();
        let expected_total = Amount::new(self.expected_total)
            .map_err(|wrong| Refusal::invalid("expected_total", "invalid", wrong.to_string()))?;
        Ok(CheckOut {
            email: text(&self.email),
            name: text(&self.name),
            address: vec![
                ("line1", text(&self.line1)),
                ("postal_code", text(&self.postal_code)),
                ("city", text(&self.city)),
                ("country", text(&self.country)),
            ],
            payment,
            expected_total,
            currency: visitor.shop.currency,
        })
    }
}
