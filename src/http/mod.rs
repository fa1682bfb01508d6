//! What all endpoints share: who calls, what they sent, how they are answered.
//!
//! A handler takes a [`Call`] (reading) or a [`Command`] (changing) and answers a [`Reply`] or an
//! [`Error`](crate::error::Error). Scopes, the body's limits and shape, request ids, problem
//! documents and time limits are settled here, once. This room knows a caller only through
//! [`Authenticate`].

mod admission;
mod caller;
mod canonical_line;
mod command;
mod detached;
mod docs;
mod form;
mod health;
mod json;
mod paging;
mod params;
mod pipeline;
mod problem;
mod reply;
mod root_span;
mod strict;
mod traffic;
mod unmatched;
mod unread;

pub use admission::let_in;
pub use caller::{Authenticate, Call, Caller, Scope, ScopeMarker, endpoint_of, origin_of, scopes};
pub use command::{Command, Submission};
pub use detached::to_the_end;
pub use docs::{Problem, ProblemError, describe, docs_page};
pub use form::{Form, parse_form, read_form, same_site};
pub use health::{Readiness, ops_routes};
pub use json::{Metadata, Text, parse as parse_json};
pub use paging::{Cursor, Feed, Page, Paging, read_after, read_limit};
pub use params::Params;
pub use pipeline::{Limits, answer, request_ids};
pub use problem::of_status;
pub use reply::Reply;
pub use root_span::RootSpan;
pub use traffic::{Traffic, Waiting};
pub use unmatched::{RouteTable, id_or_not_found, refuse_unmatched};
