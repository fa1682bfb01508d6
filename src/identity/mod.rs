//! Who may do what: API keys for programs, people with sessions for the desk.
//!
//! Invariants: a key, a session and a link are stored as their SHA-256 only and shown once; a
//! revoked key never works again; a password is stored as its Argon2id hash only; a session ends
//! with the person's password, role or permission to be here; one owner can always sign in; a
//! refusal to a known key or person is in the journal, one to nobody is counted and logged.
//! Owns the tables `api_keys`, `staff`, `staff_links`, `staff_sessions`, `staff_browsers`,
//! `sign_in_failures`.

mod authenticate;
mod keys;
mod known;
mod schema;
mod staff;
mod store;

pub use authenticate::KeyGate;
pub use keys::{KeySummary, NewKey, any_key, create, ensure, list, revoke};
pub use staff::{
    BROWSER_DAYS, Browser, Invited, LINK_HOURS, LinkState, PASSWORD_MIN, Person, Role,
    SESSION_DAYS, Session, SignedIn, StaffGate, StaffRefusal, add_person, change_role, disable,
    enable, first_owner, invite, new_link, people, person, remove_old_sign_ins,
};
