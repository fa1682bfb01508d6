//! Queries on customers and their erasable data.

use diesel::prelude::*;

use crate::db::{Conn, Statement, Value, WriteTx};
use crate::error::Error;
use crate::kernel::{CustomerId, OrderId, PersonalDataId};
use crate::orders::schema::{customers, personal_data};

/// What of a person belongs to an order.
pub(in crate::orders) struct NewPersonalData {
    pub(in crate::orders) email: Option<String>,
    pub(in crate::orders) name: Option<String>,
    pub(in crate::orders) shipping_address: Option<String>,
}

pub(in crate::orders) fn insert_personal_data(
    tx: &mut WriteTx<'_>,
    customer: CustomerId,
    order_id: OrderId,
    new: NewPersonalData,
) -> Result<(), Error> {
    let row: [Value; 7] = [
        PersonalDataId::generate().to_string().into(),
        customer.to_string().into(),
        order_id.to_string().into(),
        new.email.into(),
        new.name.into(),
        new.shipping_address.into(),
        tx.now().micros().into(),
    ];
    let columns =
        ["id", "customer_id", "order_id", "email", "name", "shipping_address", "created_at"];
    tx.execute(Statement::insert("personal_data", columns, [row]))?;
    Ok(())
}

pub(super) fn erase_personal_data(
    tx: &mut WriteTx<'_>,
    customer: CustomerId,
) -> Result<usize, Error> {
    let theirs = personal_data::table.filter(personal_data::customer_id.eq(customer.to_string()));
    Ok(diesel::delete(theirs).execute(tx.conn())?)
}

pub(super) fn customer(conn: &mut Conn, reference: &str) -> Result<Option<CustomerId>, Error> {
    let id: Option<String> = customers::table
        .filter(customers::reference.eq(reference))
        .select(customers::id)
        .get_result(conn)
        .optional()?;
    id.map(|id| id.parse().map_err(|failure| Error::internal("reading a customer", failure)))
        .transpose()
}

pub(super) fn insert_customer(
    tx: &mut WriteTx<'_>,
    id: CustomerId,
    reference: &str,
) -> Result<(), Error> {
    let statement = Statement::new(
        "INSERT INTO customers (id, reference, created_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
    )
    .bind_all([id.to_string().as_str(), reference])
    .bind(tx.now().micros());
    tx.execute(statement)?;
    Ok(())
}

/// The buyers' names of these orders, of those that gave one.
pub(super) fn names(conn: &mut Conn, orders: &[String]) -> Result<Vec<(String, String)>, Error> {
    Ok(personal_data::table
        .filter(personal_data::order_id.eq_any(orders))
        .filter(personal_data::name.is_not_null())
        .select((personal_data::order_id, personal_data::name.assume_not_null()))
        .load(conn)?)
}

/// E-mail, name and address of an order's buyer.
type Said = (Option<String>, Option<String>, Option<String>);

pub(super) fn personal_data(conn: &mut Conn, order_id: OrderId) -> Result<Option<Said>, Error> {
    Ok(personal_data::table
        .filter(personal_data::order_id.eq(order_id.to_string()))
        .select((personal_data::email, personal_data::name, personal_data::shipping_address))
        .first(conn)
        .optional()?)
}
