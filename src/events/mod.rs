//! The journal read outwards: what happened, for those who follow it.
//!
//! Invariants: every entry of the journal is an event, in the order of the gap-free sequence, so
//! that a reader who goes on `after` the last number it saw misses nothing and sees nothing twice.
//! Owns no table: the journal belongs to [`crate::audit`].

mod feed;
mod http;

pub use feed::{Event, read_after};
pub use http::routes;
