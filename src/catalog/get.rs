//! Looking products up.

use std::collections::HashMap;

use tracing::instrument;

use super::model::Product;
use super::store;
use crate::db::Conn;
use crate::error::Error;
use crate::kernel::{Amount, Currency};

/// A product as an order needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Priced {
    /// Which product.
    pub sku: String,
    /// What it is called now.
    pub name: String,
    /// Its price in the order's currency; none when it is not sold in that currency.
    pub price: Option<Amount>,
}

/// The product, if there is one; its price in `currency`, or in its first by code.
///
/// # Errors
/// What the database refuses.
#[instrument(name = "catalog.get", skip_all, fields(app.module = "catalog", inventory.sku = sku))]
pub fn product(
    conn: &mut Conn,
    sku: &str,
    currency: Option<Currency>,
) -> Result<Option<Product>, Error> {
    let found = store::by_skus(conn, &[sku])?.into_iter().next();
    Ok(found.map(|product| product.quoted_in(currency)))
}

/// What these products are called, by SKU.
///
/// # Errors
/// What the database refuses.
pub fn names(conn: &mut Conn, skus: &[&str]) -> Result<HashMap<String, String>, Error> {
    Ok(store::names(conn, skus)?.into_iter().collect())
}

/// Whether there is such a product.
///
/// # Errors
/// What the database refuses.
pub fn exists(conn: &mut Conn, sku: &str) -> Result<bool, Error> {
    store::exists(conn, sku)
}

/// Whether there is any product at all.
///
/// # Errors
/// What the database refuses.
pub fn any_product(conn: &mut Conn) -> Result<bool, Error> {
    store::any(conn)
}
