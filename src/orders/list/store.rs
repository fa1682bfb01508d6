//! The query for a page of orders.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::Filters;
use crate::db::{Conn, Statement};
use crate::error::Error;
use crate::http::Cursor;
use crate::orders::schema::{customers, orders};
use crate::orders::store::OrderRow;

diesel::define_sql_function! {
    /// The text, in a form that no index is over.
    fn coalesce(text: Text, instead: Text) -> Text;
}

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = Text)]
    order_id: String,
}

/// The newest orders whose buyer gave this e-mail, at most `limit` of each way to write it.
pub(super) fn with_email(conn: &mut Conn, email: &str, limit: i64) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    for form in forms(email) {
        let statement = Statement::new(
            "SELECT order_id FROM personal_data WHERE lower(email) = lower(?) \
             ORDER BY created_at DESC LIMIT ?",
        );
        let rows: Vec<Found> = statement.bind(form).bind(limit).load(conn)?;
        found.extend(rows.into_iter().map(|row| row.order_id));
    }
    Ok(found)
}

/// What the database makes of an e-mail however its letters are written: SQLite, and PostgreSQL by
/// its locale, know large and small letters of ASCII only.
fn forms(email: &str) -> BTreeSet<String> {
    let forms = [email.to_owned(), email.to_lowercase(), email.to_uppercase()];
    forms.map(|form| form.to_ascii_lowercase()).into()
}

/// Whether any order has this reference.
pub(super) fn has_reference(conn: &mut Conn, reference: &str) -> Result<bool, Error> {
    let first: Option<String> = orders::table
        .filter(orders::reference.eq(reference))
        .select(orders::id)
        .first(conn)
        .optional()?;
    Ok(first.is_some())
}

/// So many orders, newest first.
pub(super) fn page(
    conn: &mut Conn,
    filters: &Filters,
    after: Option<&Cursor>,
    rows: i64,
) -> Result<Vec<(OrderRow, String)>, Error> {
    let mut query = orders::table
        .inner_join(customers::table)
        .select((orders::all_columns, customers::reference))
        .order((orders::created_at.desc(), orders::id.desc()))
        .limit(rows)
        .into_boxed();
    // Each axis has an index, and a database without statistics takes any of them: it is left those
    // of the rarest states only.
    let rarest = filters.axes().into_iter().flatten().map(commonness).min().unwrap_or_default();
    macro_rules! axis {
        ($column:expr, $state:expr) => {
            if let Some(state) = $state {
                query = match commonness(state) == rarest {
                    true => query.filter($column.eq(state)),
                    false => query.filter(coalesce($column, "").eq(state)),
                };
            }
        };
    }
    let [status, payment, fulfilment] = filters.axes();
    axis!(orders::status, status);
    axis!(orders::payment_status, payment);
    axis!(orders::fulfilment_status, fulfilment);
    if let Some(ids) = &filters.ids {
        query = query.filter(orders::id.eq_any(ids.clone()));
    }
    if let Some(reference) = &filters.reference {
        query = query.filter(orders::reference.eq(reference.clone()));
    }
    if let Some(customer) = &filters.customer {
        query = query.filter(customers::reference.eq(customer.clone()));
    }
    if let Some(after) = filters.created_after {
        query = query.filter(orders::created_at.gt(after.micros()));
    }
    if let Some(before) = filters.created_before {
        query = query.filter(orders::created_at.lt(before.micros()));
    }
    if let Some(cursor) = after {
        let (at, id) = (cursor.created_at.micros(), cursor.id.clone());
        query = query
            .filter(orders::created_at.le(at))
            .filter(orders::created_at.lt(at).or(orders::created_at.eq(at).and(orders::id.lt(id))));
    }
    Ok(query.load(conn)?)
}

/// How many orders of a shop that works are in a state: nearly all end in the same ones, and most
/// others are on their way there.
fn commonness(state: &str) -> u8 {
    match state {
        "completed" | "paid" | "fulfilled" => 2,
        "confirmed" | "unfulfilled" => 1,
        _ => 0,
    }
}
