//! The cart: what is in it, putting products in and taking them out.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;
use serde::Deserialize;

use crate::carts::{self, Cart};
use crate::db::Db;
use crate::error::Error;
use crate::http::Form;
use crate::kernel::Token;
use crate::orders::{self, CartOrder};
use crate::web::cookie;
use crate::web::frame::Frame;
use crate::web::page::{page, see_other};
use crate::web::picture::{Picture, Pictures};
use crate::web::visitor::Visitor;

const COOKIE_DAYS: i64 = 90;

#[derive(Template)]
#[template(path = "shop/cart.html")]
struct CartPage {
    frame: Frame,
    cart: Option<Cart>,
    pictures: Vec<Picture>,
    /// What was ordered from this cart before.
    ordered: Option<CartOrder>,
    /// Why the checkout led here.
    notice: Option<String>,
}

/// Shows the cart.
pub(super) async fn show(
    visitor: Visitor,
    db: Data<Arc<Db>>,
    pictures: Data<Pictures>,
) -> Result<HttpResponse, Error> {
    render(&visitor, &db, &pictures, StatusCode::OK, None).await
}

/// The cart, and why it is shown.
pub(super) async fn render(
    visitor: &Visitor,
    db: &Db,
    pictures: &Pictures,
    status: StatusCode,
    notice: Option<String>,
) -> Result<HttpResponse, Error> {
    let (secret, currency) = (visitor.secret.clone(), visitor.shop.currency);
    let (cart, ordered) = db
        .read(move |conn| {
            let Some(secret) = secret else { return Ok((None, None)) };
            let Some(id) = carts::find(conn, &secret)? else { return Ok((None, None)) };
            match orders::standing_order(conn, id)? {
                Some(order) => Ok((None, Some(order))),
                None => Ok((Some(carts::view(conn, id, currency)?), None)),
            }
        })
        .await?;
    let cart = cart.filter(|cart| !cart.lines.is_empty());
    let lines = cart.iter().flat_map(|cart| &cart.lines);
    let pictures = lines.map(|line| pictures.of(&line.sku, &line.name)).collect();
    let frame = visitor.frame(cart.as_ref().map_or(0, Cart::units));
    page(status, &CartPage { frame, cart, pictures, ordered, notice })
}

/// A product that is put into the cart.
#[derive(Debug, Deserialize)]
pub(super) struct AddForm {
    sku: String,
    #[serde(default = "one")]
    quantity: i64,
}

fn one() -> i64 {
    1
}

/// Puts a product into the cart; the first one makes the cart.
pub(super) async fn add(
    visitor: Visitor,
    db: Data<Arc<Db>>,
    form: Form<AddForm>,
) -> Result<HttpResponse, Error> {
    let Form(AddForm { sku, quantity }) = form;
    let currency = visitor.shop.currency;
    let known = visitor.secret.clone();
    let fresh = Token::generate();
    let new = fresh.clone();
    let is_new = db
        .write(&visitor.origin, move |tx| {
            let open = known.as_ref().map_or(Ok(None), |secret| carts::open(tx, secret))?;
            let is_new = open.is_none();
            let cart = open.map_or_else(|| carts::begin(tx, &new), Ok)?;
            carts::add(tx, &cart, &sku, quantity, currency)?;
            Ok(is_new)
        })
        .await?;
    let mut response = see_other("/cart");
    if is_new {
        let kept = cookie::keep(cookie::CART, fresh.expose().to_owned(), COOKIE_DAYS);
        response
            .add_cookie(&kept)
            .map_err(|failure| Error::internal("setting a cookie", failure))?;
    }
    Ok(response)
}

/// How many of a product there are to be.
#[derive(Debug, Deserialize)]
pub(super) struct SetForm {
    quantity: i64,
}

/// Changes how many of a product are in the cart; with none, its line is gone.
pub(super) async fn set(
    visitor: Visitor,
    db: Data<Arc<Db>>,
    sku: Path<String>,
    form: Form<SetForm>,
) -> Result<HttpResponse, Error> {
    let (sku, Form(SetForm { quantity })) = (sku.into_inner(), form);
    let Some(secret) = visitor.secret.clone() else { return Ok(see_other("/cart")) };
    db.write(&visitor.origin, move |tx| match carts::open(tx, &secret)? {
        Some(cart) => carts::set(tx, &cart, &sku, quantity),
        // It was ordered, or its time has passed: the page tells.
        None => Ok(()),
    })
    .await?;
    Ok(see_other("/cart"))
}
