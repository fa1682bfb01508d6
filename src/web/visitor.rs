//! Who looks at a page of the shop: nobody that is known, but for a cart and a language.

use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};

use super::cookie;
use super::frame::Frame;
use super::locale::Locale;
use crate::carts;
use crate::db::Conn;
use crate::error::Error;
use crate::http::origin_of;
use crate::kernel::{Actor, CartId, Currency, Origin, Token};
use crate::orders;

/// The shop as its owner configured it.
#[derive(Debug, Clone)]
pub struct ShopSettings {
    /// What it is called.
    pub name: String,
    /// What it sells in.
    pub currency: Currency,
    /// Whether visitors may order by invoice.
    pub invoice: bool,
}

/// A visitor.
pub(super) struct Visitor {
    /// Where what the visitor does comes from.
    pub(super) origin: Origin,
    /// What the visitor's browser opens its cart with.
    pub(super) secret: Option<Token>,
    /// The shop that is visited.
    pub(super) shop: Arc<ShopSettings>,
    accept_language: String,
}

impl FromRequest for Visitor {
    type Error = Error;
    type Future = std::future::Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        std::future::ready(Self::of(request))
    }
}

impl Visitor {
    pub(super) fn of(request: &HttpRequest) -> Result<Self, Error> {
        let shop = request
            .app_data::<web::Data<Arc<ShopSettings>>>()
            .ok_or_else(|| Error::internal("showing a page", "no shop is registered"))?;
        let languages = request.headers().get(header::ACCEPT_LANGUAGE);
        let languages = languages.and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Self {
            origin: origin_of(request, Actor::Visitor),
            secret: cookie::read(request, cookie::CART).and_then(|text| Token::read(&text)),
            shop: Arc::clone(shop),
            accept_language: languages.to_owned(),
        })
    }

    /// What surrounds every page that this visitor sees.
    pub(super) fn frame(&self, cart_units: i64) -> Frame {
        let locale = Locale::of(&self.accept_language);
        Frame::new(locale, self.shop.name.clone(), cart_units)
    }
}

/// The cart that this secret opens, unless it was ordered: then the next one begins empty.
pub(super) fn open_cart(conn: &mut Conn, secret: Option<&Token>) -> Result<Option<CartId>, Error> {
    let Some(secret) = secret else { return Ok(None) };
    let Some(cart) = carts::find(conn, secret)? else { return Ok(None) };
    let ordered = orders::standing_order(conn, cart)?.is_some();
    Ok((!ordered).then_some(cart))
}

/// Units in the visitor's cart.
pub(super) fn cart_units(conn: &mut Conn, secret: Option<&Token>) -> Result<i64, Error> {
    open_cart(conn, secret)?.map_or(Ok(0), |cart| carts::units(conn, cart))
}
