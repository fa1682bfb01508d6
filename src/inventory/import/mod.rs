//! Products with their opening stock from a file, as a person at the desk brings it: in the
//! background, with its progress in the database, where every copy of the server sees it.

mod interrupted;
mod run;
mod store;

use serde::{Deserialize, Serialize};

use super::set_opening_stock;
use crate::audit::{self, Entry, Subject};
use crate::catalog::{self, ProductInput, ProductRow, PutCounts};
use crate::db::{Conn, WriteTx};
use crate::error::Error;
use crate::kernel::{Timestamp, words};

pub use crate::kernel::ImportId;
pub use interrupted::end_interrupted_imports;
pub use run::run_import;

words! {
    /// How far an import got.
    ImportState {
        /// It goes on.
        Running = "running",
        /// All rows were read.
        Finished = "finished",
        /// It stopped: the file cannot be read on, or the server did not go on with it.
        Failed = "failed",
    }
}

/// A row that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadRow {
    /// Its line in the file, from 1 up.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// What became of the rows so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportCounts {
    /// New products.
    pub created: usize,
    /// Products that are different now.
    pub changed: usize,
    /// Products that were already as they should be.
    pub unchanged: usize,
    /// Products that got their opening stock.
    pub stocked: usize,
    /// Rows that break a rule.
    pub bad: usize,
}

impl ImportCounts {
    /// Rows that were read.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.created + self.changed + self.unchanged + self.bad
    }
}

/// An import.
#[derive(Debug, Clone)]
pub struct ImportView {
    /// Which one.
    pub id: ImportId,
    /// The name of the file, as it was sent.
    pub file: String,
    /// Who sent it.
    pub actor: String,
    /// How far it got.
    pub state: ImportState,
    /// What became of the rows so far.
    pub counts: ImportCounts,
    /// The first rows that break a rule.
    pub bad_rows: Vec<BadRow>,
    /// Why it stopped.
    pub failure: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it got on last.
    pub updated_at: Timestamp,
}

/// Writes down that an import begins.
///
/// # Errors
/// What the database refuses.
pub fn begin_import(tx: &mut WriteTx<'_>, file: &str) -> Result<ImportId, Error> {
    let id = ImportId::generate();
    store::insert(tx, id, file)?;
    let entry = Entry::new("products.import_started", Subject::Server);
    audit::record(tx, entry.after(serde_json::json!({ "import_id": id }))?)?;
    Ok(id)
}

fn record_end(
    tx: &mut WriteTx<'_>,
    id: ImportId,
    state: ImportState,
    counts: &ImportCounts,
) -> Result<(), Error> {
    let entry = Entry::new("products.import_ended", Subject::Server)
        .after(serde_json::json!({ "import_id": id, "state": state, "counts": counts }))?;
    audit::record(tx, entry)
}

/// The newest imports, or the one of this id.
///
/// # Errors
/// What the database refuses.
pub fn imports(
    conn: &mut Conn,
    id: Option<ImportId>,
    limit: i64,
) -> Result<Vec<ImportView>, Error> {
    store::imports(conn, id, limit)
}

/// Puts the products of these rows into the catalogue, and their stock where none ever moved.
///
/// # Errors
/// What the database refuses; then none of them is kept.
pub fn import_rows(tx: &mut WriteTx<'_>, rows: &[ProductRow]) -> Result<(PutCounts, usize), Error> {
    let stock: Vec<(String, i64)> =
        rows.iter().filter_map(|row| Some((row.product.sku.to_string(), row.on_hand?))).collect();
    let products: Vec<ProductInput> = rows.iter().map(|row| row.product.clone()).collect();
    let counts = catalog::put_many(tx, &products)?;
    Ok((counts, set_opening_stock(tx, &stock)?))
}
