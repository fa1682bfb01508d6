//! A checkpoint: what a seal says of the journal, signed. Kept outside the database it is the
//! evidence against which the database is verified.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::digest::Hash;
use super::key::{PublicKey, SealKey, SealKeyId, Signature};
use crate::kernel::Timestamp;

/// What is hashed into every link of the chain, before anything else.
const CHAIN_TAG: &[u8] = b"docket.journal.chain.v1";

/// A closed range of the journal: its seal, and the key that vouches for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Checkpoint {
    /// Seals count from 1 without a gap.
    pub number: i64,
    /// The first entry of the range.
    pub first_seq: i64,
    /// The last entry of the range.
    pub last_seq: i64,
    /// The root of the hash tree (RFC 6962) over the range's entries.
    #[schema(value_type = String, min_length = 64, max_length = 64)]
    pub root: Hash,
    /// Hash of the chain before it, the number, the range and the root.
    #[schema(value_type = String, min_length = 64, max_length = 64)]
    pub chain: Hash,
    /// When it was sealed.
    pub sealed_at: Timestamp,
    /// Which key signed.
    #[schema(value_type = String, min_length = 16, max_length = 16)]
    pub key_id: SealKeyId,
    /// The public half of that key (Ed25519).
    #[schema(value_type = String, min_length = 64, max_length = 64)]
    pub public_key: PublicKey,
    /// Signs all of the above.
    #[schema(value_type = String, min_length = 128, max_length = 128)]
    pub signature: Signature,
}

/// The range that a new checkpoint closes, and where it belongs in the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub(super) number: i64,
    pub(super) first_seq: i64,
    pub(super) last_seq: i64,
    pub(super) root: Hash,
}

impl Range {
    /// The link of the chain after `previous`.
    pub(super) fn chain(&self, previous: Hash) -> Hash {
        Hash::of(&[
            CHAIN_TAG,
            &previous.0,
            &self.number.to_be_bytes(),
            &self.first_seq.to_be_bytes(),
            &self.last_seq.to_be_bytes(),
            &self.root.0,
        ])
    }
}

impl Checkpoint {
    /// Closes `range`, which comes after the chain `previous`.
    pub(super) fn sign(range: Range, previous: Hash, sealed_at: Timestamp, key: &SealKey) -> Self {
        let public_key = key.public();
        let mut checkpoint = Self {
            number: range.number,
            first_seq: range.first_seq,
            last_seq: range.last_seq,
            root: range.root,
            chain: range.chain(previous),
            sealed_at,
            key_id: public_key.id(),
            public_key,
            signature: Signature::from([0; 64]),
        };
        checkpoint.signature = key.sign(checkpoint.signed_text().as_bytes());
        checkpoint
    }

    pub(super) fn range(&self) -> Range {
        let Self { number, first_seq, last_seq, root, .. } = *self;
        Range { number, first_seq, last_seq, root }
    }

    /// Whether `key` signed this. The key that the checkpoint itself names proves nothing unless
    /// it is trusted for another reason.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        key == &self.public_key
            && key.id() == self.key_id
            && key.verifies(self.signed_text().as_bytes(), &self.signature)
    }

    /// What is signed: fixed lines, so that any Ed25519 tool can verify it.
    fn signed_text(&self) -> String {
        format!(
            "docket checkpoint v1\nnumber {}\nfirst_seq {}\nlast_seq {}\nroot {}\nchain {}\n\
             sealed_at {}\nkey_id {}\n",
            self.number,
            self.first_seq,
            self.last_seq,
            self.root,
            self.chain,
            self.sealed_at.micros(),
            self.key_id,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkpoint(key: &SealKey) -> Checkpoint {
        let range = Range { number: 1, first_seq: 1, last_seq: 9, root: Hash::of(&[b"root"]) };
        Checkpoint::sign(range, Hash::ZERO, Timestamp::from_micros(1), key)
    }

    #[test]
    fn a_checkpoint_survives_its_line_of_json() {
        let key = SealKey::generate();
        let line = serde_json::to_string(&checkpoint(&key)).unwrap();
        let read: Checkpoint = serde_json::from_str(&line).unwrap();
        assert_eq!(read, checkpoint(&key));
        assert!(read.is_signed_by(&key.public()));
    }

    #[test]
    fn the_signature_covers_every_field() {
        type Change = fn(&mut Checkpoint);
        let changes: [Change; 9] = [
            |checkpoint| checkpoint.number = 2,
            |checkpoint| checkpoint.first_seq = 2,
            |checkpoint| checkpoint.last_seq = 10,
            |checkpoint| checkpoint.root = Hash::ZERO,
            |checkpoint| checkpoint.chain = Hash::ZERO,
            |checkpoint| checkpoint.sealed_at = Timestamp::from_micros(2),
            |checkpoint| checkpoint.key_id = SealKeyId::from([0; 8]),
            |checkpoint| checkpoint.public_key = SealKey::generate().public(),
            |checkpoint| checkpoint.signature = Signature::from([0; 64]),
        ];
        let key = SealKey::generate();
        for (index, change) in changes.iter().enumerate() {
            let mut changed = checkpoint(&key);
            change(&mut changed);
            assert!(!changed.is_signed_by(&key.public()), "change {index}");
        }
    }
}
