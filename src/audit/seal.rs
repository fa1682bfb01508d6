//! Sealing: closes the next range of the sequence with a root, a link of the chain and a signature.
//!
//! Numbered entries never change, so the costly part, hashing a range, needs no transaction
//! that writes: a [`Draft`] is made while reading, and only the finished seal is written.

use tracing::instrument;

use super::checkpoint::{Checkpoint, Range};
use super::digest::Hash;
use super::key::SealKey;
use super::leaf::leaf_hash;
use super::merkle::Tree;
use super::rows::Rows;
use super::store::{self, StoredSeal};
use crate::db::{Conn, WriteTx};
use crate::error::Error;
use crate::kernel::Timestamp;

/// The next range, hashed and not yet sealed.
#[derive(Debug, Clone, Copy)]
pub struct Draft {
    range: Range,
    previous: Hash,
}

impl Draft {
    /// How many entries the range has.
    #[must_use]
    pub fn entries(&self) -> usize {
        usize::try_from(self.range.last_seq - self.range.first_seq + 1).unwrap_or_default()
    }
}

/// Hashes the entries after the last seal, at most `entries_max`; `None` when there are none.
///
/// # Errors
/// [`Error::Internal`] when a number or its entry is missing: a broken journal is not sealed.
#[instrument(name = "audit.draft_seal", skip_all, fields(app.module = "audit"))]
pub fn draft(conn: &mut Conn, entries_max: i64) -> Result<Option<Draft>, Error> {
    let (number, previous, last_seq) = end_of_chain(conn)?;
    let first_seq = last_seq + 1;
    let mut tree = Tree::default();
    let mut rows = Rows::from(first_seq);
    let mut next = first_seq;
    while let Some(row) = rows.next_through(conn, last_seq.saturating_add(entries_max))? {
        let entry = row.entry.filter(|_| row.seq == next).ok_or_else(|| missing(next))?;
        tree.push(leaf_hash(row.seq, &entry));
        next += 1;
    }
    if next == first_seq {
        return Ok(None);
    }
    let range = Range { number: number + 1, first_seq, last_seq: next - 1, root: tree.root() };
    Ok(Some(Draft { range, previous }))
}

/// Signs and stores a draft; `None` when another seal was stored since it was made.
///
/// The caller holds the row lock of the sealer's lease in this very transaction.
///
/// # Errors
/// What the database refuses.
#[instrument(
    name = "audit.seal",
    skip_all,
    fields(app.module = "audit", entries = draft.entries())
)]
pub fn close(
    tx: &mut WriteTx<'_>,
    key: &SealKey,
    draft: &Draft,
) -> Result<Option<Checkpoint>, Error> {
    let (number, previous, last_seq) = end_of_chain(tx.conn())?;
    let next = (draft.range.number - 1, draft.previous, draft.range.first_seq - 1);
    if (number, previous, last_seq) != next {
        return Ok(None);
    }
    let checkpoint = Checkpoint::sign(draft.range, previous, tx.now(), key);
    store::insert_seal(tx, StoredSeal::from(&checkpoint))?;
    Ok(Some(checkpoint))
}

/// Drafts and closes in one transaction.
///
/// # Errors
/// Those of [`draft`] and [`close`].
pub fn seal(
    tx: &mut WriteTx<'_>,
    key: &SealKey,
    entries_max: i64,
) -> Result<Option<Checkpoint>, Error> {
    match draft(tx.conn(), entries_max)? {
        Some(draft) => close(tx, key, &draft),
        None => Ok(None),
    }
}

/// Number, chain and last entry of the last seal.
fn end_of_chain(conn: &mut Conn) -> Result<(i64, Hash, i64), Error> {
    match store::last_seal(conn)? {
        None => Ok((0, Hash::ZERO, 0)),
        Some(seal) => {
            let seal = Checkpoint::try_from(seal)?;
            Ok((seal.number, seal.chain, seal.last_seq))
        }
    }
}

fn missing(seq: i64) -> Error {
    let what = format!("entry {seq} of the journal is missing: run `docket audit verify`");
    Error::internal("sealing the journal", what)
}

impl From<&Checkpoint> for StoredSeal {
    fn from(checkpoint: &Checkpoint) -> Self {
        Self {
            number: checkpoint.number,
            first_seq: checkpoint.first_seq,
            last_seq: checkpoint.last_seq,
            root: checkpoint.root.to_string(),
            chain: checkpoint.chain.to_string(),
            key_id: checkpoint.key_id.to_string(),
            public_key: checkpoint.public_key.to_string(),
            signature: checkpoint.signature.to_string(),
            sealed_at: checkpoint.sealed_at.micros(),
        }
    }
}

impl TryFrom<StoredSeal> for Checkpoint {
    type Error = Error;

    fn try_from(seal: StoredSeal) -> Result<Self, Error> {
        let unreadable = |malformed| {
            let what = format!("seal {} has {malformed}: run `docket audit verify`", seal.number);
            Error::internal("reading a seal", what)
        };
        Ok(Self {
            number: seal.number,
            first_seq: seal.first_seq,
            last_seq: seal.last_seq,
            root: seal.root.parse().map_err(unreadable)?,
            chain: seal.chain.parse().map_err(unreadable)?,
            sealed_at: Timestamp::from_micros(seal.sealed_at),
            key_id: seal.key_id.parse().map_err(unreadable)?,
            public_key: seal.public_key.parse().map_err(unreadable)?,
            signature: seal.signature.parse().map_err(unreadable)?,
        })
    }
}
