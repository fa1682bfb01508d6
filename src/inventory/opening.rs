//! The opening stock of products that never had any: what an import brings.

mod store;

use std::collections::BTreeMap;

use serde_json::json;
use tracing::instrument;

use crate::audit::{self, Entry, Subject};
use crate::db::WriteTx;
use crate::error::Error;
use crate::kernel::TransferId;

/// Rows of one statement at most, far below what either database takes.
const CHUNK: usize = 1_000;

/// Sets how many units of each `(sku, on_hand)` there are, but only of products whose stock never
/// moved: whatever is counted already stays. Of rows with the same SKU the first one counts.
/// Answers for how many products there are units now that were not there before.
///
/// # Errors
/// What the database refuses; then no level is kept.
#[instrument(
    name = "inventory.set_opening_stock", skip_all,
    fields(app.module = "inventory", rows = rows.len().cast_signed())
)]
pub fn set_opening_stock(tx: &mut WriteTx<'_>, rows: &[(String, i64)]) -> Result<usize, Error> {
    // In the order of the SKUs, in which every transaction locks levels on PostgreSQL.
    let mut levels: BTreeMap<&str, i64> = BTreeMap::new();
    for (sku, on_hand) in rows {
        levels.entry(sku).or_insert(*on_hand);
    }
    let levels: Vec<(&str, i64)> = levels.into_iter().collect();
    let mut set = 0;
    for chunk in levels.chunks(CHUNK) {
        set += set_levels(tx, chunk)?;
    }
    Ok(set)
}

fn set_levels(tx: &mut WriteTx<'_>, levels: &[(&str, i64)]) -> Result<usize, Error> {
    let mut set = store::open_levels(tx, levels)?;
    set.retain(|level| level.on_hand > 0);
    if set.is_empty() {
        return Ok(0);
    }
    let transfer_id = TransferId::generate();
    store::insert_import(tx, transfer_id, &set)?;
    let units: i64 = set.iter().map(|level| level.on_hand).sum();
    let entry = Entry::new("stock.imported", Subject::Server).after(json!({
        "transfer_id": transfer_id,
        "skus": set.len(),
        "units": units,
    }))?;
    audit::record(tx, entry)?;
    Ok(set.len())
}
