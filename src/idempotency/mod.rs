//! Idempotency keys and saved replies, inside the caller's transaction.
//!
//! Invariants: a key is claimed in the same transaction as the work it stands for, and its reply is
//! saved in the same transaction as the result; a claim moves forward only, `running → pending →
//! finished`; a refusal rolls the claim back with everything else, so the key can be tried again.
//! Owns the table `idempotency_keys`.

mod error;
mod schema;
mod store;

use std::time::Duration;

use sha2::{Digest, Sha256};

pub use error::IdempotencyRefusal;

use crate::db::WriteTx;
use crate::error::Error;
use crate::http::{Reply, Submission};

/// How long a reply is kept: from when its key was claimed, or from when the reply was saved, when
/// that is after its request has ended.
pub const KEPT: Duration = Duration::from_secs(72 * 3600);

/// How long a running request holds its key: longer than any request may take.
pub const LOCKED: Duration = Duration::from_secs(40);

/// Names a claimed key in other tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimId(String);

impl ClaimId {
    /// The claim of a submission.
    #[must_use]
    pub fn of(submission: &Submission) -> Self {
        let mut digest = Sha256::new();
        for part in [&submission.holder, &submission.endpoint, &submission.key] {
            digest.update(part.len().to_le_bytes());
            digest.update(part);
        }
        Self(hex::encode(&digest.finalize()[..16]))
    }

    /// A claim as another table stored it.
    #[must_use]
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// As stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a claim found.
#[derive(Debug)]
pub enum Claimed {
    /// The key is new: do the work.
    New(ClaimId),
    /// The work was done: answer this again.
    Replay(Reply),
    /// The work was begun and its outcome is not known yet: answer how `subject` stands.
    Pending {
        /// What the first request made.
        subject: String,
    },
}

/// Claims a key for work that makes or changes `subject`.
///
/// # Errors
/// 422 when the key was used with another body, 409 while its first request is running.
pub fn claim(
    tx: &mut WriteTx<'_>,
    submission: &Submission,
    subject: &str,
) -> Result<Claimed, Error> {
    let id = ClaimId::of(submission);
    if store::insert(tx, &id, submission, subject)? {
        return Ok(Claimed::New(id));
    }
    let Some(found) = store::find(tx, &id)? else {
        return Err(Error::Contention("an idempotency key was removed meanwhile".into()));
    };
    // A key whose outcome is unknown does not expire: its work would be done twice.
    if found.state == "finished" && found.expires_at <= tx.now().micros() {
        store::remove(tx, &id)?;
        return match store::insert(tx, &id, submission, subject)? {
            true => Ok(Claimed::New(id)),
            false => Err(Error::Contention("an expired key was claimed meanwhile".into())),
        };
    }
    if found.fingerprint != submission.fingerprint {
        return Err(IdempotencyRefusal::KeyReused.into());
    }
    match found.reply()? {
        Some(reply) => Ok(Claimed::Replay(reply)),
        None if found.state == "running" && found.locked_until > tx.now().micros() => {
            Err(IdempotencyRefusal::KeyInUse.into())
        }
        None => Ok(Claimed::Pending { subject: found.subject.unwrap_or_default() }),
    }
}

/// Saves the reply under its key. Only 2xx other than 202, and 402, are final.
///
/// # Errors
/// [`Error::Internal`] when the reply is not a final one, or was saved before: a defect.
pub fn finish(tx: &mut WriteTx<'_>, id: &ClaimId, reply: &Reply) -> Result<(), Error> {
    let last = matches!(reply.status, 200 | 201 | 204 | 402);
    if !last {
        return Err(Error::internal("saving a reply", "only final replies are saved"));
    }
    store::finish(tx, id, reply)
}

/// The first request gave up waiting: from now on the key answers how the work stands.
///
/// # Errors
/// What the database refuses.
pub fn leave_pending(tx: &mut WriteTx<'_>, id: &ClaimId) -> Result<(), Error> {
    store::leave_pending(tx, id)
}

/// What the first request with this key made.
///
/// # Errors
/// What the database refuses.
pub fn subject(tx: &mut WriteTx<'_>, id: &ClaimId) -> Result<Option<String>, Error> {
    Ok(store::find(tx, id)?.and_then(|found| found.subject))
}

/// The saved reply, when the work is finished.
///
/// # Errors
/// What the database refuses.
pub fn saved(tx: &mut WriteTx<'_>, id: &ClaimId) -> Result<Option<Reply>, Error> {
    store::find(tx, id)?.map_or(Ok(None), |found| found.reply())
}

/// Does work that ends in this very transaction, once per key.
///
/// # Errors
/// What [`claim`] and `work` refuse.
pub fn once(
    tx: &mut WriteTx<'_>,
    submission: &Submission,
    work: impl FnOnce(&mut WriteTx<'_>) -> Result<Reply, Error>,
) -> Result<Reply, Error> {
    match claim(tx, submission, "")? {
        Claimed::Replay(reply) => Ok(reply),
        Claimed::Pending { .. } => Err(IdempotencyRefusal::KeyInUse.into()),
        Claimed::New(id) => {
            let reply = work(tx)?;
            finish(tx, &id, &reply)?;
            Ok(reply)
        }
    }
}

/// Removes keys past their time, at most `limit`; answers how many.
///
/// # Errors
/// What the database refuses.
pub fn remove_expired(tx: &mut WriteTx<'_>, limit: i64) -> Result<usize, Error> {
    store::remove_expired(tx, limit)
}
