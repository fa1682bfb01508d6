//! What surrounds every page: its language, its name, and what the templates say by.

use super::assets;
use super::locale::Locale;
use super::texts::Texts;
use crate::kernel::{Amount, Currency, Timestamp};

/// The surroundings of a page. Templates write through it.
pub(super) struct Frame {
    pub(super) texts: &'static Texts,
    pub(super) locale: Locale,
    /// What the shop is called.
    pub(super) shop: String,
    /// Units in the visitor's cart.
    pub(super) cart_units: i64,
    /// What stands in the search field.
    pub(super) query: String,
}

impl Frame {
    pub(super) fn new(locale: Locale, shop: String, cart_units: i64) -> Self {
        let texts = Texts::of(locale.language());
        Self { texts, locale, shop, cart_units, query: String::new() }
    }

    /// The text of a key.
    pub(super) fn t<'t>(&'t self, key: &'t str) -> &'t str {
        self.texts.get(key)
    }

    /// The text of a key with one name filled in.
    pub(super) fn tw(&self, key: &str, name: &str, value: impl std::fmt::Display) -> String {
        self.texts.with(key, name, value)
    }

    /// The text for so many things.
    pub(super) fn tn(&self, key: &str, n: &i64) -> String {
        self.texts.count(key, *n, self.number(n))
    }

    /// The word for a state: of `states.NAME`, or the name itself.
    pub(super) fn state(&self, name: &str) -> String {
        let key = format!("states.{name}");
        if self.texts.has(&key) { self.t(&key).to_owned() } else { name.replace('_', " ") }
    }

    /// The name of what a payment is at: a manual one waits for no bank, and what was refunded is
    /// no longer paid.
    pub(super) fn payment_state(
        &self,
        method: &str,
        status: &str,
        captured: &Amount,
        refunded: &Amount,
    ) -> String {
        self.state(match (method, status) {
            ("manual", "pending") => "awaiting",
            _ if refunded.is_zero() => status,
            _ if refunded == captured => "refunded",
            _ => "partially_refunded",
        })
    }

    /// The name of a card by its token.
    pub(super) fn card(&self, token: &str) -> String {
        self.texts.get(&format!("cards.{token}")).to_owned()
    }

    /// The name of a step of an order's life, or of its state.
    pub(super) fn step(&self, name: &str) -> String {
        self.texts.get(&format!("order.step.{name}")).to_owned()
    }

    /// How far an import of products got.
    pub(super) fn import_state(&self, name: &str) -> String {
        self.texts.get(&format!("goods.import.states.{name}")).to_owned()
    }

    /// What moved stock.
    pub(super) fn movement(&self, kind: &str) -> String {
        self.texts.get(&format!("goods.movements_of.{kind}")).to_owned()
    }

    /// A number with its sign.
    pub(super) fn signed(&self, number: &i64) -> String {
        let sign = if *number > 0 { "+" } else { "" };
        format!("{sign}{}", self.number(number))
    }

    /// How many there are.
    pub(super) fn size(&self, size: &usize) -> String {
        self.locale.number(i64::try_from(*size).unwrap_or(i64::MAX))
    }

    pub(super) fn number(&self, number: &i64) -> String {
        self.locale.number(*number)
    }

    pub(super) fn money(&self, amount: &Amount, currency: &Currency) -> String {
        self.locale.money(*amount, *currency)
    }

    pub(super) fn minor(&self, minor: &i64, currency: &Currency) -> String {
        self.locale.minor(*minor, *currency)
    }

    pub(super) fn day(&self, moment: &Timestamp) -> String {
        self.locale.day(*moment)
    }

    pub(super) fn minute(&self, moment: &Timestamp) -> String {
        self.locale.minute(*moment)
    }

    /// The address of an asset.
    pub(super) fn asset(&self, name: &str) -> String {
        assets::address(name)
    }
}
