//! Operations whose outcome nobody waits for any more: found by their due time, shared by leases.

use std::time::Duration;

use super::model::Operation;
use super::operations;
use crate::db::WriteTx;
use crate::error::Error;

/// Takes up to `limit` due operations for `lease`; no other worker gets them meanwhile.
///
/// # Errors
/// What the database refuses.
pub fn claim_due(
    tx: &mut WriteTx<'_>,
    limit: i64,
    lease: Duration,
) -> Result<Vec<Operation>, Error> {
    let ids = operations::claim_due(tx, limit, lease)?;
    operations::operations(tx.conn(), &ids)
}

/// Nothing was heard: to be asked again after a pause that doubles, from 1 s to 15 s.
///
/// # Errors
/// What the database refuses.
pub fn put_off(tx: &mut WriteTx<'_>, operation: &Operation) -> Result<(), Error> {
    let doublings = u32::try_from(operation.attempts.clamp(1, 5) - 1).unwrap_or(0);
    let pause = Duration::from_secs((1_u64 << doublings).min(15));
    operations::put_off(tx, operation.id, pause)
}
