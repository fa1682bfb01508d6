//! Names and prices kept at hand: every order asks for those of all its products.
//!
//! Correct on SQLite because all changes of this process go through the one writer, which orders
//! are priced by as well: a change is known here before it is acknowledged. That another process
//! has changed the database is told by SQLite itself. On PostgreSQL other copies change prices too
//! and nothing tells, so there every order reads.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::instrument;

use super::get::Priced;
use super::store;
use crate::db::WriteTx;
use crate::error::Error;
use crate::kernel::Currency;

/// Changes of products and prices by this process, whatever the database: counted when they are
/// made, for the orders after them in the same commit, and when they have become durable.
static CHANGES: AtomicU64 = AtomicU64::new(0);

/// About 20 MB of names; a larger catalogue is forgotten and read anew now and then.
const PRODUCTS_MOST: usize = 100_000;

/// The products of one database as orders need them.
#[derive(Default)]
pub struct Prices {
    known: Arc<Mutex<Known>>,
}

/// What was read while nothing was changed.
#[derive(Default)]
struct Known {
    since: Since,
    products: HashMap<(Currency, String), Arc<Priced>>,
}

/// How often the catalogue had been changed, by others and by this process.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Since {
    data_version: i64,
    changes: u64,
}

/// Products or prices are changed in this transaction.
pub(super) fn changed(tx: &mut WriteTx<'_>) {
    let count = || {
        CHANGES.fetch_add(1, Ordering::Relaxed);
    };
    count();
    tx.on_commit(count);
}

impl Prices {
    /// Names and prices of those `skus` that are in the catalogue, in no particular order. A
    /// product that is missing is unknown; one without a price is not sold in this currency.
    ///
    /// # Errors
    /// What the database refuses.
    #[instrument(
        name = "catalog.price", skip_all,
        fields(app.module = "catalog", skus = skus.len().cast_signed())
    )]
    pub fn of(
        &self,
        tx: &mut WriteTx<'_>,
        skus: &[String],
        currency: Currency,
    ) -> Result<Vec<Arc<Priced>>, Error> {
        let Some(data_version) = tx.data_version()? else {
            return read(tx, skus, currency);
        };
        let since = Since { data_version, changes: CHANGES.load(Ordering::Relaxed) };
        let (mut found, missing) = self.known().find(since, skus, currency);
        if !missing.is_empty() {
            let read = read(tx, &missing, currency)?;
            self.keep(tx, since, currency, &read);
            found.extend(read);
        }
        Ok(found)
    }

    /// Keeps what was read once the transaction that read it is durable: it may have seen changes
    /// of the transactions before it in the same commit, which then are so too.
    fn keep(&self, tx: &mut WriteTx<'_>, since: Since, currency: Currency, read: &[Arc<Priced>]) {
        let (known, read) = (Arc::clone(&self.known), read.to_vec());
        tx.on_commit(move || {
            let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
            // Changed meanwhile, in the same commit or before: what was read may be older.
            if known.since == since && CHANGES.load(Ordering::Relaxed) == since.changes {
                let entry = |priced: Arc<Priced>| ((currency, priced.sku.clone()), priced);
                known.products.extend(read.into_iter().map(entry));
            }
        });
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Those that are known, and the SKUs of those that are not.
    fn find(
        &mut self,
        since: Since,
        skus: &[String],
        currency: Currency,
    ) -> (Vec<Arc<Priced>>, Vec<String>) {
        if self.since != since || self.products.len() > PRODUCTS_MOST {
            self.products.clear();
            self.since = since;
        }
        let (mut found, mut missing) = (Vec::with_capacity(skus.len()), Vec::new());
        for sku in skus {
            match self.products.get(&(currency, sku.clone())) {
                Some(priced) => found.push(Arc::clone(priced)),
                None => missing.push(sku.clone()),
            }
        }
        (found, missing)
    }
}

fn read(
    tx: &mut WriteTx<'_>,
    skus: &[String],
    currency: Currency,
) -> Result<Vec<Arc<Priced>>, Error> {
    if skus.is_empty() {
        return Ok(Vec::new());
    }
    Ok(store::priced(tx.conn(), skus, currency)?.into_iter().map(Arc::new).collect())
}
