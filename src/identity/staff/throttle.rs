//! Attempts to sign in, by name, or by browser where the person has signed in before: after five
//! that failed each further one has to wait, longer each time. A name that nobody has is treated
//! alike, or it would be told from one that somebody has.

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::error::StaffRefusal;
use super::store;
use crate::db::WriteTx;
use crate::error::Error;
use crate::kernel::Timestamp;

/// Attempts without a wait.
const FREE: i64 = 5;
const FIRST_WAIT: Duration = Duration::from_secs(30);
const LONGEST_WAIT: Duration = Duration::from_secs(900);
/// After so long without an attempt all are forgotten.
pub(super) const REMEMBERED: Duration = Duration::from_secs(24 * 3600);
/// Names that are remembered at most; the least tried ones make room.
const NAMES: i64 = 10_000;

/// What failed.
pub(super) struct Failures {
    pub(super) failures: i64,
    pub(super) last_at: Timestamp,
}

/// Counts an attempt as failed, before it is known: of many at once no more are let through than
/// of those that come one after another. [`forget`] takes it back.
///
/// # Errors
/// [`StaffRefusal::TooMany`] when it comes too early; it is not counted then.
pub(super) fn count(tx: &mut WriteTx<'_>, counted: &str) -> Result<(), Error> {
    let (hash, now) = (digest(counted), tx.now());
    let stored = store::failures(tx.conn(), &hash)?;
    let seen = stored.as_ref().map_or(0, |found| found.failures);
    let before = stored.filter(|found| now.since(found.last_at) < REMEMBERED);
    if let Some(found) = &before {
        let wait = wait_after(found.failures).saturating_sub(now.since(found.last_at));
        if !wait.is_zero() {
            return Err(StaffRefusal::TooMany { wait: whole_seconds(wait) }.into());
        }
    } else {
        store::make_room_for_failures(tx, NAMES)?;
    }
    store::count_failure(tx, &hash, seen, before.map_or(1, |found| found.failures + 1))
}

/// Forgets what failed.
pub(super) fn forget(tx: &mut WriteTx<'_>, counted: &str) -> Result<(), Error> {
    store::forget_failures(tx, &digest(counted))
}

/// Writes down that an attempt has failed, which [`count`] did already: what is done for a known
/// person must not be told from what is done for nobody by the time it takes.
pub(super) fn note(tx: &mut WriteTx<'_>, counted: &str) -> Result<(), Error> {
    store::touch_failures(tx, &digest(counted))
}

/// A digest: who types a password in the place of the name must not have it stored.
fn digest(counted: &str) -> String {
    hex::encode(Sha256::digest(counted))
}

fn wait_after(failures: i64) -> Duration {
    match failures - FREE {
        ..0 => Duration::ZERO,
        more => FIRST_WAIT.saturating_mul(1 << more.min(10)).min(LONGEST_WAIT),
    }
}

/// Rounded up: who waits as long as told comes late enough.
fn whole_seconds(wait: Duration) -> Duration {
    Duration::from_secs(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_up_to_a_quarter_of_an_hour() {
        let waits: Vec<u64> = (1..=12).map(|failures| wait_after(failures).as_secs()).collect();
        assert_eq!(waits, [0, 0, 0, 0, 30, 60, 120, 240, 480, 900, 900, 900]);
        assert_eq!(wait_after(i64::MAX), LONGEST_WAIT);
    }
}
