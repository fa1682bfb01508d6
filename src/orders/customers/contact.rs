//! Who an order goes to, for who has to send it.

use std::collections::{BTreeMap, HashMap};

use super::store;
use crate::db::Conn;
use crate::error::Error;
use crate::kernel::OrderId;

/// What the buyer of an order said of themselves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contact {
    /// Where word of the order goes.
    pub email: Option<String>,
    /// Who it is.
    pub name: Option<String>,
    /// Where it is sent: names of parts with what they are.
    pub address: Vec<(String, String)>,
}

/// The parts of an address in the order in which they are written; others come after them.
const PARTS: [&str; 7] = ["line1", "line2", "postal_code", "city", "region", "state", "country"];

/// The contact of an order; none when nothing was said or it was erased.
///
/// # Errors
/// What the database refuses.
pub fn contact(conn: &mut Conn, id: OrderId) -> Result<Option<Contact>, Error> {
    let Some((email, name, address)) = store::personal_data(conn, id)? else { return Ok(None) };
    let address = address.as_deref().map(parts).transpose()?.unwrap_or_default();
    Ok(Some(Contact { email, name, address }))
}

/// What the buyers of these orders are called, of those that said it and were not erased.
///
/// # Errors
/// What the database refuses.
pub fn buyers(conn: &mut Conn, orders: &[OrderId]) -> Result<HashMap<OrderId, String>, Error> {
    let ids: Vec<String> = orders.iter().map(OrderId::to_string).collect();
    let named = store::names(conn, &ids)?.into_iter();
    // An id that cannot be read belongs to none of them.
    Ok(named.filter_map(|(id, name)| Some((id.parse().ok()?, name))).collect())
}

fn parts(stored: &str) -> Result<Vec<(String, String)>, Error> {
    let parts: BTreeMap<String, String> = serde_json::from_str(stored)
        .map_err(|failure| Error::internal("reading an address", failure))?;
    let mut parts: Vec<_> = parts.into_iter().collect();
    let place = |name: &str| PARTS.iter().position(|part| *part == name).unwrap_or(PARTS.len());
    parts.sort_by_key(|(name, _)| place(name));
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn an_address_is_written_from_the_street_to_the_country() {
        let stored = r#"{"city":"Ulm","country":"DE","floor":"3","line1":"Main 1"}"#;
        let read: Vec<_> = parts(stored).unwrap().into_iter().map(|(_, text)| text).collect();
        assert_eq!(read, ["Main 1", "Ulm", "DE", "3"]);
    }
}
