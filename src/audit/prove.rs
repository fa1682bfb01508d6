//! The proof of one entry, which needs neither the database nor the rest of the journal.

use serde::{Deserialize, Serialize};
use tracing::instrument;
use utoipa::ToSchema;

use super::checkpoint::Checkpoint;
use super::digest::Hash;
use super::key::PublicKey;
use super::leaf::leaf_hash;
use super::merkle;
use super::read::JournalEntry;
use super::rows::Rows;
use super::store::{self, StoredEntry};
use crate::db::Conn;
use crate::error::{Error, Refusal};
use crate::kernel::EntryId;

/// One entry, and how it follows from a signed checkpoint that it was in the journal as it is here.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Proof {
    /// The entry.
    pub entry: JournalEntry,
    /// The hash of its number and columns.
    #[schema(value_type = String, min_length = 64, max_length = 64)]
    pub leaf_hash: Hash,
    /// The hashes that lead from there to the root of the checkpoint, lowest first (RFC 6962).
    #[schema(value_type = Vec<String>)]
    pub path: Vec<Hash>,
    /// The checkpoint over the range that the entry is in.
    pub checkpoint: Checkpoint,
}

/// Why there is no proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProofRefusal {
    /// There is no such entry.
    UnknownEntry,
    /// The entry is too young.
    NotSealedYet,
    /// The journal is not what was sealed.
    SealBroken(i64),
}

impl From<ProofRefusal> for Refusal {
    fn from(refusal: ProofRefusal) -> Self {
        match refusal {
            ProofRefusal::UnknownEntry => Self::not_found("journal entry"),
            ProofRefusal::NotSealedYet => {
                let detail = "The entry is not sealed yet. Try again in a second.";
                let mut refusal = Self::new(409, "not_sealed_yet", detail);
                refusal.retry_after_s = Some(1);
                refusal
            }
            ProofRefusal::SealBroken(number) => Self::new(
                409,
                "seal_broken",
                format!(
                    "The journal is not what seal {number} was made over, so nothing in its \
                     range can be proved. `docket audit verify` tells what is wrong."
                ),
            ),
        }
    }
}

/// Why a proof does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The entry was changed after the proof was made.
    #[error("the entry is not the one that the proof is about")]
    EntryAltered,
    /// The path does not end at the checkpoint's root.
    #[error("the path does not lead from the entry to the checkpoint")]
    PathWrong,
    /// Nobody that is trusted signed.
    #[error("the checkpoint is signed with a key that is not trusted")]
    KeyUnknown,
    /// The named key did not sign.
    #[error("the checkpoint bears a signature that its key did not make")]
    SignatureWrong,
}

/// Proves an entry.
///
/// # Errors
/// 404 for an unknown entry; 409 `not_sealed_yet` within about a second of its commit; 409
/// `seal_broken` when the journal was tampered with.
#[instrument(name = "audit.prove", skip_all, fields(app.module = "audit", entry.id = %entry_id))]
pub fn prove(conn: &mut Conn, entry_id: EntryId) -> Result<Proof, Error> {
    let number = store::number_of(conn, &entry_id.to_string())?;
    let seq = number.ok_or(ProofRefusal::UnknownEntry)?.ok_or(ProofRefusal::NotSealedYet)?;
    let seal = store::seal_over(conn, seq)?.ok_or(ProofRefusal::NotSealedYet)?;
    let checkpoint = Checkpoint::try_from(seal)?;
    let broken = ProofRefusal::SealBroken(checkpoint.number);
    let (leaves, entry) = range(conn, &checkpoint, seq)?;
    if merkle::root(&leaves) != checkpoint.root {
        return Err(broken.into());
    }
    let index = usize::try_from(seq - checkpoint.first_seq).map_err(|_| broken)?;
    let path = merkle::path(&leaves, index).ok_or(broken)?;
    let entry = JournalEntry::from_stored(seq, entry.ok_or(broken)?)?;
    let leaf_hash = *leaves.get(index).ok_or(broken)?;
    Ok(Proof { entry, leaf_hash, path, checkpoint })
}

/// The hashes of a checkpoint's range, and the entry numbered `seq` in it.
fn range(
    conn: &mut Conn,
    checkpoint: &Checkpoint,
    seq: i64,
) -> Result<(Vec<Hash>, Option<StoredEntry>), Error> {
    let mut rows = Rows::from(checkpoint.first_seq);
    let (mut leaves, mut wanted) = (Vec::new(), None);
    while let Some(row) = rows.next_through(conn, checkpoint.last_seq)? {
        let entry = row.entry.ok_or(ProofRefusal::SealBroken(checkpoint.number))?;
        leaves.push(leaf_hash(row.seq, &entry));
        if row.seq == seq {
            wanted = Some(entry);
        }
    }
    Ok((leaves, wanted))
}

impl Proof {
    /// Whether the proof holds for someone who trusts these keys and has nothing else.
    ///
    /// # Errors
    /// Why it does not hold.
    pub fn verify(&self, trusted: &[PublicKey]) -> Result<(), ProofError> {
        let Checkpoint { first_seq, last_seq, root, key_id, .. } = self.checkpoint;
        let leaf = leaf_hash(self.entry.seq, &self.entry.to_stored());
        if leaf != self.leaf_hash {
            return Err(ProofError::EntryAltered);
        }
        let place = |seq: i64| u64::try_from(seq.checked_sub(first_seq)?).ok();
        let (index, last) =
            place(self.entry.seq).zip(place(last_seq)).ok_or(ProofError::PathWrong)?;
        if merkle::climb(leaf, index, last.saturating_add(1), &self.path) != Some(root) {
            return Err(ProofError::PathWrong);
        }
        let key = trusted.iter().find(|key| key.id() == key_id).ok_or(ProofError::KeyUnknown)?;
        self.checkpoint.is_signed_by(key).then_some(()).ok_or(ProofError::SignatureWrong)
    }
}
