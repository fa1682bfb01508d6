//! Queries on `idempotency_keys`.

use diesel::prelude::*;

use super::schema::idempotency_keys as keys;
use super::{ClaimId, KEPT, LOCKED};
use crate::db::{Statement, WriteTx};
use crate::error::Error;
use crate::http::{Reply, Submission};

/// A key as it was found.
#[derive(Queryable, Selectable)]
#[diesel(table_name = keys)]
pub(super) struct Found {
    pub(super) fingerprint: String,
    pub(super) state: String,
    pub(super) subject: Option<String>,
    pub(super) locked_until: i64,
    pub(super) expires_at: i64,
    status: Option<i64>,
    headers: Option<String>,
    body: Option<String>,
}

impl Found {
    /// The saved reply, when the work is finished.
    pub(super) fn reply(&self) -> Result<Option<Reply>, Error> {
        let (Some(status), Some(headers), Some(body)) = (self.status, &self.headers, &self.body)
        else {
            return Ok(None);
        };
        let unreadable = |failure| Error::internal("reading a saved reply", failure);
        let headers = serde_json::from_str(headers).map_err(unreadable)?;
        let status = u16::try_from(status)
            .map_err(|failure| Error::internal("reading a saved reply", failure))?;
        Ok(Some(Reply { status, headers, body: body.clone(), replayed: true }))
    }
}

/// Whether the key was free. On PostgreSQL this waits for another claim of it to commit or not.
pub(super) fn insert(
    tx: &mut WriteTx<'_>,
    id: &ClaimId,
    submission: &Submission,
    subject: &str,
) -> Result<bool, Error> {
    let now = tx.now();
    let statement = Statement::new(
        "INSERT INTO idempotency_keys (id, holder, endpoint, key, fingerprint, state, subject, \
         locked_until, created_at, expires_at) VALUES (?,?,?,?,?,'running',?,?,?,?) \
         ON CONFLICT DO NOTHING",
    )
    .bind_all([id.as_str(), &submission.holder, &submission.endpoint, &submission.key])
    .bind_all([submission.fingerprint.as_str(), subject])
    .bind_all([now.after(LOCKED).micros(), now.micros(), now.after(KEPT).micros()]);
    Ok(tx.execute(statement)? == 1)
}

pub(super) fn find(tx: &mut WriteTx<'_>, id: &ClaimId) -> Result<Option<Found>, Error> {
    let found = keys::table
        .find(id.as_str())
        .select((
            keys::fingerprint,
            keys::state,
            keys::subject,
            keys::locked_until,
            keys::expires_at,
            keys::status,
            keys::headers,
            keys::body,
        ))
        .get_result(tx.conn());
    Ok(found.optional()?)
}

pub(super) fn remove(tx: &mut WriteTx<'_>, id: &ClaimId) -> Result<(), Error> {
    diesel::delete(keys::table.find(id.as_str())).execute(tx.conn())?;
    Ok(())
}

/// Saves the reply. One that comes after its request has ended was told to nobody yet: it is kept
/// from now on, so that who asks again gets it and does not begin anew.
pub(super) fn finish(tx: &mut WriteTx<'_>, id: &ClaimId, reply: &Reply) -> Result<(), Error> {
    let headers = serde_json::to_string(&reply.headers)
        .map_err(|failure| Error::internal("saving a reply", failure))?;
    let saving = || {
        Statement::new(
            "UPDATE idempotency_keys SET state = 'finished', status = ?, headers = ?, body = ?",
        )
        .bind(i64::from(reply.status))
        .bind_all([headers.as_str(), &reply.body])
    };
    let now = tx.now();
    let in_time = saving()
        .sql(" WHERE id = ? AND state <> 'finished' AND locked_until >= ?")
        .bind(id.as_str())
        .bind(now.micros());
    if tx.execute(in_time)? == 1 {
        return Ok(());
    }
    let late = saving()
        .sql(", expires_at = ? WHERE id = ? AND state <> 'finished'")
        .bind(now.after(KEPT).micros())
        .bind(id.as_str());
    match tx.execute(late)? {
        1 => Ok(()),
        _ => Err(Error::internal("saving a reply", "its key is finished or gone")),
    }
}

pub(super) fn leave_pending(tx: &mut WriteTx<'_>, id: &ClaimId) -> Result<(), Error> {
    let statement = Statement::new(
        "UPDATE idempotency_keys SET state = 'pending' WHERE id = ? AND state = 'running'",
    )
    .bind(id.as_str());
    tx.execute(statement)?;
    Ok(())
}

pub(super) fn remove_expired(tx: &mut WriteTx<'_>, limit: i64) -> Result<usize, Error> {
    let statement = Statement::new(
        "DELETE FROM idempotency_keys WHERE id IN (SELECT id FROM idempotency_keys \
         WHERE expires_at <= ? AND state = 'finished' ORDER BY expires_at LIMIT ?)",
    )
    .bind_all([tx.now().micros(), limit]);
    tx.execute(statement)
}
