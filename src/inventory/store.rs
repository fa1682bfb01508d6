//! Queries on the stock tables.

use diesel::prelude::*;

use super::error::Shortage;
use super::model::{DEFAULT_LOCATION, Level, Movement, Wanted};
use super::schema::stock_levels;
use super::stretch;
use crate::db::{Conn, Dialect, Statement, Value, WriteTx};
use crate::error::Error;
use crate::http::Paging;
use crate::kernel::{OrderId, Timestamp, TransferId};

/// A transfer to be written.
pub(super) struct NewTransfer {
    pub(super) id: TransferId,
    kind: &'static str,
    status: &'static str,
    order_id: Option<OrderId>,
    reason: Option<String>,
    deadline: Option<Timestamp>,
}

impl NewTransfer {
    pub(super) fn hold(order_id: OrderId, deadline: Timestamp) -> Self {
        let order_id = Some(order_id);
        let deadline = Some(deadline);
        Self {
            id: TransferId::generate(),
            kind: "sale",
            status: "pending",
            order_id,
            reason: None,
            deadline,
        }
    }

    pub(super) fn cancellation(order_id: OrderId) -> Self {
        Self::posted("cancellation", Some(order_id), None)
    }

    pub(super) fn adjustment(reason: String) -> Self {
        Self::posted("adjustment", None, Some(reason))
    }

    fn posted(kind: &'static str, order_id: Option<OrderId>, reason: Option<String>) -> Self {
        Self {
            id: TransferId::generate(),
            kind,
            status: "posted",
            order_id,
            reason,
            deadline: None,
        }
    }
}

pub(super) fn insert_transfer(tx: &mut WriteTx<'_>, new: &NewTransfer) -> Result<(), Error> {
    let now = tx.now().micros();
    let settled_at = (new.status == "posted").then_some(now);
    let row: [Value; 8] = [
        new.id.to_string().into(),
        new.kind.into(),
        new.status.into(),
        new.order_id.map(|id| id.to_string()).into(),
        new.reason.clone().into(),
        new.deadline.map(Timestamp::micros).into(),
        now.into(),
        settled_at.into(),
    ];
    let columns =
        ["id", "kind", "status", "order_id", "reason", "deadline_at", "created_at", "settled_at"];
    tx.execute(Statement::insert("stock_transfers", columns, [row]))?;
    Ok(())
}

pub(super) fn insert_movements<'s>(
    tx: &mut WriteTx<'_>,
    transfer: &NewTransfer,
    deltas: impl IntoIterator<Item = (&'s String, i64)>,
) -> Result<(), Error> {
    let id = transfer.id.to_string();
    let stretch = stretch::of(tx.conn(), &id)?;
    let rows = deltas.into_iter().map(|(sku, delta)| -> [Value; 5] {
        let (id, sku) = (id.as_str().into(), sku.as_str().into());
        [id, sku, DEFAULT_LOCATION.into(), delta.into(), stretch.into()]
    });
    let columns = ["transfer_id", "sku", "location", "delta", "stretch"];
    tx.execute(Statement::insert("stock_movements", columns, rows))?;
    Ok(())
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = diesel::sql_types::Text)]
    found: String,
}

/// Changes the levels that a transfer moves; answers the SKUs of those that the guard let change.
/// PostgreSQL first locks them in the order of their
/// keys, or two orders of the same products would wait for each other in a circle.
fn update_levels(
    tx: &mut WriteTx<'_>,
    transfer_id: &str,
    change: &str,
    guard: &str,
) -> Result<Vec<String>, Error> {
    let locking = "WITH locked AS (SELECT l.sku FROM stock_levels l JOIN stock_movements m \
         ON m.sku = l.sku AND m.location = l.location WHERE m.transfer_id = ? \
         ORDER BY l.sku, l.location FOR UPDATE OF l) ";
    let (lock, waited) = match tx.dialect() {
        Dialect::Sqlite => ("", ""),
        Dialect::Postgres => (locking, " AND (SELECT count(*) FROM locked) >= 0"),
    };
    let statement = Statement::new(format!(
        "{lock}UPDATE stock_levels SET {change} FROM stock_movements m \
         WHERE m.transfer_id = ? AND m.sku = stock_levels.sku \
         AND m.location = stock_levels.location {guard}{waited} RETURNING stock_levels.sku AS found"
    ));
    let times = if lock.is_empty() { 1 } else { 2 };
    let moved: Vec<Found> = statement.bind_all(vec![transfer_id; times]).load(tx.conn())?;
    Ok(moved.into_iter().map(|row| row.found).collect())
}

/// Answers the SKUs that there was enough of.
pub(super) fn reserve_levels(
    tx: &mut WriteTx<'_>,
    hold: &NewTransfer,
) -> Result<Vec<String>, Error> {
    update_levels(
        tx,
        &hold.id.to_string(),
        "reserved = reserved - m.delta",
        "AND on_hand - reserved >= -m.delta",
    )
}

pub(super) fn post_levels(tx: &mut WriteTx<'_>, transfer_id: &str) -> Result<(), Error> {
    let change = "on_hand = on_hand + m.delta, reserved = reserved + m.delta";
    update_levels(tx, transfer_id, change, "")?;
    Ok(())
}

pub(super) fn release_levels(tx: &mut WriteTx<'_>, transfer_id: &str) -> Result<(), Error> {
    update_levels(tx, transfer_id, "reserved = reserved + m.delta", "")?;
    Ok(())
}

pub(super) fn apply_movements(tx: &mut WriteTx<'_>, transfer: &NewTransfer) -> Result<(), Error> {
    update_levels(tx, &transfer.id.to_string(), "on_hand = on_hand + m.delta", "")?;
    Ok(())
}

/// Ends an order's hold, once: answers the transfer, or nothing when no hold is pending.
pub(super) fn settle_hold(
    tx: &mut WriteTx<'_>,
    order_id: OrderId,
    status: &str,
) -> Result<Option<String>, Error> {
    let now = tx.now().micros();
    let statement = Statement::new(
        "UPDATE stock_transfers SET status = ?, settled_at = ? \
         WHERE order_id = ? AND kind = 'sale' AND status = 'pending' RETURNING id AS found",
    )
    .bind(status)
    .bind(now)
    .bind(order_id.to_string());
    Ok(statement.first::<Found>(tx.conn())?.map(|row| row.found))
}

/// What there is of the products that could not be reserved, in the order of `wanted`.
pub(super) fn shortages(
    tx: &mut WriteTx<'_>,
    wanted: &[Wanted],
    reserved: &[String],
) -> Result<Vec<Shortage>, Error> {
    let short: Vec<&Wanted> = wanted.iter().filter(|want| !reserved.contains(&want.sku)).collect();
    let skus: Vec<&str> = short.iter().map(|want| want.sku.as_str()).collect();
    let levels = available(tx.conn(), &skus)?;
    let free =
        |sku: &str| levels.iter().find(|(other, _)| other == sku).map_or(0, |(_, free)| *free);
    let shortage = |want: &&Wanted| Shortage {
        sku: want.sku.clone(),
        requested: want.quantity,
        available: free(&want.sku),
    };
    Ok(short.iter().map(shortage).collect())
}

/// Makes the level of a product that never had stock.
pub(super) fn ensure_level(tx: &mut WriteTx<'_>, sku: &str) -> Result<(), Error> {
    let statement = Statement::new(
        "INSERT INTO stock_levels (sku, location, on_hand, reserved) VALUES (?, ?, 0, 0) \
         ON CONFLICT DO NOTHING",
    );
    tx.execute(statement.bind_all([sku, DEFAULT_LOCATION]))?;
    Ok(())
}

/// Whether the level could be moved by `delta` without touching held units.
pub(super) fn add_on_hand(
    tx: &mut WriteTx<'_>,
    sku: &str,
    delta: i64,
    most: i64,
) -> Result<bool, Error> {
    let statement = Statement::new(
        "UPDATE stock_levels SET on_hand = on_hand + ? WHERE sku = ? AND location = ? \
         AND on_hand + ? >= reserved AND on_hand + ? <= ?",
    )
    .bind(delta)
    .bind_all([sku, DEFAULT_LOCATION])
    .bind_all([delta, delta, most]);
    Ok(tx.execute(statement)? == 1)
}

pub(super) fn level(conn: &mut Conn, sku: &str) -> Result<Option<Level>, Error> {
    let found: Option<(i64, i64)> = stock_levels::table
        .find((sku, DEFAULT_LOCATION))
        .select((stock_levels::on_hand, stock_levels::reserved))
        .get_result(conn)
        .optional()?;
    Ok(found.map(|(on_hand, reserved)| Level {
        sku: sku.to_owned(),
        on_hand,
        reserved,
        available: on_hand - reserved,
    }))
}

/// What can be ordered of each product that ever had stock.
pub(super) fn available(conn: &mut Conn, skus: &[&str]) -> Result<Vec<(String, i64)>, Error> {
    Ok(stock_levels::table
        .filter(stock_levels::location.eq(DEFAULT_LOCATION))
        .filter(stock_levels::sku.eq_any(skus))
        .select((stock_levels::sku, stock_levels::on_hand - stock_levels::reserved))
        .load(conn)?)
}

/// Units in stock of each product that ever had any.
pub(super) fn on_hand(conn: &mut Conn, skus: &[&str]) -> Result<Vec<(String, i64)>, Error> {
    Ok(stock_levels::table
        .filter(stock_levels::location.eq(DEFAULT_LOCATION))
        .filter(stock_levels::sku.eq_any(skus))
        .select((stock_levels::sku, stock_levels::on_hand))
        .load(conn)?)
}

/// Levels with at most so many free units, the scarcest first. Every level is looked at: an index
/// over what changes with each order would cost each order.
pub(super) fn scarce(conn: &mut Conn, at_most: i64, limit: i64) -> Result<Vec<Level>, Error> {
    let rows: Vec<(String, i64, i64)> = stock_levels::table
        .filter(stock_levels::location.eq(DEFAULT_LOCATION))
        .filter((stock_levels::on_hand - stock_levels::reserved).le(at_most))
        .order((stock_levels::on_hand - stock_levels::reserved, stock_levels::sku))
        .limit(limit)
        .select((stock_levels::sku, stock_levels::on_hand, stock_levels::reserved))
        .load(conn)?;
    let level =
        |(sku, on_hand, reserved)| Level { sku, on_hand, reserved, available: on_hand - reserved };
    Ok(rows.into_iter().map(level).collect())
}

#[derive(QueryableByName)]
struct MovementRow {
    #[diesel(sql_type = diesel::sql_types::Text)]
    transfer_id: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    location: String,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    delta: i64,
    #[diesel(sql_type = diesel::sql_types::Text)]
    kind: String,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    reason: Option<String>,
    #[diesel(sql_type = diesel::sql_types::Nullable<diesel::sql_types::Text>)]
    order_id: Option<String>,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    created_at: i64,
}

/// A product's posted movements, newest first: stretch by stretch, until there are enough.
pub(super) fn movements(
    conn: &mut Conn,
    sku: &str,
    paging: &Paging,
) -> Result<Vec<Movement>, Error> {
    let before = paging.cursor.as_ref().map_or(stretch::AFTER_ALL, |cursor| &cursor.id);
    let mut found = Vec::new();
    for stretch in (0..=stretch::of(conn, before)?).rev() {
        let wanted = paging.rows_wanted() - i64::try_from(found.len()).unwrap_or(i64::MAX);
        if wanted <= 0 {
            break;
        }
        found.extend(movements_of_stretch(conn, stretch, sku, before, wanted)?);
    }
    Ok(found.into_iter().map(|row| movement(sku, row)).collect())
}

fn movements_of_stretch(
    conn: &mut Conn,
    stretch: i64,
    sku: &str,
    before: &str,
    wanted: i64,
) -> Result<Vec<MovementRow>, Error> {
    Statement::new(format!(
        "SELECT m.transfer_id, m.location, m.delta, t.kind, t.reason, t.order_id, t.created_at \
         FROM stock_movements m JOIN stock_transfers t ON t.id = m.transfer_id \
         WHERE m.stretch = ? AND m.sku = ? AND m.transfer_id < ? \
         AND t.status = 'posted' ORDER BY m.transfer_id DESC LIMIT {wanted}"
    ))
    .bind(stretch)
    .bind_all([sku, before])
    .load(conn)
}

fn movement(sku: &str, row: MovementRow) -> Movement {
    let MovementRow { transfer_id, location, delta, kind, reason, order_id, created_at } = row;
    let created_at = Timestamp::from_micros(created_at);
    let (id, sku) = (transfer_id, sku.to_owned());
    Movement { id, sku, location, delta, kind, reason, order_id, created_at }
}
