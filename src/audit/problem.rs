//! What verification can find.

use serde::Serialize;

use super::key::SealKeyId;

/// One thing that is wrong with the journal, its seals or the checkpoints it is held against. A
/// whole journal has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Problem {
    /// Numbers were removed or moved.
    #[error("the numbers jump to {found} where {expected} should come: entries were removed")]
    SequenceGap {
        /// The number that should come.
        expected: i64,
        /// The number that comes.
        found: i64,
    },
    /// A number points at nothing.
    #[error("number {seq} belongs to entry {entry_id}, which is gone")]
    EntryMissing {
        /// The number.
        seq: i64,
        /// The entry that is gone.
        entry_id: String,
    },
    /// An entry that the sequence does not know.
    #[error("entry {entry_id} has no number: it was put in, or its number was removed")]
    EntryUnnumbered {
        /// The entry.
        entry_id: String,
    },
    /// Seals were removed, put in or renumbered.
    #[error("seal {found} comes where seal {expected} should: seals were removed or put in")]
    SealGap {
        /// The seal that should come.
        expected: i64,
        /// The seal that comes.
        found: i64,
    },
    /// The ranges of two seals overlap or leave something out.
    #[error("seal {number} begins at entry {first_seq} where it should begin at {expected}")]
    SealMisplaced {
        /// The seal.
        number: i64,
        /// Where it begins.
        first_seq: i64,
        /// Where the seal before it ended, plus one.
        expected: i64,
    },
    /// A hash, key or signature of a seal cannot be read.
    #[error("seal {number} cannot be read: its hashes, key or signature were overwritten")]
    SealUnreadable {
        /// The seal.
        number: i64,
    },
    /// The entries of a range are not those that were sealed.
    #[error(
        "the entries {first_seq} to {last_seq} are not those that seal {number} was made over: \
         at least one was changed, removed, put in or moved"
    )]
    RangeAltered {
        /// The seal.
        number: i64,
        /// The first entry of its range.
        first_seq: i64,
        /// The last entry of its range.
        last_seq: i64,
    },
    /// A seal does not follow from the one before it.
    #[error("seal {number} is not chained to the seal before it")]
    ChainBroken {
        /// The seal.
        number: i64,
    },
    /// A seal by nobody that is trusted.
    #[error(
        "seal {number} is signed with the key {key_id}, which is not a trusted one: if the key \
         was rotated or another copy of the server seals, verify with a newer checkpoint"
    )]
    KeyUnknown {
        /// The seal.
        number: i64,
        /// The key it names.
        key_id: SealKeyId,
    },
    /// A seal that its key did not sign.
    #[error("seal {number} bears a signature that the key {key_id} did not make")]
    SignatureWrong {
        /// The seal.
        number: i64,
        /// The key it names.
        key_id: SealKeyId,
    },
    /// The database tells another history than the checkpoint.
    #[error("seal {number} is not the one that was exported: history was rewritten since")]
    CheckpointDiffers {
        /// The seal.
        number: i64,
    },
    /// The database tells less than the checkpoint.
    #[error(
        "seal {number} over the entries up to {last_seq} was exported and is gone: the end of \
         the journal was removed"
    )]
    CheckpointMissing {
        /// The seal.
        number: i64,
        /// The entry up to which the journal reached.
        last_seq: i64,
    },
    /// What verification should rely on cannot be relied on.
    #[error("the exported checkpoint {number} does not bear the signature of its key")]
    CheckpointUnsigned {
        /// The checkpoint.
        number: i64,
    },
    /// The journal goes on where it should have ended.
    #[error("the journal should end with entry {last_seq}, and {more} entries or seals follow")]
    GoesOn {
        /// Where it should end.
        last_seq: i64,
        /// What follows.
        more: u64,
    },
}
