//! The hold of an order: reserved, then posted as a sale or released.

use tracing::instrument;

use super::error::Shortage;
use super::model::{Release, Wanted};
use super::store::{self, NewTransfer};
use crate::db::WriteTx;
use crate::error::Error;
use crate::kernel::{OrderId, Timestamp};
use crate::telemetry::metrics;

/// Holds all of `wanted` for an order until `deadline`; answers what is short, and then nothing is
/// held and the transaction must not be kept.
///
/// # Errors
/// What the database refuses.
#[instrument(
    name = "inventory.reserve", skip_all,
    fields(app.module = "inventory", order.id = %order_id, skus = wanted.len().cast_signed())
)]
pub fn reserve(
    tx: &mut WriteTx<'_>,
    order_id: OrderId,
    wanted: &[Wanted],
    deadline: Timestamp,
) -> Result<Vec<Shortage>, Error> {
    let transfer = NewTransfer::hold(order_id, deadline);
    store::insert_transfer(tx, &transfer)?;
    store::insert_movements(tx, &transfer, wanted.iter().map(|want| (&want.sku, -want.quantity)))?;
    let reserved = store::reserve_levels(tx, &transfer)?;
    if reserved.len() == wanted.len() {
        return Ok(Vec::new());
    }
    store::shortages(tx, wanted, &reserved)
}

/// Turns the hold into a sale: the units leave the stock. Answers whether there was a hold.
///
/// # Errors
/// What the database refuses.
#[instrument(
    name = "inventory.post", skip_all, fields(app.module = "inventory", order.id = %order_id)
)]
pub fn post(tx: &mut WriteTx<'_>, order_id: OrderId) -> Result<bool, Error> {
    let Some(transfer_id) = store::settle_hold(tx, order_id, "posted")? else {
        return Ok(false);
    };
    store::post_levels(tx, &transfer_id)?;
    Ok(true)
}

/// Ends the hold without a sale: the units can be ordered again. Answers whether there was a hold.
///
/// # Errors
/// What the database refuses.
#[instrument(
    name = "inventory.release", skip_all, fields(app.module = "inventory", order.id = %order_id)
)]
pub fn release(tx: &mut WriteTx<'_>, order_id: OrderId, why: Release) -> Result<bool, Error> {
    let Some(transfer_id) = store::settle_hold(tx, order_id, why.as_str())? else {
        return Ok(false);
    };
    store::release_levels(tx, &transfer_id)?;
    if why == Release::Expired {
        tx.on_commit(metrics::hold_expired);
    }
    Ok(true)
}

/// Gives sold units back to the stock, because their order was cancelled before they left.
///
/// # Errors
/// What the database refuses.
#[instrument(
    name = "inventory.give_back", skip_all,
    fields(app.module = "inventory", order.id = %order_id)
)]
pub fn give_back(tx: &mut WriteTx<'_>, order_id: OrderId, units: &[Wanted]) -> Result<(), Error> {
    if units.is_empty() {
        return Ok(());
    }
    let transfer = NewTransfer::cancellation(order_id);
    store::insert_transfer(tx, &transfer)?;
    store::insert_movements(tx, &transfer, units.iter().map(|unit| (&unit.sku, unit.quantity)))?;
    store::apply_movements(tx, &transfer)
}
