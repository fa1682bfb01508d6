//! Queries of stretches.

use diesel::QueryableByName;
use diesel::sql_types::BigInt;

use crate::db::{Conn, Statement, WriteTx};
use crate::error::Error;
use crate::kernel::TransferId;

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = BigInt)]
    found: i64,
}

/// The stretch that an id, or a beginning of ids, falls into. The first one begins before all ids.
pub(in crate::inventory) fn of(conn: &mut Conn, id: &str) -> Result<i64, Error> {
    let statement = Statement::new(
        "SELECT number AS found FROM stock_stretches WHERE begins <= ? \
         ORDER BY begins DESC LIMIT 1",
    );
    Ok(statement.bind(id).first::<Found>(conn)?.map_or(0, |row| row.found))
}

/// Whether there are so many movements in a stretch.
pub(super) fn holds(conn: &mut Conn, stretch: i64, many: i64) -> Result<bool, Error> {
    let statement = Statement::new(format!(
        "SELECT stretch AS found FROM stock_movements WHERE stretch = ? \
         ORDER BY stretch, sku, transfer_id LIMIT 1 OFFSET {}",
        many - 1
    ));
    Ok(statement.bind(stretch).first::<Found>(conn)?.is_some())
}

/// Answers whether it begins there: not when another process was first, and not when there are
/// movements behind its beginning, as after a clock was set back.
pub(super) fn begin(tx: &mut WriteTx<'_>, number: i64, begins: TransferId) -> Result<bool, Error> {
    let begins = begins.to_string();
    let statement = Statement::new(
        "INSERT INTO stock_stretches (number, begins) \
         SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM stock_movements WHERE transfer_id >= ?) \
         ON CONFLICT DO NOTHING",
    );
    Ok(tx.execute(statement.bind(number).bind_all([begins.as_str(), begins.as_str()]))? == 1)
}
