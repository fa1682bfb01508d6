//! Queries for what belongs to orders.

use std::collections::HashMap;

use diesel::prelude::*;

use super::{AdjustmentView, FulfilmentLineView, FulfilmentView, LineView};
use crate::db::{Conn, load_where};
use crate::error::Error;
use crate::kernel::{Amount, Timestamp};
use crate::orders::schema::{
    order_adjustments, order_fulfilment_lines, order_fulfilments, order_lines,
};

pub(in crate::orders) fn lines(
    conn: &mut Conn,
    order_ids: &[String],
) -> Result<Vec<(String, LineView)>, Error> {
    type Row = (String, String, String, String, i64, i64, i64, i64, i64);
    let query = order_lines::table.order((order_lines::order_id, order_lines::id));
    let rows: Vec<Row> = load_where!(conn, query, order_lines::order_id, order_ids)?;
    let read = |row: Row| -> Result<(String, LineView), Box<dyn std::error::Error + Send + Sync>> {
        let (order_id, id, sku, name, quantity, unit_price, total, fulfilled, returned) = row;
        let (unit_price, total) = (Amount::new(unit_price)?, Amount::new(total)?);
        let (quantity_fulfilled, quantity_returned) = (fulfilled, returned);
        let line = LineView {
            id,
            sku,
            name,
            quantity,
            unit_price,
            total,
            quantity_fulfilled,
            quantity_returned,
        };
        Ok((order_id, line))
    };
    rows.into_iter()
        .map(|row| read(row).map_err(|failure| Error::internal("reading an order", failure)))
        .collect()
}

pub(super) fn adjustments(
    conn: &mut Conn,
    order_ids: &[String],
) -> Result<Vec<(String, AdjustmentView)>, Error> {
    type Row = (String, i64, String, String, i64, i64);
    let query =
        order_adjustments::table.order((order_adjustments::order_id, order_adjustments::position));
    let rows: Vec<Row> = load_where!(conn, query, order_adjustments::order_id, order_ids)?;
    let read = |(order_id, _, kind, label, amount, included)| {
        (order_id, AdjustmentView { kind, label, amount, included: included == 1 })
    };
    Ok(rows.into_iter().map(read).collect())
}

pub(super) fn fulfilments(
    conn: &mut Conn,
    order_ids: &[String],
) -> Result<Vec<(String, FulfilmentView)>, Error> {
    type Row = (String, String, Option<String>, i64);
    if order_ids.is_empty() {
        return Ok(Vec::new());
    }
    let query =
        order_fulfilments::table.order((order_fulfilments::order_id, order_fulfilments::id));
    let parcels: Vec<Row> = load_where!(conn, query, order_fulfilments::order_id, order_ids)?;
    let query = order_fulfilment_lines::table.order(order_fulfilment_lines::line_id);
    let contents: Vec<(String, String, String, i64)> =
        load_where!(conn, query, order_fulfilment_lines::order_id, order_ids)?;
    let mut by_parcel: HashMap<String, Vec<FulfilmentLineView>> = HashMap::new();
    for (_, parcel, line_id, quantity) in contents {
        by_parcel.entry(parcel).or_default().push(FulfilmentLineView { line_id, quantity });
    }
    let read = |(order_id, id, tracking, created_at): (String, String, _, i64)| {
        let lines = by_parcel.remove(&id).unwrap_or_default();
        let created_at = Timestamp::from_micros(created_at);
        (order_id, FulfilmentView { id, lines, tracking, created_at })
    };
    Ok(parcels.into_iter().map(read).collect())
}
