//! Links that let a person set a password, once.

use std::time::Duration;

use super::error::StaffRefusal;
use super::model::Person;
use super::store;
use crate::audit::{self, Entry, Subject};
use crate::db::{Conn, WriteTx};
use crate::error::Error;
use crate::kernel::{StaffId, Timestamp, Token};

/// Hours that a link is valid.
pub const LINK_HOURS: u64 = 24;
const VALID: Duration = Duration::from_secs(LINK_HOURS * 3600);

/// Whose link it is, while it can be used.
#[derive(Debug, Clone)]
pub struct LinkState {
    /// The person.
    pub person: Person,
}

/// Makes a link; those that the person had before are over.
pub(super) fn make(tx: &mut WriteTx<'_>, person: &Person) -> Result<Token, Error> {
    // Two who make a link for the same person come one after the other: only one link is valid.
    if !store::hold(tx, person.id)? {
        return Err(StaffRefusal::Disabled.into());
    }
    let purpose = if person.has_password { "new_password" } else { "set_up" };
    store::remove_unused_links(tx, person.id)?;
    let token = Token::generate();
    let until = tx.now().after(VALID);
    store::insert_link(tx, &token.hash(), person.id, purpose, until)?;
    let entry = Entry::new("staff.link_made", Subject::Staff(person.id))
        .after(serde_json::json!({ "purpose": purpose, "expires_at": until }))?;
    audit::record(tx, entry)?;
    Ok(token)
}

/// Whose link it is.
///
/// # Errors
/// [`StaffRefusal::LinkOver`].
pub(super) fn look(conn: &mut Conn, token: &Token, now: Timestamp) -> Result<LinkState, Error> {
    let found = store::link(conn, &token.hash(), now)?;
    let person = found.filter(|person| person.disabled_at.is_none());
    person.map(|person| LinkState { person }).ok_or_else(|| StaffRefusal::LinkOver.into())
}

/// Uses a link up; answers whose it was.
///
/// # Errors
/// [`StaffRefusal::LinkOver`].
pub(super) fn use_up(tx: &mut WriteTx<'_>, token: &Token) -> Result<StaffId, Error> {
    let now = tx.now();
    let person = look(tx.conn(), token, now)?.person;
    match store::hold(tx, person.id)? && store::use_link(tx, &token.hash())? {
        true => Ok(person.id),
        false => Err(StaffRefusal::LinkOver.into()),
    }
}
