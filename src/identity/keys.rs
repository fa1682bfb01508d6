//! Making, listing and revoking keys.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tracing::instrument;

use super::store::{self, Row};
use crate::audit::{self, Entry, Subject};
use crate::db::{Conn, WriteTx};
use crate::error::{Error, Refusal};
use crate::http::Scope;
use crate::kernel::{KeyId, Secret, Timestamp, random_bytes};

/// A key that was just made: the only time that its text is known.
#[derive(Debug)]
pub struct NewKey {
    /// Its identifier, for the journal and for revoking.
    pub id: KeyId,
    /// What goes into the `Authorization` header.
    pub text: Secret<String>,
}

/// A key as it can be listed.
#[derive(Debug, Serialize)]
pub struct KeySummary {
    /// Its identifier.
    pub id: String,
    /// What its holder is called.
    pub name: String,
    /// The last four characters.
    pub last4: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
}

pub(super) fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

/// Makes a key with 192 random bits.
///
/// # Errors
/// What the database refuses.
#[instrument(name = "identity.create_key", skip_all, fields(app.module = "identity"))]
pub fn create(tx: &mut WriteTx<'_>, name: &str, scopes: &[Scope]) -> Result<NewKey, Error> {
    let text = format!("dk_{}", URL_SAFE_NO_PAD.encode(random_bytes::<24>()));
    let id = insert(tx, name, &text, scopes)?;
    Ok(NewKey { id, text: Secret::new(text) })
}

/// Makes sure that this very key exists, with all scopes. A revoked one stays revoked.
///
/// # Errors
/// What the database refuses.
pub fn ensure(tx: &mut WriteTx<'_>, name: &str, text: &Secret<String>) -> Result<(), Error> {
    if store::by_hash(tx.conn(), &hash(text.expose()))?.is_none() {
        insert(tx, name, text.expose(), Scope::ALL)?;
    }
    Ok(())
}

fn insert(tx: &mut WriteTx<'_>, name: &str, text: &str, scopes: &[Scope]) -> Result<KeyId, Error> {
    let id = KeyId::generate();
    let scopes: Vec<&str> = scopes.iter().map(|scope| scope.as_str()).collect();
    let tail = text.char_indices().rev().nth(3).map_or(text, |(start, _)| &text[start..]);
    store::insert(
        tx,
        &Row {
            id: id.to_string(),
            name: name.to_owned(),
            hash: hash(text),
            last4: tail.to_owned(),
            scopes: scopes.join(" "),
            created_at: tx.now().micros(),
            revoked_at: None,
        },
    )?;
    let entry = Entry::new("key.created", Subject::Key(id))
        .after(serde_json::json!({ "name": name, "scopes": scopes }))?;
    audit::record(tx, entry)?;
    Ok(id)
}

/// Whether any key was ever made.
///
/// # Errors
/// What the database refuses.
pub fn any_key(conn: &mut Conn) -> Result<bool, Error> {
    Ok(!store::all(conn)?.is_empty())
}

/// Every key, oldest first.
///
/// # Errors
/// What the database refuses.
pub fn list(conn: &mut Conn) -> Result<Vec<KeySummary>, Error> {
    let rows = store::all(conn)?;
    Ok(rows.into_iter().map(summary).collect())
}

fn summary(row: Row) -> KeySummary {
    KeySummary {
        id: row.id,
        name: row.name,
        last4: row.last4,
        scopes: row.scopes.split(' ').map(str::to_owned).collect(),
        created_at: Timestamp::from_micros(row.created_at),
        revoked_at: row.revoked_at.map(Timestamp::from_micros),
    }
}

/// Revokes a key for good.
///
/// # Errors
/// 404 when there is no such working key.
#[instrument(name = "identity.revoke_key", skip_all, fields(app.module = "identity", key.id = %id))]
pub fn revoke(tx: &mut WriteTx<'_>, id: KeyId) -> Result<(), Error> {
    if !store::revoke(tx, &id.to_string())? {
        return Err(Refusal::not_found("working key").into());
    }
    audit::record(tx, Entry::new("key.revoked", Subject::Key(id)))
}
