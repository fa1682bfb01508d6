//! Customers: one row per reference, and what of them can be erased.

mod contact;
mod store;

use serde_json::json;
use tracing::instrument;

use super::error::OrderRefusal;
use crate::audit::{self, Entry, Subject};
use crate::db::WriteTx;
use crate::error::Error;
use crate::kernel::CustomerId;
pub use contact::{Contact, buyers, contact};
pub(super) use store::{NewPersonalData, insert_personal_data};

/// The customer of this reference, made when new.
pub(super) fn ensure(tx: &mut WriteTx<'_>, reference: &str) -> Result<CustomerId, Error> {
    if let Some(known) = store::customer(tx.conn(), reference)? {
        return Ok(known);
    }
    store::insert_customer(tx, CustomerId::generate(), reference)?;
    store::customer(tx.conn(), reference)?
        .ok_or_else(|| Error::Contention("a customer was made meanwhile".into()))
}

/// Erases the names, addresses and e-mails of a customer, on all orders; answers how many rows.
///
/// The journal holds identifiers only, so every proof stays valid.
///
/// # Errors
/// 404 for an unknown customer.
#[instrument(name = "orders.erase_customer", skip_all, fields(app.module = "orders"))]
pub fn erase_customer(tx: &mut WriteTx<'_>, reference: &str) -> Result<usize, Error> {
    let customer = store::customer(tx.conn(), reference)?.ok_or(OrderRefusal::UnknownCustomer)?;
    let erased = store::erase_personal_data(tx, customer)?;
    let entry = Entry::new("customer.erased", Subject::Customer(customer))
        .after(json!({ "rows_erased": erased }))?;
    audit::record(tx, entry)?;
    Ok(erased)
}
