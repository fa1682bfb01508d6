//! Who is acting, and in which request: what every journal entry says of its cause.

use std::fmt;

use super::{KeyId, RequestId, StaffId};

/// Who makes a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// A holder of an API key.
    Key(KeyId),
    /// A person who is signed in at the desk.
    Staff(StaffId),
    /// A visitor of the shop's pages, whom nobody knows.
    Visitor,
    /// A person at the command line of the machine.
    CommandLine,
    /// One of the server's own workers, by its name.
    Job(&'static str),
    /// The server itself, at its start.
    System,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(id) => write!(f, "key:{id}"),
            Self::Staff(id) => write!(f, "staff:{id}"),
            Self::Visitor => f.write_str("visitor"),
            Self::CommandLine => f.write_str("cli"),
            Self::Job(name) => write!(f, "job:{name}"),
            Self::System => f.write_str("system"),
        }
    }
}

/// Where a change comes from. Travels into every write and from there into the journal.
#[derive(Debug, Clone)]
pub struct Origin {
    /// Who acts.
    pub actor: Actor,
    /// The HTTP request, when there is one.
    pub request_id: Option<String>,
    /// The trace, when there is one: 32 hexadecimal digits (W3C Trace Context).
    pub trace_id: Option<String>,
    /// The span of that trace to which work that goes on elsewhere links back: 16 hexadecimal
    /// digits.
    pub span_id: Option<String>,
}

impl Origin {
    /// A change that no request asked for.
    #[must_use]
    pub fn of(actor: Actor) -> Self {
        Self { actor, request_id: None, trace_id: None, span_id: None }
    }

    /// A new request's own identifier.
    #[must_use]
    pub fn new_request_id() -> String {
        RequestId::generate().to_string()
    }
}
