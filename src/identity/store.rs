//! Queries on `api_keys`.

use diesel::prelude::*;

use super::schema::api_keys;
use crate::db::{Conn, WriteTx, on_inner};
use crate::error::Error;

/// A key as stored.
#[derive(Queryable, Insertable, Clone)]
#[diesel(table_name = api_keys)]
pub(super) struct Row {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) hash: String,
    pub(super) last4: String,
    pub(super) scopes: String,
    pub(super) created_at: i64,
    pub(super) revoked_at: Option<i64>,
}

pub(super) fn by_hash(conn: &mut Conn, hash: &str) -> Result<Option<Row>, Error> {
    let query = api_keys::table.filter(api_keys::hash.eq(hash));
    Ok(on_inner!(conn, inner => query.get_result(inner)).optional()?)
}

pub(super) fn all(conn: &mut Conn) -> Result<Vec<Row>, Error> {
    Ok(api_keys::table.order(api_keys::id).load(conn)?)
}

pub(super) fn insert(tx: &mut WriteTx<'_>, row: &Row) -> Result<(), Error> {
    diesel::insert_into(api_keys::table).values(row.clone()).execute(tx.conn())?;
    Ok(())
}

/// Whether the key was there and working.
pub(super) fn revoke(tx: &mut WriteTx<'_>, id: &str) -> Result<bool, Error> {
    let now = tx.now().micros();
    let working = api_keys::table.find(id).filter(api_keys::revoked_at.is_null());
    let changed =
        diesel::update(working).set(api_keys::revoked_at.eq(Some(now))).execute(tx.conn())?;
    Ok(changed == 1)
}
