//! What surrounds every page: its language, its name, and what the templates say by.

use serde_json::Value;

use super::assets;
use super::locale::Locale;
use super::texts::Texts;
use crate::error::Refusal;
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

    /// Why a gateway said no, or an order was cancelled: of `codes.NAME`, or the words themselves
    /// that somebody gave.
    pub(super) fn code(&self, code: &str) -> String {
        let key = format!("codes.{code}");
        if self.texts.has(&key) { self.t(&key).to_owned() } else { code.to_owned() }
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

    /// What is wrong with a field: of `wrong.FIELD.CODE`.
    pub(super) fn wrong(&self, field: &str, code: &str) -> String {
        let key = format!("wrong.{field}.{code}");
        self.t(if self.texts.has(&key) { &key } else { "wrong.text.invalid" }).to_owned()
    }

    /// What a refusal means: of `wrong.FIELD.CODE` for the field at fault or else of
    /// `refusals.CODE`, with the numbers that it names filled in; in its own words where there are
    /// none.
    pub(super) fn refused(&self, refusal: &Refusal) -> String {
        let (field, own) = match refusal.errors.first() {
            Some(error) => (format!("wrong.{}.{}", part(&error.field), error.code), &error.detail),
            None => (String::new(), &refusal.detail),
        };
        let keys = [field, format!("refusals.{}", refusal.code)];
        let Some(key) = keys.iter().find(|key| self.texts.has(key)) else { return own.clone() };
        let of_field = refusal.errors.iter().flat_map(|error| &error.members);
        let fill = |text: String, (name, value): (&String, &Value)| match value.as_i64() {
            Some(number) => text.replace(&format!("{{{name}}}"), &self.number(&number)),
            None => text,
        };
        let seconds = refusal.retry_after_s.unwrap_or_default();
        let told = self.tw(key, "seconds", self.number(&seconds.into()));
        refusal.members.iter().chain(of_field).fold(told, fill)
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

/// Which field a path is in: `lines` of `lines[3].quantity`.
fn part(field: &str) -> &str {
    field.split(['.', '[']).next().unwrap_or(field)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::FieldError;

    #[test]
    fn a_refusal_is_told_in_words() {
        let frame = Frame::new(Locale::of("en"), String::new(), 0);
        let error = FieldError::new("lines[0].quantity", "exceeds_unfulfilled", "only 1 left");
        let more =
            Refusal::new(409, "exceeds_unfulfilled", "more").with_error(error.with("left", 1));
        for (refusal, told) in [
            (Refusal::invalid("units.7f", "invalid", "x"), frame.t("wrong.units.invalid")),
            (Refusal::invalid("who", "knows", "its own words"), "its own words"),
            (Refusal::new(409, "who_knows", "Its own words."), "Its own words."),
            (Refusal::new(409, "login_taken", "x"), frame.t("refusals.login_taken")),
            (more, "Of one product only 1 are left to send."),
        ] {
            assert_eq!(frame.refused(&refusal), told);
        }
    }
}
