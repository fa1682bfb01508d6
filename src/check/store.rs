//! Asking the database for the rows that break an invariant.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};

use super::{Finding, Invariant, ROWS_MAX};
use crate::db::{Conn, Statement};
use crate::error::Error;
use crate::kernel::Timestamp;

#[derive(QueryableByName)]
struct Fault {
    #[diesel(sql_type = Text)]
    row_at_fault: String,
    #[diesel(sql_type = BigInt)]
    total: i64,
}

pub(super) fn find(
    conn: &mut Conn,
    invariant: &Invariant,
    now: Timestamp,
) -> Result<Option<Finding>, Error> {
    let Some(query) = invariant.query.text(conn.dialect()) else { return Ok(None) };
    let times = query.matches('?').count();
    let faults: Vec<Fault> = Statement::new(format!(
        "SELECT row_at_fault, COUNT(*) OVER () AS total FROM ({query}) AS faults \
         ORDER BY row_at_fault LIMIT {ROWS_MAX}"
    ))
    .bind_all(std::iter::repeat_n(now.micros(), times))
    .load(conn)?;
    let Some(first) = faults.first() else { return Ok(None) };
    let total = usize::try_from(first.total).unwrap_or_default();
    let rows = faults.into_iter().map(|fault| fault.row_at_fault).collect();
    Ok(Some(Finding { id: invariant.id, what: invariant.what, rows, total }))
}
