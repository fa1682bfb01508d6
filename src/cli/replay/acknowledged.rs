//! The list of what the server acknowledged, to be compared with what it has after a crash.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use serde_json::json;

use super::super::failure::Failure;
use super::client::{Answer, Outcome};

/// A file with one line for every final answer, or none.
pub(super) struct Acknowledged(Option<File>);

impl Acknowledged {
    pub(super) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let open = |path: &Path| {
            let file = File::options().create(true).append(true).open(path);
            file.map_err(|failure| Failure::new(format!("{}: {failure}", path.display())))
        };
        path.map(open).transpose().map(Self)
    }

    /// Adds the answer's line in one write, so that it is there whatever happens next.
    pub(super) fn write(&mut self, answer: &Answer) -> Result<(), Failure> {
        let (Some(file), Outcome::Final(last)) = (&mut self.0, &answer.outcome) else {
            return Ok(());
        };
        let line = json!({
            "reference": answer.reference,
            "key": answer.key,
            "status": last.status,
            "code": last.code,
            "order_id": last.order_id,
            "total": last.total,
            "body_sha256": last.body_sha256,
            "replayed": last.replayed,
        });
        Ok(file.write_all(format!("{line}\n").as_bytes())?)
    }
}
