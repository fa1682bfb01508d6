//! Queries on the order tables.

use diesel::prelude::*;

use super::model::{FulfilmentStatus, OrderPaymentStatus, OrderStatus};
use super::schema::{customers, orders};
use super::view::{CustomerView, OrderView};
use crate::db::{Conn, Dialect, Statement, Value, WriteTx, on_inner};
use crate::error::Error;
use crate::kernel::{Amount, Currency, CustomerId, FulfilmentId, LineId, OrderId, Timestamp};

/// An order as stored.
#[derive(Queryable, Clone)]
pub(super) struct OrderRow {
    pub(super) id: String,
    number: i64,
    reference: Option<String>,
    _customer_id: String,
    status: String,
    payment_status: String,
    fulfilment_status: String,
    cancel_reason: Option<String>,
    currency: String,
    subtotal: i64,
    discount_total: i64,
    shipping_total: i64,
    tax_total: i64,
    total: i64,
    metadata: String,
    trace_id: Option<String>,
    _idempotency_id: Option<String>,
    _deadline_at: Option<i64>,
    _revision: i64,
    version: i64,
    created_at: i64,
    updated_at: i64,
    _span_id: Option<String>,
}

type Unreadable = Box<dyn std::error::Error + Send + Sync>;

fn unreadable(failure: Unreadable) -> Error {
    Error::internal("reading an order", failure)
}

impl OrderRow {
    /// Whether any of its goods have ever left.
    pub(super) fn has_left(&self) -> bool {
        self.fulfilment_status != FulfilmentStatus::Unfulfilled.as_str()
    }

    /// The order without what belongs to it.
    pub(super) fn view(self, customer: String) -> Result<OrderView, Error> {
        self.read(customer).map_err(unreadable)
    }

    fn read(self, customer: String) -> Result<OrderView, Unreadable> {
        Ok(OrderView {
            id: self.id.parse()?,
            number: self.number.to_string(),
            reference: self.reference,
            status: OrderStatus::from_word(&self.status).ok_or("an unknown status")?,
            payment_status: OrderPaymentStatus::from_word(&self.payment_status)
                .ok_or("an unknown payment status")?,
            fulfilment_status: FulfilmentStatus::from_word(&self.fulfilment_status)
                .ok_or("an unknown fulfilment status")?,
            cancel_reason: self.cancel_reason,
            customer: CustomerView { reference: customer },
            currency: self.currency.parse()?,
            subtotal: Amount::new(self.subtotal)?,
            discount_total: Amount::new(self.discount_total)?,
            shipping_total: Amount::new(self.shipping_total)?,
            tax_total: Amount::new(self.tax_total)?,
            total: Amount::new(self.total)?,
            lines: Vec::new(),
            adjustments: Vec::new(),
            payments: Vec::new(),
            fulfilments: Vec::new(),
            metadata: serde_json::value::RawValue::from_string(self.metadata)?,
            trace_id: self.trace_id,
            version: self.version,
            created_at: Timestamp::from_micros(self.created_at),
            updated_at: Timestamp::from_micros(self.updated_at),
        })
    }
}

/// The numbers of these orders.
pub(super) fn numbers(conn: &mut Conn, ids: &[String]) -> Result<Vec<(String, i64)>, Error> {
    let these = orders::table.filter(orders::id.eq_any(ids));
    Ok(these.select((orders::id, orders::number)).load(conn)?)
}

/// What of an order moves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OrderState {
    pub(super) id: OrderId,
    pub(super) status: OrderStatus,
    pub(super) payment_status: OrderPaymentStatus,
    pub(super) fulfilment_status: FulfilmentStatus,
    pub(super) cancel_reason: Option<String>,
    pub(super) total: Amount,
    pub(super) deadline: Option<Timestamp>,
    pub(super) version: i64,
}

type StateRow = (String, String, String, Option<String>, i64, Option<i64>, i64);

/// What of an order moves, as it stands now.
pub(super) fn state(conn: &mut Conn, id: OrderId) -> Result<Option<OrderState>, Error> {
    let query = orders::table.find(id.to_string()).select((
        orders::status,
        orders::payment_status,
        orders::fulfilment_status,
        orders::cancel_reason,
        orders::total,
        orders::deadline_at,
        orders::version,
    ));
    let row: Option<StateRow> = on_inner!(conn, inner => query.get_result(inner)).optional()?;
    row.map(|row| read_state(id, row).map_err(unreadable)).transpose()
}

fn read_state(id: OrderId, row: StateRow) -> Result<OrderState, Unreadable> {
    let (status, payment, fulfilment, cancel_reason, total, deadline, version) = row;
    Ok(OrderState {
        id,
        status: OrderStatus::from_word(&status).ok_or("an unknown status")?,
        payment_status: OrderPaymentStatus::from_word(&payment).ok_or("an unknown status")?,
        fulfilment_status: FulfilmentStatus::from_word(&fulfilment).ok_or("an unknown status")?,
        cancel_reason,
        total: Amount::new(total)?,
        deadline: deadline.map(Timestamp::from_micros),
        version,
    })
}

/// Stores what moved, when nobody else moved the order meanwhile.
pub(super) fn save_state(tx: &mut WriteTx<'_>, state: &OrderState) -> Result<(), Error> {
    let statement = Statement::new(
        "UPDATE orders SET status = ?, payment_status = ?, fulfilment_status = ?, \
         cancel_reason = ?, deadline_at = ?, version = version + 1, updated_at = ? \
         WHERE id = ? AND version = ?",
    )
    .bind_all([state.status.as_str(), state.payment_status.as_str()])
    .bind(state.fulfilment_status.as_str())
    .bind(state.cancel_reason.clone())
    .bind(state.deadline.map(Timestamp::micros))
    .bind(tx.now().micros())
    .bind(state.id.to_string())
    .bind(state.version);
    match tx.execute(statement)? {
        1 => Ok(()),
        _ => Err(Error::Contention("an order changed under way".into())),
    }
}

/// An order to be written.
pub(super) struct NewOrder<'a> {
    pub(super) id: OrderId,
    pub(super) reference: Option<&'a str>,
    pub(super) customer: CustomerId,
    pub(super) status: OrderStatus,
    pub(super) payment_status: OrderPaymentStatus,
    pub(super) currency: Currency,
    pub(super) total: Amount,
    pub(super) metadata: &'a str,
    pub(super) claim: &'a str,
    pub(super) deadline: Option<Timestamp>,
}

#[derive(QueryableByName)]
struct Numbered {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    number: i64,
}

/// Writes an order; answers its number. Numbers have no gap on SQLite; on PostgreSQL a sequence
/// gives them without a lock.
pub(super) fn insert_order(tx: &mut WriteTx<'_>, new: &NewOrder<'_>) -> Result<i64, Error> {
    let number = match tx.dialect() {
        Dialect::Sqlite => "(SELECT COALESCE(MAX(number), 1000) + 1 FROM orders)",
        Dialect::Postgres => "nextval('order_number')",
    };
    let now = tx.now().micros();
    let statement = Statement::new(format!(
        "INSERT INTO orders (id, number, reference, customer_id, status, payment_status, \
         fulfilment_status, currency, subtotal, discount_total, shipping_total, tax_total, total, \
         metadata, trace_id, span_id, idempotency_id, deadline_at, revision, version, created_at, \
         updated_at) VALUES (?, {number}, ?, ?, ?, ?, 'unfulfilled', ?, ?, 0, 0, 0, ?, ?, ?, ?, \
         ?, ?, 1, 1, ?, ?) RETURNING number"
    ))
    .bind(new.id.to_string())
    .bind(new.reference.map(str::to_owned))
    .bind(new.customer.to_string())
    .bind_all([new.status.as_str(), new.payment_status.as_str(), new.currency.as_str()])
    .bind_all([new.total.minor(), new.total.minor()])
    .bind(new.metadata)
    .bind(tx.origin().trace_id.clone())
    .bind(tx.origin().span_id.clone())
    .bind(new.claim)
    .bind(new.deadline.map(Timestamp::micros))
    .bind_all([now, now]);
    let written = statement.first::<Numbered>(tx.conn())?;
    written
        .map(|row| row.number)
        .ok_or_else(|| Error::internal("writing an order", "no number came back"))
}

/// A line to be written.
pub(super) struct NewLine {
    pub(super) id: LineId,
    pub(super) sku: String,
    pub(super) name: String,
    pub(super) quantity: i64,
    pub(super) unit_price: Amount,
    pub(super) total: Amount,
}

pub(super) fn insert_lines(
    tx: &mut WriteTx<'_>,
    order_id: OrderId,
    lines: &[NewLine],
) -> Result<(), Error> {
    let order_id = order_id.to_string();
    let rows = lines.iter().map(|line| -> [Value; 9] {
        [
            order_id.as_str().into(),
            line.id.to_string().into(),
            line.sku.as_str().into(),
            line.name.as_str().into(),
            line.quantity.into(),
            line.unit_price.minor().into(),
            line.total.minor().into(),
            0.into(),
            0.into(),
        ]
    });
    let columns = [
        "order_id",
        "id",
        "sku",
        "name",
        "quantity",
        "unit_price",
        "total",
        "quantity_fulfilled",
        "quantity_returned",
    ];
    tx.execute(Statement::insert("order_lines", columns, rows))?;
    Ok(())
}

pub(super) fn order_with_customer(
    conn: &mut Conn,
    id: OrderId,
) -> Result<Option<(OrderRow, String)>, Error> {
    let query = orders::table
        .inner_join(customers::table)
        .filter(orders::id.eq(id.to_string()))
        .select((orders::all_columns, customers::reference));
    Ok(on_inner!(conn, inner => query.get_result(inner)).optional()?)
}

pub(super) fn numbered(conn: &mut Conn, number: i64) -> Result<Option<OrderId>, Error> {
    let found: Option<String> = orders::table
        .filter(orders::number.eq(number))
        .select(orders::id)
        .get_result(conn)
        .optional()?;
    let read =
        |id: String| id.parse().map_err(|failure| Error::internal("reading an order", failure));
    found.map(read).transpose()
}

/// Adds to what left of a line, when that much is left; answers whether it was.
pub(super) fn fulfil_line(
    tx: &mut WriteTx<'_>,
    order_id: OrderId,
    line_id: &str,
    quantity: i64,
) -> Result<bool, Error> {
    let statement = Statement::new(
        "UPDATE order_lines SET quantity_fulfilled = quantity_fulfilled + ? \
         WHERE order_id = ? AND id = ? AND quantity_fulfilled + ? <= quantity",
    )
    .bind(quantity)
    .bind_all([order_id.to_string().as_str(), line_id])
    .bind(quantity);
    Ok(tx.execute(statement)? == 1)
}

pub(super) fn insert_fulfilment(
    tx: &mut WriteTx<'_>,
    order_id: OrderId,
    tracking: Option<String>,
    lines: &[(String, i64)],
) -> Result<FulfilmentId, Error> {
    let id = FulfilmentId::generate();
    let (order, parcel) = (order_id.to_string(), id.to_string());
    let row: [Value; 4] =
        [order.as_str().into(), parcel.as_str().into(), tracking.into(), tx.now().micros().into()];
    let columns = ["order_id", "id", "tracking", "created_at"];
    tx.execute(Statement::insert("order_fulfilments", columns, [row]))?;
    let rows = lines.iter().map(|(line, quantity)| -> [Value; 4] {
        [order.as_str().into(), parcel.as_str().into(), line.as_str().into(), (*quantity).into()]
    });
    let columns = ["order_id", "fulfilment_id", "line_id", "quantity"];
    tx.execute(Statement::insert("order_fulfilment_lines", columns, rows))?;
    Ok(id)
}

/// The earliest deadline of all, passed or not.
pub(super) fn oldest_deadline(conn: &mut Conn) -> Result<Option<Timestamp>, Error> {
    // Said, though a minimum leaves NULLs out by itself: SQLite walks through the whole table else.
    let deadline = orders::table
        .filter(orders::deadline_at.is_not_null())
        .select(diesel::dsl::min(orders::deadline_at));
    Ok(deadline.first::<Option<i64>>(conn)?.map(Timestamp::from_micros))
}

/// An order past its deadline, with the span that it was placed in.
pub(super) struct Overdue {
    pub(super) id: OrderId,
    pub(super) trace_id: Option<String>,
    pub(super) span_id: Option<String>,
}

/// Orders whose deadline has passed, the oldest first.
pub(super) fn overdue(conn: &mut Conn, now: Timestamp, limit: i64) -> Result<Vec<Overdue>, Error> {
    let rows: Vec<(String, Option<String>, Option<String>)> = orders::table
        .filter(orders::deadline_at.le(now.micros()))
        .order(orders::deadline_at)
        .limit(limit)
        .select((orders::id, orders::trace_id, orders::span_id))
        .load(conn)?;
    let read = |(id, trace_id, span_id): (String, _, _)| {
        let id = id.parse().map_err(|failure| Error::internal("reading an order", failure))?;
        Ok(Overdue { id, trace_id, span_id })
    };
    rows.into_iter().map(read).collect()
}
