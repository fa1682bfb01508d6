//! The invariants: what must hold in the database at all times, as queries for what breaks it.
//!
//! Each [`Invariant`] has a stable identifier, one sentence, and one query over any tables, which
//! must find no row. They are the second opinion on every other room: they read what is stored and
//! share no code with what stored it. Each is one statement and so sees one moment: a change in
//! flight is never a fault. This room owns no table and changes nothing.

mod database;
mod fulfilment;
mod invariant;
mod journal;
mod keys;
mod ledger;
mod life;
mod orders;
mod payments;
mod stock;
mod store;

use tracing::instrument;

pub use invariant::Invariant;

use crate::db::Conn;
use crate::error::Error;
use crate::kernel::Timestamp;

/// Every invariant, by subject. The file itself comes last: that takes as long as all the others.
pub const INVARIANTS: &[&[Invariant]] = &[
    ledger::INVARIANTS,
    orders::INVARIANTS,
    payments::INVARIANTS,
    stock::INVARIANTS,
    fulfilment::INVARIANTS,
    life::INVARIANTS,
    journal::INVARIANTS,
    keys::INVARIANTS,
    database::INVARIANTS,
];

/// How many rows at fault a [`Finding`] names.
pub const ROWS_MAX: i64 = 20;

/// An invariant that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Which invariant.
    pub id: &'static str,
    /// What must hold, in one sentence.
    pub what: &'static str,
    /// The rows at fault, at most [`ROWS_MAX`] of them.
    pub rows: Vec<String>,
    /// How many rows are at fault in all.
    pub total: usize,
}

/// Checks one invariant as of `now`; answers the rows that break it, if any do.
///
/// # Errors
/// What the database refuses.
#[instrument(name = "check.find", skip_all, fields(app.module = "check", invariant = invariant.id))]
pub fn find(
    conn: &mut Conn,
    invariant: &Invariant,
    now: Timestamp,
) -> Result<Option<Finding>, Error> {
    store::find(conn, invariant, now)
}

/// Checks every invariant as of `now`; finds nothing in a sound database.
///
/// Call it inside `db.read`. It reads every table from end to end, so it takes minutes on a large
/// database: where others write meanwhile, ask with [`find`] for one after the other.
///
/// # Errors
/// What the database refuses.
#[instrument(name = "check.run", skip_all, fields(app.module = "check"))]
pub fn run(conn: &mut Conn, now: Timestamp) -> Result<Vec<Finding>, Error> {
    let mut findings = Vec::new();
    for invariant in INVARIANTS.iter().copied().flatten() {
        findings.extend(store::find(conn, invariant, now)?);
    }
    Ok(findings)
}
