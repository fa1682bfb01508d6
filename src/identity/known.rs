//! Keys kept at hand: every request asks for one.
//!
//! They are good for as long as nothing in the database was changed, by whichever process, and are
//! forgotten together at the next change. Writers share their commits, so that there are far fewer
//! changes than requests. Where nothing tells of changes, on PostgreSQL, every request reads.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::store::{self, Row};
use crate::db::Db;
use crate::error::Error;

/// The keys of one database by the hash of their text.
#[derive(Default)]
pub(super) struct Known(Mutex<Keys>);

/// What was read while the database had this version.
#[derive(Default)]
struct Keys {
    version: i64,
    by_hash: HashMap<String, Arc<Row>>,
}

impl Known {
    /// The key of this hash, working or revoked, as it is stored now.
    pub(super) async fn find(&self, db: &Db, hash: String) -> Result<Option<Arc<Row>>, Error> {
        // Before the read: what that sees is this version, or a later one.
        let version = db.version();
        let known = version.and_then(|version| self.keys().at(version).get(&hash).cloned());
        if known.is_some() {
            return Ok(known);
        }
        let found = db.read(move |conn| store::by_hash(conn, &hash)).await?.map(Arc::new);
        if let (Some(version), Some(row)) = (version, &found) {
            self.keys().at(version).insert(row.hash.clone(), Arc::clone(row));
        }
        Ok(found)
    }

    fn keys(&self) -> MutexGuard<'_, Keys> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keys {
    /// Those of this version.
    fn at(&mut self, version: i64) -> &mut HashMap<String, Arc<Row>> {
        if self.version != version {
            self.by_hash.clear();
            self.version = version;
        }
        &mut self.by_hash
    }
}
