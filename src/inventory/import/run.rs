//! Reading a file row by row, and putting what it has into the shop.

use std::io::Read;

use tokio::sync::mpsc;
use tracing::instrument;

use super::{BadRow, ImportCounts, ImportId, ImportState, import_rows, record_end, store};
use crate::catalog::{ProductRow, ProductRows, RowError};
use crate::db::Db;
use crate::error::Error;
use crate::kernel::Origin;

/// Rows of one transaction: small enough that orders hardly wait for it.
const CHUNK: usize = 500;
/// Rows that break a rule are kept for their sender to see, the first ones.
const BAD_ROWS_MOST: usize = 200;
const STOPPED: &str = "The database took no more. What was read before is in: send the file again.";

/// What was read of the file since the last time.
#[derive(Default)]
struct Rows {
    rows: Vec<ProductRow>,
    bad: Vec<BadRow>,
    failure: Option<String>,
}

/// Imports a file to its end. What stops it comes after all rows before it are in.
///
/// # Errors
/// What the database refuses; the import stays as far as it got, and the file can be sent again.
#[instrument(
    name = "inventory.import", skip_all, fields(app.module = "inventory", import.id = %id)
)]
pub async fn run_import(
    db: &Db,
    origin: &Origin,
    id: ImportId,
    file: impl Read + Send + 'static,
) -> Result<(), Error> {
    let (send, mut receive) = mpsc::channel(2);
    let reading = tokio::task::spawn_blocking(move || read(file, &send));
    let (mut counts, mut bad_rows, mut failure) = (ImportCounts::default(), Vec::new(), None);
    while let Some(Rows { rows, bad, failure: stopped }) = receive.recv().await {
        counts.bad += bad.len();
        bad_rows.extend(bad);
        bad_rows.truncate(BAD_ROWS_MOST);
        failure = stopped.or(failure);
        match write(db, origin, id, rows, counts.clone(), bad_rows.clone()).await {
            Ok(written) => counts = written,
            Err(error) => {
                tracing::error!(%error, "an import stops");
                failure = Some(STOPPED.to_owned());
                break;
            }
        }
    }
    // Whoever reads on finds that nobody takes it any more.
    drop(receive);
    let read = reading.await;
    read.map_err(|failure| Error::internal("reading a file of products", failure))?;
    end(db, origin, id, counts, failure).await
}

/// Reads on while what was read is taken.
fn read(file: impl Read, send: &mpsc::Sender<Rows>) {
    let mut read = Rows::default();
    let rows = match ProductRows::new(file) {
        Ok(rows) => rows,
        Err(wrong) => {
            let failure = Some(wrong.to_string());
            let _gone = send.blocking_send(Rows { failure, ..Rows::default() });
            return;
        }
    };
    for row in rows {
        match row {
            Ok(row) => read.rows.push(row),
            Err(RowError::Bad { line, reason }) => read.bad.push(BadRow { line, reason }),
            Err(unreadable) => {
                read.failure = Some(unreadable.to_string());
                break;
            }
        }
        let full = read.rows.len() + read.bad.len() >= CHUNK;
        if full && send.blocking_send(std::mem::take(&mut read)).is_err() {
            return;
        }
    }
    let _gone = send.blocking_send(read);
}

async fn write(
    db: &Db,
    origin: &Origin,
    id: ImportId,
    rows: Vec<ProductRow>,
    counts: ImportCounts,
    bad_rows: Vec<BadRow>,
) -> Result<ImportCounts, Error> {
    db.write_begun(origin, move |tx| {
        let mut counts = counts.clone();
        let (products, stocked) = import_rows(tx, &rows)?;
        counts.created += products.created;
        counts.changed += products.changed;
        counts.unchanged += products.unchanged;
        counts.stocked += stocked;
        store::got_on(tx, id, &counts, &bad_rows)?;
        Ok(counts)
    })
    .await
}

async fn end(
    db: &Db,
    origin: &Origin,
    id: ImportId,
    counts: ImportCounts,
    failure: Option<String>,
) -> Result<(), Error> {
    let state = if failure.is_some() { ImportState::Failed } else { ImportState::Finished };
    db.write_begun(origin, move |tx| {
        store::ended(tx, id, state, failure.as_deref())?;
        record_end(tx, id, state, &counts)
    })
    .await
}
