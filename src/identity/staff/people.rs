//! Who works at the desk: adding, changing, disabling.

use serde_json::json;
use tracing::instrument;

use super::error::StaffRefusal;
use super::link;
use super::model::{Person, Role, login};
use super::{session, store};
use crate::audit::{self, Entry, Subject};
use crate::db::{Conn, WriteTx};
use crate::error::{Error, Refusal};
use crate::http::Text;
use crate::kernel::{StaffId, Token};

/// What the first person of a shop signs in as.
const FIRST_LOGIN: &str = "owner";

/// A person with a link to set a password by: the only time that it is known.
#[derive(Debug, Clone)]
pub struct Invited {
    /// Who.
    pub id: StaffId,
    /// What the person signs in as.
    pub login: String,
    /// The secret part of the link.
    pub token: Token,
}

/// Every person, in the order of their names to sign in as.
///
/// # Errors
/// What the database refuses.
pub fn people(conn: &mut Conn) -> Result<Vec<Person>, Error> {
    store::all(conn)
}

/// One person.
///
/// # Errors
/// What the database refuses.
pub fn person(conn: &mut Conn, id: StaffId) -> Result<Option<Person>, Error> {
    store::by_id(conn, id)
}

/// Makes an owner when there is nobody: whom the first start shows a link.
///
/// # Errors
/// What the database refuses.
pub fn first_owner(tx: &mut WriteTx<'_>) -> Result<Option<Token>, Error> {
    if store::anybody(tx.conn())? {
        return Ok(None);
    }
    add_person(tx, FIRST_LOGIN, "Owner", Role::Owner).map(|invited| Some(invited.token))
}

/// Adds a person, who sets a password by the link.
///
/// # Errors
/// [`StaffRefusal::BadLogin`], [`StaffRefusal::LoginTaken`], 422 for a bad name.
#[instrument(name = "identity.add_person", skip_all, fields(app.module = "identity"))]
pub fn add_person(
    tx: &mut WriteTx<'_>,
    wanted: &str,
    name: &str,
    role: Role,
) -> Result<Invited, Error> {
    let login = login(wanted).ok_or(StaffRefusal::BadLogin)?;
    let name = Text::<1, 100>::check(name.trim().to_owned())
        .map_err(|wrong| Refusal::invalid("name", "invalid", wrong))?;
    let person = Person {
        id: StaffId::generate(),
        login: login.clone(),
        name: name.into_string(),
        role,
        has_password: false,
        disabled_at: None,
        created_at: tx.now(),
    };
    if !store::insert(tx, &person)? {
        return Err(StaffRefusal::LoginTaken.into());
    }
    let entry = Entry::new("staff.created", Subject::Staff(person.id))
        .after(json!({ "role": role.as_str() }))?;
    audit::record(tx, entry)?;
    let token = link::make(tx, &person)?;
    Ok(Invited { id: person.id, login, token })
}

/// A new link for who is locked out, or for a new person when a role is said; one who is known is
/// given that role.
///
/// # Errors
/// [`StaffRefusal::Unknown`] without a role, and what adding and changing refuse.
pub fn invite(tx: &mut WriteTx<'_>, name: &str, role: Option<Role>) -> Result<Invited, Error> {
    let wanted = login(name).ok_or(StaffRefusal::BadLogin)?;
    match (store::by_login(tx.conn(), &wanted)?, role) {
        (Some((person, _)), role) => {
            if let Some(role) = role {
                change_role(tx, person.id, role)?;
            }
            new_link(tx, person.id)
        }
        (None, Some(role)) => add_person(tx, &wanted, name, role),
        (None, None) => Err(StaffRefusal::Unknown.into()),
    }
}

/// A new link for a person; the password stays until it is used.
///
/// # Errors
/// [`StaffRefusal::Unknown`], [`StaffRefusal::Disabled`].
#[instrument(
    name = "identity.new_link", skip_all, fields(app.module = "identity", staff.id = %id)
)]
pub fn new_link(tx: &mut WriteTx<'_>, id: StaffId) -> Result<Invited, Error> {
    let person = known(tx, id)?;
    let token = link::make(tx, &person)?;
    Ok(Invited { id, login: person.login, token })
}

/// Gives a person another role. What is open of the old one is signed in anew.
///
/// # Errors
/// [`StaffRefusal::Unknown`], [`StaffRefusal::LastOwner`].
#[instrument(
    name = "identity.change_role", skip_all, fields(app.module = "identity", staff.id = %id)
)]
pub fn change_role(tx: &mut WriteTx<'_>, id: StaffId, role: Role) -> Result<(), Error> {
    let person = known(tx, id)?;
    if person.role == role {
        return Ok(());
    }
    if person.role == Role::Owner {
        keep_an_owner(tx, &person)?;
    }
    store::set_role(tx, id, role)?;
    session::end_all(tx, id)?;
    let entry = Entry::new("staff.changed", Subject::Staff(id))
        .before(json!({ "role": person.role }))?
        .after(json!({ "role": role }))?;
    audit::record(tx, entry)
}

/// Ends what a person may do; their sessions and links are over at once.
///
/// # Errors
/// [`StaffRefusal::Unknown`], [`StaffRefusal::LastOwner`].
#[instrument(
    name = "identity.disable", skip_all, fields(app.module = "identity", staff.id = %id)
)]
pub fn disable(tx: &mut WriteTx<'_>, id: StaffId) -> Result<(), Error> {
    let person = known(tx, id)?;
    if person.disabled_at.is_some() {
        return Ok(());
    }
    if person.role == Role::Owner {
        keep_an_owner(tx, &person)?;
    }
    let now = tx.now();
    store::set_disabled(tx, id, Some(now))?;
    store::remove_unused_links(tx, id)?;
    store::forget_browsers(tx, id)?;
    session::end_all(tx, id)?;
    audit::record(tx, Entry::new("staff.disabled", Subject::Staff(id)))
}

/// Lets a person sign in again.
///
/// # Errors
/// [`StaffRefusal::Unknown`].
#[instrument(
    name = "identity.enable", skip_all, fields(app.module = "identity", staff.id = %id)
)]
pub fn enable(tx: &mut WriteTx<'_>, id: StaffId) -> Result<(), Error> {
    if known(tx, id)?.disabled_at.is_none() {
        return Ok(());
    }
    store::set_disabled(tx, id, None)?;
    audit::record(tx, Entry::new("staff.enabled", Subject::Staff(id)))
}

fn known(tx: &mut WriteTx<'_>, id: StaffId) -> Result<Person, Error> {
    store::by_id(tx.conn(), id)?.ok_or_else(|| StaffRefusal::Unknown.into())
}

/// Of two owners who disable each other at once, one is refused: both lock all owners first.
fn keep_an_owner(tx: &mut WriteTx<'_>, leaving: &Person) -> Result<(), Error> {
    store::lock_owners(tx)?;
    match store::other_owner(tx.conn(), leaving.id)? {
        true => Ok(()),
        false => Err(StaffRefusal::LastOwner.into()),
    }
}
