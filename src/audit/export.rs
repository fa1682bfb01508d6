//! The journal and its checkpoints, taken out of the database.

use std::io::Write;

use tracing::instrument;

use super::checkpoint::Checkpoint;
use super::read::{Filter, read_after};
use super::store;
use crate::db::{Conn, Db};
use crate::error::Error;

const PAGE: i64 = 1_000;

/// Writes every entry numbered after `after` as a line of JSON, oldest first; answers how many.
///
/// Pages are read one by one: numbered entries never change, so together they are one state.
///
/// # Errors
/// What the database refuses; [`Error::Internal`] when `out` cannot be written.
#[instrument(name = "audit.export", skip_all, fields(app.module = "audit"))]
pub async fn export(db: &Db, after: i64, out: &mut impl Write) -> Result<u64, Error> {
    let (mut after, mut count) = (after, 0);
    loop {
        let page = db.read(move |conn| read_after(conn, &Filter::default(), after, PAGE)).await?;
        let Some(last) = page.last() else { return Ok(count) };
        after = last.seq;
        for entry in &page {
            write_line(out, entry)?;
            count += 1;
        }
    }
}

/// Writes every checkpoint after seal `number` as a line of JSON; answers how many. The newest
/// alone is enough to verify with.
///
/// # Errors
/// What the database refuses; [`Error::Internal`] when `out` cannot be written.
pub async fn export_checkpoints(db: &Db, number: i64, out: &mut impl Write) -> Result<u64, Error> {
    let (mut number, mut count) = (number, 0);
    loop {
        let page = db.read(move |conn| checkpoints_after(conn, number, PAGE)).await?;
        let Some(last) = page.last() else { return Ok(count) };
        number = last.number;
        for checkpoint in &page {
            write_line(out, checkpoint)?;
            count += 1;
        }
    }
}

/// Checkpoints after seal `number`, oldest first, at most `limit`.
///
/// # Errors
/// What the database refuses; [`Error::Internal`] when a seal cannot be read.
pub fn checkpoints_after(
    conn: &mut Conn,
    number: i64,
    limit: i64,
) -> Result<Vec<Checkpoint>, Error> {
    let seals = store::seals_from(conn, number.saturating_add(1), limit)?;
    seals.into_iter().map(Checkpoint::try_from).collect()
}

/// The newest checkpoint.
///
/// # Errors
/// What the database refuses; [`Error::Internal`] when the seal cannot be read.
pub fn newest_checkpoint(conn: &mut Conn) -> Result<Option<Checkpoint>, Error> {
    store::last_seal(conn)?.map(Checkpoint::try_from).transpose()
}

pub(super) fn write_line(out: &mut impl Write, line: &impl serde::Serialize) -> Result<(), Error> {
    serde_json::to_writer(&mut *out, line)
        .map_err(std::io::Error::from)
        .and_then(|()| out.write_all(b"\n"))
        .map_err(|failure| Error::internal("writing the journal's lines", failure))
}
