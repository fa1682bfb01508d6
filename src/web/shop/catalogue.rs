//! Looking around: departments, and finding products by the beginnings of their words.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::card::Card;
use crate::catalog::{self, Browse, Shelved};
use crate::db::Db;
use crate::error::{Error, Refusal};
use crate::inventory;
use crate::kernel::Currency;
use crate::web::frame::Frame;
use crate::web::page::page;
use crate::web::picture::Pictures;
use crate::web::visitor::{Visitor, cart_units};

const PRODUCTS: usize = 24;
/// Longer searches are cut.
const QUERY_CHARS: usize = 100;

/// What is looked for.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Looking {
    #[serde(default)]
    q: String,
    #[serde(default)]
    department: String,
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "shop/catalogue.html")]
struct Catalogue {
    frame: Frame,
    currency: Currency,
    departments: Vec<Department>,
    department: Option<String>,
    cards: Vec<Card>,
    next: Option<String>,
    is_first: bool,
}

struct Department {
    name: String,
    address: String,
    is_shown: bool,
}

/// Shows the shelves.
pub(super) async fn show(
    visitor: Visitor,
    looking: Query<Looking>,
    db: Data<Arc<Db>>,
    pictures: Data<Pictures>,
) -> Result<HttpResponse, Error> {
    let looking = looking.into_inner();
    let query: String = looking.q.trim().chars().take(QUERY_CHARS).collect();
    let department = Some(looking.department.clone()).filter(|name| !name.is_empty());
    let browse = Browse {
        currency: visitor.shop.currency,
        department: department.clone(),
        query: query.clone(),
        after: looking.after.as_deref().map(read_place).transpose()?,
        limit: i64::try_from(PRODUCTS + 1).unwrap_or(i64::MAX),
    };
    let secret = visitor.secret.clone();
    let (found, available, names, units) = db
        .read(move |conn| {
            let found = catalog::browse(conn, &browse)?;
            let skus: Vec<&str> = found.iter().map(|product| product.sku.as_str()).collect();
            let available = inventory::available(conn, &skus)?;
            let names = catalog::departments(conn)?;
            Ok((found, available, names, cart_units(conn, secret.as_ref())?))
        })
        .await?;
    let next = next_page(&found, &query, &looking.department);
    let mut frame = visitor.frame(units);
    frame.query = query;
    let departments = departments(names, department.as_deref(), &frame.query);
    let shown = Catalogue {
        currency: visitor.shop.currency,
        departments,
        department,
        cards: cards(found, &available, &pictures),
        next,
        is_first: looking.after.is_none(),
        frame,
    };
    page(StatusCode::OK, &shown)
}

fn cards(found: Vec<Shelved>, available: &HashMap<String, i64>, pictures: &Pictures) -> Vec<Card> {
    let shown = found.into_iter().take(PRODUCTS);
    shown.map(|product| Card::of(product, available, pictures)).collect()
}

fn departments(names: Vec<String>, shown: Option<&str>, query: &str) -> Vec<Department> {
    let department = |name: String| Department {
        address: address(query, &name, None),
        is_shown: shown == Some(name.as_str()),
        name,
    };
    names.into_iter().map(department).collect()
}

/// The one product too many tells that there is a next page.
fn next_page(found: &[Shelved], query: &str, department: &str) -> Option<String> {
    let last = found.get(PRODUCTS - 1).filter(|_| found.len() > PRODUCTS)?;
    let place = URL_SAFE_NO_PAD.encode(format!("{}\n{}", last.sku, last.name));
    Some(address(query, department, Some(&place)))
}

fn address(query: &str, department: &str, after: Option<&str>) -> String {
    let given = [("q", query), ("department", department), ("after", after.unwrap_or_default())];
    let given: Vec<_> = given.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    match serde_urlencoded::to_string(given) {
        Ok(query) if !query.is_empty() => format!("/?{query}"),
        _ => "/".to_owned(),
    }
}

/// From the address of a next page to the place where the last one ended.
fn read_place(text: &str) -> Result<(String, String), Error> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    let place = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let parts = place.as_deref().and_then(|place| place.split_once('\n'));
    let (sku, name) = parts.ok_or_else(|| Refusal::not_found("page"))?;
    Ok((name.to_owned(), sku.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_only_what_was_said() {
        assert_eq!(address("", "", None), "/");
        assert_eq!(address("red tea", "DRUG & GM", None), "/?q=red+tea&department=DRUG+%26+GM");
    }

    #[test]
    fn a_place_is_read_as_it_was_written() {
        let place = URL_SAFE_NO_PAD.encode("s1\nTea, \"red\"");
        assert_eq!(read_place(&place).unwrap(), ("Tea, \"red\"".into(), "s1".into()));
        assert!(read_place("!").is_err() && read_place("YWJj").is_err());
    }
}
