//! Looking around in the shop: products that are sold in one currency, by name.

mod store;

use tracing::instrument;

use super::words::words;
use crate::db::Conn;
use crate::error::Error;
use crate::kernel::{Amount, Currency};

/// Words of a search that count; more are left out.
const WORDS_MOST: usize = 8;

/// Which products.
#[derive(Debug, Clone)]
pub struct Browse {
    /// Sold in this currency.
    pub currency: Currency,
    /// Of this department only.
    pub department: Option<String>,
    /// With words that begin so, in any order and case: all of them.
    pub query: String,
    /// After this name and SKU.
    pub after: Option<(String, String)>,
    /// At most so many.
    pub limit: i64,
}

/// A product as it stands on a shelf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shelved {
    /// Its name in every room.
    pub sku: String,
    /// What it is called.
    pub name: String,
    /// For one unit.
    pub price: Amount,
    /// The part of the shop that it is sold in.
    pub department: Option<String>,
    /// Who makes it.
    pub brand: Option<String>,
    /// How much one unit is.
    pub package_size: Option<String>,
}

/// Products in the order of their names.
///
/// # Errors
/// What the database refuses.
#[instrument(name = "catalog.browse", skip_all, fields(app.module = "catalog"))]
pub fn browse(conn: &mut Conn, wanted: &Browse) -> Result<Vec<Shelved>, Error> {
    let prefixes: Vec<String> = words(&wanted.query).into_iter().take(WORDS_MOST).collect();
    if prefixes.is_empty() && !wanted.query.trim().is_empty() {
        return Ok(Vec::new());
    }
    store::shelf(conn, wanted, &prefixes)
}

/// Those of `skus` that are sold in this currency, in no particular order.
///
/// # Errors
/// What the database refuses.
pub fn on_shelf(conn: &mut Conn, skus: &[&str], currency: Currency) -> Result<Vec<Shelved>, Error> {
    if skus.is_empty() { Ok(Vec::new()) } else { store::on_shelf(conn, skus, currency) }
}

/// The departments of the shop, by name.
///
/// # Errors
/// What the database refuses.
pub fn departments(conn: &mut Conn) -> Result<Vec<String>, Error> {
    store::departments(conn)
}
