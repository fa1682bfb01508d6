//! Products, prices and what they are made from. No I/O.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::http::Text;
use crate::kernel::{Amount, Currency, Timestamp};

/// The name of a product in every room: 1 to 64 of `A–Z a–z 0–9 . _ -`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sku(String);

/// A text is not a [`Sku`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 64 of the characters A-Z a-z 0-9 . _ -")]
pub struct InvalidSku;

impl Sku {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Sku {
    type Err = InvalidSku;

    fn from_str(text: &str) -> Result<Self, InvalidSku> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        let valid = (1..=64).contains(&text.len()) && text.bytes().all(plain);
        valid.then(|| Self(text.to_owned())).ok_or(InvalidSku)
    }
}

impl fmt::Display for Sku {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a product is to be: the body of a `PUT`, or a row of a file. What is left out is empty
/// afterwards; prices in other currencies stay.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProductDetails {
    /// What it is called.
    #[schema(value_type = String, min_length = 1, max_length = 200, example = "Coffee beans")]
    pub name: Text<1, 200>,
    /// Its price, in minor units.
    pub price: Amount,
    /// The currency of the price.
    pub currency: Currency,
    /// The part of the shop that it is sold in.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub department: Option<Text<1, 100>>,
    /// The kind of product.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub category: Option<Text<1, 100>>,
    /// Who makes it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub brand: Option<Text<1, 100>>,
    /// How much one unit is.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100, example = "1 kg")]
    pub package_size: Option<Text<1, 100>>,
}

/// A product to be created or replaced.
#[derive(Debug, Clone)]
pub struct ProductInput {
    /// Which one.
    pub sku: Sku,
    /// What it is to be.
    pub details: ProductDetails,
}

/// A price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Price {
    /// The currency; a product has one price in each.
    pub currency: Currency,
    /// Minor units.
    pub amount: Amount,
}

/// A product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Product {
    /// Its name in every room.
    pub sku: String,
    /// What it is called.
    pub name: String,
    /// The price in the currency that was asked for, or in the first by its code; null when there
    /// is none in the currency that was asked for.
    pub price: Option<Amount>,
    /// The currency of `price`.
    pub currency: Option<Currency>,
    /// Every price, by currency.
    pub prices: Vec<Price>,
    /// The part of the shop that it is sold in.
    pub department: Option<String>,
    /// The kind of product.
    pub category: Option<String>,
    /// Who makes it.
    pub brand: Option<String>,
    /// How much one unit is.
    pub package_size: Option<String>,
    /// Rises with every change; also the `ETag`.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed last.
    pub updated_at: Timestamp,
}

impl Product {
    /// What `current` becomes when `input` is put; a version of its own it has not yet.
    pub(super) fn draft(current: Option<&Self>, input: &ProductInput, now: Timestamp) -> Self {
        let details = &input.details;
        let prices = current.map_or(&[][..], |product| &product.prices);
        let draft = Self {
            sku: input.sku.to_string(),
            name: details.name.as_str().to_owned(),
            price: None,
            currency: None,
            prices: with_price(prices, details.currency, details.price),
            department: text(&details.department),
            category: text(&details.category),
            brand: text(&details.brand),
            package_size: text(&details.package_size),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        draft.quoted_in(Some(details.currency))
    }

    /// The draft as what follows `before`: its next version, or the same when nothing changed.
    pub(super) fn following(mut self, before: Option<&Self>) -> Self {
        let Some(before) = before else { return self };
        let changed = self.content() != before.content();
        self.version = before.version + i64::from(changed);
        self.created_at = before.created_at;
        self.updated_at = if changed { self.updated_at } else { before.updated_at };
        self
    }

    /// The product with `price` and `currency` filled in, from all of its prices.
    #[must_use]
    pub(super) fn quoted_in(mut self, currency: Option<Currency>) -> Self {
        let wanted = currency.or_else(|| self.prices.first().map(|price| price.currency));
        let found = self.prices.iter().find(|price| Some(price.currency) == wanted);
        self.price = found.map(|price| price.amount);
        self.currency = wanted;
        self
    }

    /// All that a caller decides.
    pub(super) fn content(&self) -> Value {
        json!({
            "name": self.name,
            "prices": self.prices,
            "department": self.department,
            "category": self.category,
            "brand": self.brand,
            "package_size": self.package_size,
        })
    }

    /// What searching looks at.
    pub(super) fn search_text(&self) -> String {
        let optional = [&self.brand, &self.category].into_iter().flatten();
        let parts = std::iter::once(&self.name).chain(optional).chain([&self.sku]);
        parts.map(|part| part.to_lowercase()).collect::<Vec<_>>().join(" ")
    }
}

fn text<const MAX: usize>(text: &Option<Text<1, MAX>>) -> Option<String> {
    text.as_ref().map(|text| text.as_str().to_owned())
}

fn with_price(prices: &[Price], currency: Currency, amount: Amount) -> Vec<Price> {
    let others = prices.iter().copied().filter(|price| price.currency != currency);
    let mut all: Vec<Price> = others.chain([Price { currency, amount }]).collect();
    sort(&mut all);
    all
}

pub(super) fn sort(prices: &mut [Price]) {
    prices.sort_by(|one, other| one.currency.as_str().cmp(other.currency.as_str()));
}
