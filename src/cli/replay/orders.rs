//! From the lines of the file to the requests of the API.

use std::io::BufRead;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::super::failure::Failure;
use crate::kernel::Currency;

/// What is the same for every order.
pub(super) struct Terms {
    pub(super) currency: Currency,
    /// The card; none to pay by hand.
    pub(super) token: Option<String>,
    pub(super) declined_every: Option<u64>,
    pub(super) timeout_every: Option<u64>,
    pub(super) key_prefix: String,
}

/// An order of the file. What else a line has is passed over.
#[derive(Deserialize)]
struct Line<'a> {
    reference: String,
    customer: String,
    #[serde(borrow)]
    lines: &'a RawValue,
}

#[derive(Serialize)]
struct Body<'a> {
    reference: &'a str,
    customer: Customer<'a>,
    currency: Currency,
    lines: &'a RawValue,
    payment: Payment<'a>,
}

#[derive(Serialize)]
struct Customer<'a> {
    reference: &'a str,
}

#[derive(Serialize)]
#[serde(tag = "method", rename_all = "lowercase")]
enum Payment<'a> {
    Card { token: &'a str },
    Manual,
}

/// A request to be sent, as often as it takes.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) reference: String,
    pub(super) key: String,
    pub(super) body: String,
    /// Whether the card is one that is declined.
    pub(super) decline_wanted: bool,
}

/// Reads orders one by one, however long the file is.
pub(super) struct Orders<R> {
    lines: std::io::Lines<R>,
    terms: Terms,
    number: u64,
}

impl<R: BufRead> Orders<R> {
    pub(super) fn new(reader: R, terms: Terms) -> Self {
        Self { lines: reader.lines(), terms, number: 0 }
    }

    fn order(&self, line: &str) -> Result<Order, serde_json::Error> {
        let line: Line<'_> = serde_json::from_str(line)?;
        let due = |every: Option<u64>| every.is_some_and(|every| self.number.is_multiple_of(every));
        let decline_wanted = due(self.terms.declined_every);
        let token = match &self.terms.token {
            Some(_) if decline_wanted => Some("tok_chargeDeclined"),
            Some(_) if due(self.terms.timeout_every) => Some("tok_timeout"),
            token => token.as_deref(),
        };
        let body = serde_json::to_string(&Body {
            reference: &line.reference,
            customer: Customer { reference: &line.customer },
            currency: self.terms.currency,
            lines: line.lines,
            payment: token.map_or(Payment::Manual, |token| Payment::Card { token }),
        })?;
        let key = format!("replay-{}{}", self.terms.key_prefix, line.reference);
        Ok(Order { reference: line.reference, key, body, decline_wanted })
    }
}

impl<R: BufRead> Iterator for Orders<R> {
    type Item = Result<Order, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.lines.next()?;
        self.number += 1;
        let number = self.number;
        let unreadable = |reason: String| Failure::new(format!("line {number}: {reason}"));
        let line = match line {
            Ok(line) => line,
            Err(failure) => return Some(Err(unreadable(failure.to_string()))),
        };
        Some(self.order(&line).map_err(|failure| unreadable(failure.to_string())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "{\"reference\":\"7\",\"customer\":\"c\",\"store\":\"s\",\
        \"lines\":[{\"sku\":\"a\",\"quantity\":2}]}\n\
        {\"reference\":\"8\",\"customer\":\"c\",\"lines\":[]}\nnonsense\n";

    fn read(token: Option<&str>) -> Vec<Result<Order, Failure>> {
        let terms = Terms {
            currency: "USD".parse().unwrap(),
            token: token.map(str::to_owned),
            declined_every: Some(2),
            timeout_every: None,
            key_prefix: "second-".into(),
        };
        Orders::new(FILE.as_bytes(), terms).collect()
    }

    #[test]
    fn a_line_becomes_the_request_that_the_api_takes() {
        let orders = read(Some("tok_visa"));
        let first = orders[0].as_ref().unwrap();
        assert_eq!(first.key, "replay-second-7");
        assert_eq!(
            first.body,
            "{\"reference\":\"7\",\"customer\":{\"reference\":\"c\"},\"currency\":\"USD\",\
             \"lines\":[{\"sku\":\"a\",\"quantity\":2}],\
             \"payment\":{\"method\":\"card\",\"token\":\"tok_visa\"}}"
        );
        let second = orders[1].as_ref().unwrap();
        assert!(second.decline_wanted && second.body.contains("tok_chargeDeclined"));
        assert!(orders[2].is_err());
    }

    #[test]
    fn manual_payment_has_no_token() {
        let orders = read(None);
        assert!(orders[1].as_ref().unwrap().body.ends_with("\"payment\":{\"method\":\"manual\"}}"));
    }
}
