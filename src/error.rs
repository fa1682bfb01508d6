//! The one refusal type that reaches a client, and the one error type that use cases return.
//!
//! Pure: modules turn their closed sets of refusals into a [`Refusal`], `http/` renders it. What
//! is not a refusal is either passing trouble ([`Error::Unavailable`]: try again) or a defect
//! ([`Error::Internal`]: opaque to the client, logged once with its chain).

use serde_json::{Map, Value};

/// A clear "no": what was wrong, where, and under which stable code (RFC 9457).
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    /// HTTP status, 400 to 499.
    pub status: u16,
    /// Stable code, part of the wire contract.
    pub code: &'static str,
    /// What went wrong this time and what to do next, for a person.
    pub detail: String,
    /// The fields at fault.
    pub errors: Vec<FieldError>,
    /// Further members of the problem document.
    pub members: Map<String, Value>,
    /// When to try again, in seconds.
    pub retry_after_s: Option<u32>,
}

impl Refusal {
    /// A refusal with nothing but its status, code and explanation.
    pub fn new(status: u16, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            errors: Vec::new(),
            members: Map::new(),
            retry_after_s: None,
        }
    }

    /// The request's content breaks a rule at `field`.
    pub fn invalid(
        field: impl Into<String>,
        code: &'static str,
        detail: impl Into<String>,
    ) -> Self {
        let error = FieldError::new(field, code, detail);
        let detail = format!("`{}`: {}", error.field, error.detail);
        Self::new(422, "validation", detail).with_error(error)
    }

    /// There is no such thing, or no such address.
    pub fn not_found(what: &str) -> Self {
        Self::new(404, "not_found", format!("There is no such {what}."))
    }

    /// Adds a field at fault.
    #[must_use]
    pub fn with_error(mut self, error: FieldError) -> Self {
        self.errors.push(error);
        self
    }

    /// Adds a member to the problem document.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.into(), value.into());
        self
    }
}

/// One field at fault.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldError {
    /// Where, as a path: `lines[3].quantity`.
    pub field: String,
    /// Stable code.
    pub code: &'static str,
    /// What is wrong with it.
    pub detail: String,
    /// What the code needs besides.
    pub members: Map<String, Value>,
}

impl FieldError {
    /// A fault of `field`.
    pub fn new(field: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self { field: field.into(), code, detail: detail.into(), members: Map::new() }
    }

    /// Adds a member.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.into(), value.into());
        self
    }
}

/// What a use case returns when it does not return its result.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request is refused; nothing was changed.
    #[error("refused: {}", .0.code)]
    Refused(Box<Refusal>),
    /// Too much work or a part out of reach; nothing was changed, trying again is safe.
    #[error("unavailable: {0}")]
    Unavailable(&'static str),
    /// Another transaction was in the way: to be run again from its start.
    #[error("contention: {0}")]
    Contention(String),
    /// A defect or a broken machine.
    #[error("{context}: {source}")]
    Internal {
        /// What was being done.
        context: &'static str,
        /// Why it failed.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// A defect, with what was being done.
    pub fn internal(
        context: &'static str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Internal { context, source: source.into() }
    }
}

impl<R: Into<Refusal>> From<R> for Error {
    fn from(refusal: R) -> Self {
        Self::Refused(Box::new(refusal.into()))
    }
}
