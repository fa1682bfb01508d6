//! The journal: every change writes its entry in its own transaction.
//!
//! Invariants: entries are never changed or removed; each gets one number of a gap-free sequence
//! after its commit became certain; nothing personal is in an entry, only identifiers, states and
//! amounts.
//! Owns the tables `journal_entries`, `journal_sequence`, `journal_unsequenced`, `journal_seals`.

mod entry;
mod record;
mod schema;
mod store;

pub use entry::{Entry, Outcome, Subject};
pub use record::{record, record_all};
