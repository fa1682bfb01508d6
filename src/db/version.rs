//! Whether anything was changed, asked on the spot: what is kept at hand outside the database is
//! good for as long as nothing was.

use std::sync::{Mutex, PoisonError};

use diesel::QueryableByName;
use diesel::sql_types::BigInt;

use super::connection::{Purpose, establish};
use super::{Conn, DatabaseUrl, Dialect, Statement};
use crate::error::Error;

#[derive(QueryableByName)]
struct DataVersion {
    #[diesel(sql_type = BigInt)]
    data_version: i64,
}

/// A number that is another one when another connection has changed the database since; `None` on
/// PostgreSQL, where nothing tells.
pub(super) fn data_version(conn: &mut Conn) -> Result<Option<i64>, Error> {
    if conn.dialect() == Dialect::Postgres {
        return Ok(None);
    }
    let found = Statement::new("PRAGMA data_version").first::<DataVersion>(conn)?;
    Ok(found.map(|row| row.data_version))
}

/// A connection that changes nothing and holds no snapshot, so that SQLite tells it of every
/// commit, whichever connection and process made it: all that this takes is a look at the memory
/// that they share.
pub(super) struct Watch {
    conn: Option<Mutex<Conn>>,
}

impl Watch {
    pub(super) fn open(url: &DatabaseUrl) -> Result<Self, Error> {
        if url.dialect() == Dialect::Postgres {
            return Ok(Self { conn: None });
        }
        let mut conn = establish(url, Purpose::Reading)?;
        // It is asked where nothing may wait.
        Statement::new("PRAGMA busy_timeout = 0").execute(&mut conn)?;
        Ok(Self { conn: Some(Mutex::new(conn)) })
    }

    pub(super) fn version(&self) -> Option<i64> {
        let mut conn = self.conn.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner);
        // Busy, as while the log is recovered: then it is not known, as on PostgreSQL.
        data_version(&mut conn).ok().flatten()
    }
}
