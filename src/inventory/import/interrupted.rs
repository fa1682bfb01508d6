//! Imports that nobody goes on with: their server has stopped.

use std::time::Duration;

use super::{ImportState, record_end, store};
use crate::db::WriteTx;
use crate::error::Error;

/// One that is worked on gets on more often.
const SILENT: Duration = Duration::from_secs(120);
const INTERRUPTED: &str = "The server stopped before the end of the file. \
    What was read before is in: send the file again.";

/// Ends imports that did not get on for two minutes; answers how many.
///
/// # Errors
/// What the database refuses.
pub fn end_interrupted_imports(tx: &mut WriteTx<'_>) -> Result<usize, Error> {
    let ended = store::end_silent(tx, tx.now().before(SILENT), INTERRUPTED)?;
    for (id, counts) in &ended {
        record_end(tx, *id, ImportState::Failed, counts)?;
    }
    Ok(ended.len())
}
