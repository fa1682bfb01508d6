//! Adjusting stock by hand: a delivery, a loss, a count.

use serde_json::json;
use tracing::instrument;

use super::error::InventoryRefusal;
use super::model::{Adjustment, MAX_UNITS};
use super::store::{self, NewTransfer};
use crate::audit::{self, Entry, Subject};
use crate::catalog;
use crate::db::WriteTx;
use crate::error::{Error, Refusal};
use crate::telemetry::metrics;

/// Adds `delta` units (or takes them away) for a `reason` in free words.
///
/// # Errors
/// 404 for an unknown product, 409 when held units would go, 422 when the level leaves its range.
#[instrument(
    name = "inventory.adjust", skip_all, fields(app.module = "inventory", inventory.sku = sku)
)]
pub fn adjust(
    tx: &mut WriteTx<'_>,
    sku: &str,
    delta: i64,
    reason: String,
) -> Result<Adjustment, Error> {
    if delta == 0 || delta.unsigned_abs() > MAX_UNITS.unsigned_abs() {
        let detail = format!("must be −{MAX_UNITS} to {MAX_UNITS} and not 0");
        return Err(Refusal::invalid("delta", "out_of_range", detail).into());
    }
    if !catalog::exists(tx.conn(), sku)? {
        return Err(InventoryRefusal::UnknownSku.into());
    }
    store::ensure_level(tx, sku)?;
    if !store::add_on_hand(tx, sku, delta, MAX_UNITS)? {
        let available = store::level(tx.conn(), sku)?.map_or(0, |level| level.available);
        return Err(match delta {
            ..0 => InventoryRefusal::BelowReserved { available },
            _ => InventoryRefusal::TooMuch,
        }
        .into());
    }
    let transfer = NewTransfer::adjustment(reason.clone());
    store::insert_transfer(tx, &transfer)?;
    store::insert_movements(tx, &transfer, [(&sku.to_owned(), delta)])?;
    let on_hand = store::level(tx.conn(), sku)?.map_or(0, |level| level.on_hand);
    let entry = Entry::new("stock.adjusted", Subject::Stock(sku.to_owned()))
        .before(json!({ "on_hand": on_hand - delta }))?
        .after(json!({ "on_hand": on_hand, "delta": delta, "transfer_id": transfer.id }))?;
    audit::record(tx, entry)?;
    tx.on_commit(move || metrics::stock_adjusted(delta));
    let kind = "adjustment";
    let created_at = tx.now();
    Ok(Adjustment { id: transfer.id, sku: sku.into(), delta, kind, reason, on_hand, created_at })
}
