//! Sessions: kept by the server, so that they can be ended by it.

use std::time::Duration;

use super::model::Person;
use super::store::{self, SessionRow};
use crate::db::{Conn, WriteTx};
use crate::error::Error;
use crate::kernel::{Secret, StaffId, Timestamp, Token};

/// Days that a session lasts at most.
pub const SESSION_DAYS: i64 = 7;
const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);
/// A session that nobody used for so long is over.
const IDLE: Duration = Duration::from_secs(12 * 3600);
/// That it was used is written down this often at most.
const TOUCHED_EVERY: Duration = Duration::from_secs(300);

/// A session of a person.
#[derive(Debug, Clone)]
pub struct Session {
    /// Whose.
    pub person: Person,
    /// What every form of its pages carries.
    pub csrf: Secret<String>,
}

/// A session that was just opened: the only time that its token is known.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Whose.
    pub person: Person,
    /// What the person's browser keeps.
    pub token: Token,
    /// What the browser is known by from now on.
    pub browser: Token,
}

/// A session that was found.
pub(super) struct Found {
    pub(super) session: Session,
    /// Whether it is to be written down that it was used.
    pub(super) untouched: bool,
}

/// The session of this token, when it is not over.
pub(super) fn find(conn: &mut Conn, token: &Token, now: Timestamp) -> Result<Option<Found>, Error> {
    let Some((row, person)) = store::session(conn, &token.hash())? else { return Ok(None) };
    let idle = now.since(Timestamp::from_micros(row.seen_at));
    let over = now.micros() >= row.expires_at || idle >= IDLE || person.disabled_at.is_some();
    Ok((!over).then(|| Found {
        session: Session { person, csrf: Secret::new(row.csrf) },
        untouched: idle >= TOUCHED_EVERY,
    }))
}

/// Opens a session, always a new one: a token that was planted in a browser before is worth
/// nothing.
pub(super) fn open(tx: &mut WriteTx<'_>, id: StaffId) -> Result<Token, Error> {
    let (token, now) = (Token::generate(), tx.now());
    let row = SessionRow {
        token_hash: token.hash(),
        staff_id: id.to_string(),
        csrf: Token::generate().expose().to_owned(),
        created_at: now.micros(),
        seen_at: now.micros(),
        expires_at: now.after(LONGEST).micros(),
    };
    store::insert_session(tx, row)?;
    Ok(token)
}

/// Ends a session; answers whose it was.
pub(super) fn end(tx: &mut WriteTx<'_>, token: &Token) -> Result<Option<StaffId>, Error> {
    let Some((_, person)) = store::session(tx.conn(), &token.hash())? else { return Ok(None) };
    store::remove_session(tx, &token.hash())?;
    Ok(Some(person.id))
}

/// Ends every session of a person.
pub(super) fn end_all(tx: &mut WriteTx<'_>, id: StaffId) -> Result<(), Error> {
    store::remove_sessions(tx, id)
}
