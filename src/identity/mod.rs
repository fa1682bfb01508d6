//! API keys: who may call, and what with.
//!
//! Invariants: a key is stored as its SHA-256 only and shown once; a revoked key never works
//! again; a refusal to a known key is in the journal, one to nobody is counted and logged.
//! Owns the table `api_keys`.

mod authenticate;
mod keys;
mod schema;
mod store;

pub use authenticate::KeyGate;
pub use keys::{KeySummary, NewKey, any_key, create, ensure, list, revoke};
