//! What a journal entry says.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use crate::error::Error;
use crate::kernel::{CustomerId, KeyId, OrderId, PaymentId, StaffId};

/// What an entry is about; written `kind:identifier`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Subject {
    /// An order.
    Order(OrderId),
    /// A payment.
    Payment(PaymentId),
    /// A product, by its SKU.
    Product(String),
    /// The stock of a product, by its SKU.
    Stock(String),
    /// A customer.
    Customer(CustomerId),
    /// An API key.
    Key(KeyId),
    /// A person who works at the desk.
    Staff(StaffId),
    /// The server as a whole.
    Server,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Order(id) => write!(f, "order:{id}"),
            Self::Payment(id) => write!(f, "payment:{id}"),
            Self::Product(sku) => write!(f, "product:{sku}"),
            Self::Stock(sku) => write!(f, "stock:{sku}"),
            Self::Customer(id) => write!(f, "customer:{id}"),
            Self::Key(id) => write!(f, "key:{id}"),
            Self::Staff(id) => write!(f, "staff:{id}"),
            Self::Server => f.write_str("server"),
        }
    }
}

/// How what an entry tells of came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was not allowed.
    Refused,
    /// It was tried and did not work: a declined card.
    Failed,
}

impl Outcome {
    /// As stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// An entry to be written. Who did it, when and in which request comes from the transaction.
#[derive(Debug, Clone)]
pub struct Entry {
    pub(super) kind: &'static str,
    pub(super) version: i64,
    pub(super) subject: Subject,
    pub(super) outcome: Outcome,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
}

impl Entry {
    /// An entry of this kind (`order.placed`), version 1, successful.
    #[must_use]
    pub fn new(kind: &'static str, subject: Subject) -> Self {
        Self { kind, version: 1, subject, outcome: Outcome::Success, before: None, after: None }
    }

    /// How it came out.
    #[must_use]
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// What was before.
    ///
    /// # Errors
    /// [`Error::Internal`] when it cannot be written as JSON: a defect.
    pub fn before(mut self, state: impl Serialize) -> Result<Self, Error> {
        self.before = to_value(state)?;
        Ok(self)
    }

    /// What is now.
    ///
    /// # Errors
    /// [`Error::Internal`] when it cannot be written as JSON: a defect.
    pub fn after(mut self, state: impl Serialize) -> Result<Self, Error> {
        self.after = to_value(state)?;
        Ok(self)
    }
}

/// JSON's null is the same as nothing: readers could not tell them apart.
fn to_value(state: impl Serialize) -> Result<Option<Value>, Error> {
    let value = serde_json::to_value(state)
        .map_err(|failure| Error::internal("writing a journal entry", failure))?;
    Ok(Some(value).filter(|value| !value.is_null()))
}
