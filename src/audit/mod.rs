//! The journal: every change writes its entry in its own transaction.
//!
//! Invariants: entries are never changed or removed; each gets one number of a gap-free sequence
//! after its commit became certain; nothing personal is in an entry, only identifiers, states and
//! amounts.
//!
//! What proves them: a sealer closes ranges of the sequence. The seal of a range has the root of a
//! hash tree over its entries ([`leaf`], [`merkle`]), a chain over all seals before, and a
//! signature. A [`Checkpoint`] is such a seal outside the database; held against one, a changed,
//! removed, moved or added entry is found ([`verify()`]), and one entry can be proved alone
//! ([`prove()`]). Who holds the key can rewrite what no checkpoint outside vouches for: ship the
//! file of checkpoints elsewhere.
//!
//! Owns the tables `journal_entries`, `journal_sequence`, `journal_unsequenced`, `journal_seals`,
//! and in the data directory `audit-key`, `audit-keys/` and `logs/checkpoints*.jsonl`.

mod checkpoint;
mod checkpoint_file;
mod digest;
mod entry;
mod export;
mod find;
mod http;
mod key;
mod key_file;
mod leaf;
mod merkle;
mod number;
mod problem;
mod prove;
mod read;
mod readings;
mod record;
mod rows;
mod schema;
mod seal;
mod sealer;
mod store;
mod trust;
mod verify;

pub use checkpoint::Checkpoint;
pub use checkpoint_file::{put_checkpoints_aside, read_checkpoints};
pub use digest::{Hash, Hex, MalformedHex};
pub use entry::{Entry, Outcome, Subject};
pub use export::{checkpoints_after, export, export_checkpoints, newest_checkpoint};
pub use find::{about, entry, in_request, in_trace};
pub use http::routes;
pub use key::{PublicKey, SealKey, SealKeyId, Signature};
pub use key_file::public_keys;
pub use number::number_committed;
pub use problem::Problem;
pub use prove::{Proof, ProofError, ProofRefusal, prove};
pub use read::{Filter, JournalEntry, newest, read_after};
pub use readings::Readings;
pub use record::{record, record_all};
pub use seal::{Draft, close, draft, seal};
pub use sealer::{Guard, Sealer};
pub use trust::Trust;
pub use verify::{VerifyReport, verify};
