//! Browsers that a person has signed in by: what strangers try by the person's name does not keep
//! them out (OWASP, "device cookies").

use std::time::Duration;

use sha2::{Digest, Sha256};

use super::store;
use crate::db::{Conn, WriteTx};
use crate::error::Error;
use crate::kernel::{StaffId, Timestamp, Token};

/// Days that a browser stays known after the last time that somebody signed in by it.
pub const BROWSER_DAYS: i64 = 180;
const KEPT: Duration = Duration::from_secs(180 * 24 * 3600);

/// What a browser sends along when somebody signs in by it.
#[derive(Debug, Clone, Default)]
pub struct Browser {
    /// The session that it had: it ends.
    pub session: Option<Token>,
    /// What it is known by, when somebody has signed in by it before.
    pub known: Option<Token>,
}

/// What the database knows it by, for this person.
fn hash(token: &Token, id: StaffId) -> String {
    hex::encode(Sha256::digest(format!("{}:{id}", token.expose())))
}

/// What the attempts of this browser are counted by, when this person has signed in by it.
pub(super) fn counted_by(
    conn: &mut Conn,
    known: Option<&Token>,
    id: StaffId,
    now: Timestamp,
) -> Result<Option<String>, Error> {
    let Some(hash) = known.map(|token| hash(token, id)) else { return Ok(None) };
    Ok(store::knows_browser(conn, &hash, now)?.then_some(hash))
}

/// Knows the browser from now on; answers what it is to keep.
pub(super) fn remember(
    tx: &mut WriteTx<'_>,
    known: Option<&Token>,
    id: StaffId,
) -> Result<Token, Error> {
    let token = known.cloned().unwrap_or_else(Token::generate);
    let until = tx.now().after(KEPT);
    store::remember_browser(tx, &hash(&token, id), id, until)?;
    Ok(token)
}
