//! The people of the desk: their passwords, links, sessions and roles.

mod browser;
mod change_password;
mod error;
mod gate;
mod link;
mod model;
mod password;
mod people;
mod session;
mod sign_in;
mod store;
mod throttle;

pub use browser::{BROWSER_DAYS, Browser};
pub use error::StaffRefusal;
pub use gate::StaffGate;
pub use link::{LINK_HOURS, LinkState};
pub use model::{Person, Role};
pub use password::PASSWORD_MIN;
pub use people::{
    Invited, add_person, change_role, disable, enable, first_owner, invite, new_link, people,
    person,
};
pub use session::{SESSION_DAYS, Session, SignedIn};

use crate::db::WriteTx;
use crate::error::Error;

/// Removes sessions and links past their time and failures that are forgotten, at most `limit` of
/// each; answers how many.
///
/// # Errors
/// What the database refuses.
pub fn remove_old_sign_ins(tx: &mut WriteTx<'_>, limit: i64) -> Result<usize, Error> {
    let (now, forgotten) = (tx.now(), tx.now().before(throttle::REMEMBERED));
    let gone = [
        store::remove_before(tx, "staff_sessions", "token_hash", "expires_at", now, limit)?,
        store::remove_before(tx, "staff_browsers", "hash", "expires_at", now, limit)?,
        store::remove_before(tx, "staff_links", "token_hash", "expires_at", now, limit)?,
        store::remove_before(tx, "sign_in_failures", "login_hash", "last_at", forgotten, limit)?,
    ];
    Ok(gone.into_iter().sum())
}
