//! A file of OTLP's JSON: one request per line, to be replayed into any collector later.

use std::io::Write;
use std::sync::{Mutex, PoisonError};

use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SpanData;

use super::{Failure, LineWriter, to_otlp};

/// Writes batches as lines.
pub(in crate::telemetry::traces) struct FileExporter {
    file: Mutex<LineWriter>,
    resource: Resource,
}

impl FileExporter {
    pub(super) fn new(file: LineWriter, resource: &Resource) -> Self {
        Self { file: Mutex::new(file), resource: resource.clone() }
    }

    /// # Errors
    /// When the line cannot be written.
    pub(super) fn export(&self, batch: Vec<SpanData>) -> Result<(), Failure> {
        let mut line = serde_json::to_vec(&to_otlp(batch, &self.resource))?;
        line.push(b'\n');
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.write_all(&line)?;
        Ok(file.flush()?)
    }
}
