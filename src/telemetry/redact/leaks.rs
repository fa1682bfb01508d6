//! What the nets would have cut out of a line, had they seen it: for lines that have been written.
//!
//! A line of JSON is looked at value by value, as it was redacted, any other as one text. What is
//! answered never holds a part of a secret, nor of what stands around it.

mod json;

use std::collections::BTreeSet;

use super::count::Rule;
use super::{REDACTED, card, is_secret_name, scan};
use crate::kernel::Timestamp;

/// Longer names are not said again, nor longer identifiers.
const SAID_BYTES_MAX: usize = 64;

/// That a line holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::telemetry) struct Leak {
    /// What gave it away.
    pub(in crate::telemetry) rule: Rule,
    /// The field that it stands in; `None` when there is none, or its name is better not said.
    pub(in crate::telemetry) field: Option<String>,
}

/// What is wrong with a line, and the identifiers by which it is found in other places.
#[derive(Debug, Default)]
pub(in crate::telemetry) struct Leaks {
    /// None is there twice.
    pub(in crate::telemetry) leaks: BTreeSet<Leak>,
    pub(in crate::telemetry) timestamp: Option<String>,
    pub(in crate::telemetry) trace_id: Option<String>,
    pub(in crate::telemetry) request_id: Option<String>,
}

/// Looks for secrets in a line that should have none any more.
pub(in crate::telemetry) fn leaks_in(line: &str) -> Leaks {
    let mut found = Leaks::default();
    if !json::look(line, &mut found) {
        // What was recognised before the JSON broke off is said with its field.
        let of_fields: Vec<Rule> = found.leaks.iter().map(|leak| leak.rule).collect();
        scan::look(without_torn_mark(line), &mut |rule| {
            if !of_fields.contains(&rule) {
                found.leaks.insert(Leak { rule, field: None });
            }
        });
    }
    found
}

/// Where in a line of JSON a value stands.
#[derive(Clone, Copy, Default)]
struct Place<'a> {
    /// The name that tells most about it.
    name: Option<&'a str>,
    /// Under the name of a secret, at any depth.
    secret: bool,
    /// Inside the value of a pair, `{"key": "name", "value": {…}}`: its own names are of a format.
    paired: bool,
}

impl<'a> Place<'a> {
    /// The place of a member. `pair` is what a `key` or `name` before it says; after a public key
    /// a signature stands to be read by everybody, in checkpoints.
    fn member(self, name: &'a str, pair: Option<&'a str>, after_public_key: bool) -> Self {
        let open = after_public_key && name == "signature";
        let is_secret = is_secret_name(name) && !open;
        match pair {
            Some(pair) if name == "value" => {
                let secret = self.secret || is_secret_name(pair);
                Place { name: Some(pair), secret, paired: true }
            }
            _ if self.paired && !is_secret => self,
            _ => Place { name: Some(name), secret: self.secret || is_secret, paired: false },
        }
    }
}

impl Leaks {
    fn text(&mut self, place: Place<'_>, text: &str) {
        if place.secret {
            if !REDACTED.starts_with(text) {
                self.add(Rule::FieldName, place);
            }
            return;
        }
        if place.name.is_some_and(|name| is_own(name, text)) {
            return;
        }
        scan::look(without_torn_mark(text), &mut |rule| self.add(rule, place));
        match place.name {
            Some("timestamp") => {
                note(&mut self.timestamp, || Timestamp::parse(text).map(|time| time.to_string()))
            }
            Some("trace_id" | "traceId") => {
                note(&mut self.trace_id, || is_hex(text, 32).then(|| text.to_owned()))
            }
            Some("request_id") => note(&mut self.request_id, || sayable(text)),
            _ => {}
        }
    }

    /// A number; negative ones and fractions, which are given as `None`, are no card's.
    fn number(&mut self, place: Place<'_>, number: Option<u64>) {
        if place.secret {
            self.add(Rule::FieldName, place);
        } else if number.is_some_and(card::scrub_number) {
            self.add(Rule::Card, place);
        }
    }

    fn add(&mut self, rule: Rule, place: Place<'_>) {
        self.leaks.insert(Leak { rule, field: place.name.and_then(sayable) });
    }
}

/// What telemetry and the journal make up themselves and no rule is asked about: one in forty
/// thousand identifiers of a span is a card number by its digits.
fn is_own(name: &str, text: &str) -> bool {
    match name {
        "span_id" | "spanId" | "parentSpanId" | "key_id" => is_hex(text, 16),
        _ => name.ends_with("UnixNano") && text.bytes().all(|byte| byte.is_ascii_digit()),
    }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The first one counts: the spans of a batch are of many traces.
fn note(place: &mut Option<String>, value: impl FnOnce() -> Option<String>) {
    if place.is_none() {
        *place = value();
    }
}

/// A name or an identifier, when it is like one and no secret itself.
fn sayable(word: &str) -> Option<String> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.:".contains(&byte);
    let mut secret = word.is_empty() || word.len() > SAID_BYTES_MAX || !word.bytes().all(is_word);
    scan::look(word, &mut |_| secret = true);
    (!secret).then(|| word.to_owned())
}

/// The text without the beginning of a mark that it ends with: values and lines are cut off where
/// they get too long.
fn without_torn_mark(text: &str) -> &str {
    let torn = (1..REDACTED.len()).rev().find_map(|end| text.strip_suffix(&REDACTED[..end]));
    torn.unwrap_or(text)
}

#[cfg(test)]
mod tests;
