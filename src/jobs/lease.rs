//! Leases: of several copies on one database, one does the work.

use std::time::Duration;

use crate::db::{Statement, WriteTx};
use crate::error::Error;
use crate::kernel::RequestId;

/// This process, as a holder of leases.
#[derive(Debug, Clone)]
pub struct Holder(String);

impl Holder {
    /// A name that no other process has.
    #[must_use]
    pub fn this_process() -> Self {
        Self(RequestId::generate().to_string())
    }
}

/// Takes or renews the lease `name`; answers whether this holder has it now.
///
/// The lease's row stays locked until the transaction ends, so work done in the same transaction is
/// done by one holder at a time even when a lease runs out meanwhile.
///
/// # Errors
/// What the database refuses.
pub fn hold(
    tx: &mut WriteTx<'_>,
    name: &str,
    holder: &Holder,
    duration: Duration,
) -> Result<bool, Error> {
    let now = tx.now();
    let statement = Statement::new(
        "INSERT INTO job_leases (name, holder, fence, expires_at) VALUES (?, ?, 1, ?) \
         ON CONFLICT (name) DO UPDATE SET \
         fence = job_leases.fence \
         + CASE WHEN job_leases.holder = excluded.holder THEN 0 ELSE 1 END, \
         holder = excluded.holder, expires_at = excluded.expires_at \
         WHERE job_leases.holder = excluded.holder OR job_leases.expires_at <= ?",
    )
    .bind_all([name, &holder.0])
    .bind_all([now.after(duration).micros(), now.micros()]);
    Ok(tx.execute(statement)? == 1)
}

/// Gives the lease `name` up, when this holder has it: the next one need not wait.
///
/// # Errors
/// What the database refuses.
pub fn release(tx: &mut WriteTx<'_>, name: &str, holder: &Holder) -> Result<(), Error> {
    let now = tx.now().micros();
    let statement =
        Statement::new("UPDATE job_leases SET expires_at = ? WHERE name = ? AND holder = ?")
            .bind(now)
            .bind_all([name, &holder.0]);
    tx.execute(statement)?;
    Ok(())
}
