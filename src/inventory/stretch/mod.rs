//! Stretches: how movements are laid out, so that a product's are found and each costs little.
//!
//! An index by product alone takes each line of an order to a page of its own, anywhere in the
//! history. So it goes by stretches of some ten thousand movements first, whose pages fit into
//! memory, and a product's movements are listed stretch by stretch.
//!
//! Must stay true: stretches follow each other as the ids of transfers do, whoever writes when. So
//! a movement is in the stretch that its transfer's id falls into, and a new one begins with ids
//! that nobody has made yet.

mod store;

use std::time::Duration;

pub(super) use self::store::of;
use crate::db::{Db, Dialect};
use crate::error::Error;
use crate::kernel::{Origin, TransferId};

/// After every transfer id.
pub(super) const AFTER_ALL: &str = "g";

/// Movements after which a new stretch begins.
const FULL: i64 = 20_000;

/// How long ids go on being made for the stretch before: longer than any transaction waits that has
/// made one. On SQLite there is one at a time.
fn ahead(dialect: Dialect) -> Duration {
    match dialect {
        Dialect::Sqlite => Duration::from_secs(1),
        Dialect::Postgres => Duration::from_secs(60),
    }
}

/// Begins a new stretch once the last one is full; answers whether it did.
///
/// # Errors
/// What the database refuses.
pub async fn begin_stretch_when_full(db: &Db, origin: &Origin) -> Result<bool, Error> {
    let full = db.read(|conn| {
        let last = of(conn, AFTER_ALL)?;
        Ok(store::holds(conn, last, FULL)?.then_some(last))
    });
    let Some(last) = full.await? else { return Ok(false) };
    db.write(origin, move |tx| {
        let begins = TransferId::first_at(tx.now().after(ahead(tx.dialect())));
        store::begin(tx, last + 1, begins)
    })
    .await
}
