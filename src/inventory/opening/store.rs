//! Queries of the opening stock.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};

use crate::db::{Statement, Value, WriteTx};
use crate::error::Error;
use crate::inventory::stretch;
use crate::kernel::TransferId;

const LOCATION: &str = "main";

/// A level that was just set.
#[derive(QueryableByName)]
pub(super) struct Level {
    #[diesel(sql_type = Text)]
    pub(super) sku: String,
    #[diesel(sql_type = BigInt)]
    pub(super) on_hand: i64,
}

/// The movements of a level, looked for in one stretch after the other, as their index has them.
const MOVEMENTS: &str = "
    SELECT 1 FROM stock_stretches s JOIN stock_movements m
        ON m.stretch = s.number
        AND m.sku = stock_levels.sku AND m.location = stock_levels.location";

/// Makes the levels that are missing, and sets those that are empty and never moved.
pub(super) fn open_levels(
    tx: &mut WriteTx<'_>,
    levels: &[(&str, i64)],
) -> Result<Vec<Level>, Error> {
    let rows = levels.iter().map(|(sku, on_hand)| -> [Value; 4] {
        [(*sku).into(), LOCATION.into(), (*on_hand).into(), 0.into()]
    });
    let columns = ["sku", "location", "on_hand", "reserved"];
    let statement = Statement::insert("stock_levels", columns, rows).sql(
        " ON CONFLICT (sku, location) DO UPDATE SET on_hand = excluded.on_hand \
         WHERE excluded.on_hand > 0 AND stock_levels.on_hand = 0 AND stock_levels.reserved = 0 \
         AND NOT EXISTS (",
    );
    statement.sql(MOVEMENTS).sql(") RETURNING sku, on_hand").load(tx.conn())
}

/// Writes the posted transfer that brought these levels.
pub(super) fn insert_import(
    tx: &mut WriteTx<'_>,
    id: TransferId,
    levels: &[Level],
) -> Result<(), Error> {
    let now = tx.now().micros();
    let transfer: [Value; 5] =
        [id.to_string().into(), "import".into(), "posted".into(), now.into(), now.into()];
    let columns = ["id", "kind", "status", "created_at", "settled_at"];
    tx.execute(Statement::insert("stock_transfers", columns, [transfer]))?;
    let id = id.to_string();
    let stretch = stretch::of(tx.conn(), &id)?;
    let rows = levels.iter().map(|level| -> [Value; 5] {
        let (id, sku) = (id.as_str().into(), level.sku.as_str().into());
        [id, sku, LOCATION.into(), level.on_hand.into(), stretch.into()]
    });
    let columns = ["transfer_id", "sku", "location", "delta", "stretch"];
    tx.execute(Statement::insert("stock_movements", columns, rows))?;
    Ok(())
}
