//! Log files looked through for secrets that redaction should have cut out.
//!
//! Must stay true: nothing is passed over in silence, so that "nothing found" can be believed;
//! what is told holds no part of a secret.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::lines::{Line, Source, next_line};
use super::names::{being_packed, unpacked};
use super::platform::identity;
use crate::telemetry::redact;

/// So much of a line is looked at. Batches of spans are long lines.
const LINE_BYTES_MAX: u64 = 64 << 20;

/// What a scan comes upon.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(untagged)]
pub enum LogScan {
    /// A secret stands in a line.
    Found {
        /// The file, as it can be opened.
        file: String,
        /// Counted from 1, unpacked.
        line: u64,
        /// What gave it away: a rule of redaction.
        rule: &'static str,
        /// The field that it stands in, if its name is known and can be said.
        #[serde(skip_serializing_if = "Option::is_none")]
        field: Option<String>,
        /// When the line was written.
        #[serde(skip_serializing_if = "Option::is_none")]
        timestamp: Option<String>,
        /// The trace of the line; of a batch of spans, that of the first.
        #[serde(skip_serializing_if = "Option::is_none")]
        trace_id: Option<String>,
        /// The request of the line.
        #[serde(skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
    },
    /// Something could not be looked at, or not as what it should be.
    Unread {
        /// The file or directory.
        file: String,
        /// The line, when only that is meant.
        #[serde(skip_serializing_if = "Option::is_none")]
        line: Option<u64>,
        /// What was in the way.
        unread: String,
    },
}

/// How much a scan looked at, and what came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct ScanReport {
    /// Files that were opened.
    pub files: u64,
    /// Lines in them.
    pub lines: u64,
    /// Bytes that were read, unpacked.
    pub bytes: u64,
    /// Secrets that were found, each rule and field of a line once.
    pub findings: u64,
    /// What could not be looked at.
    pub unread: u64,
}

impl ScanReport {
    /// Everything was looked at and nothing found.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings == 0 && self.unread == 0
    }
}

/// Looks through files, and through all files of directories and of those inside them, and tells
/// what it finds at once. Streams and locks nothing: a server may write on. Blocks the thread.
///
/// What stood in a directory when the scan began is looked at even if it is put aside or packed
/// meanwhile.
///
/// # Errors
/// Those of `tell`. What cannot be read is told.
pub fn scan_logs(
    paths: &[PathBuf],
    tell: &mut dyn FnMut(&LogScan) -> io::Result<()>,
) -> io::Result<ScanReport> {
    let mut scan =
        Scan { tell, report: ScanReport::default(), seen: BTreeMap::new(), read: BTreeSet::new() };
    for path in paths {
        if path.is_dir() { scan.directory(path)? } else { scan.file(path)? }
    }
    Ok(scan.report)
}

struct Scan<'a> {
    tell: &'a mut dyn FnMut(&LogScan) -> io::Result<()>,
    report: ScanReport,
    /// The files that were opened, whatever they are called now. They are held open: a file that
    /// was removed could otherwise leave its identity to another one.
    seen: BTreeMap<(u64, u64), File>,
    /// The names under which files were opened.
    read: BTreeSet<PathBuf>,
}

impl Scan<'_> {
    /// Reads all files, and then those that have got their names meanwhile: a file that was put
    /// aside before it was opened stands under its new one by then.
    fn directory(&mut self, directory: &Path) -> io::Result<()> {
        for is_first in [true, false] {
            let mut files = BTreeSet::new();
            match list(directory, &mut files) {
                Err(failure) if is_first => {
                    self.unread(directory, None, &format!("not all of it: {failure}"))?;
                }
                _ if files.is_empty() => {
                    return self.unread(directory, None, "there is no file in it");
                }
                _ => {}
            }
            let known = self.read.clone();
            let is_known = |file: &PathBuf| known.contains(file);
            for file in &files {
                let repeats = is_known(file)
                    || unpacked(file).is_some_and(|plain| is_known(&plain))
                    || being_packed(file).is_some_and(|plain| files.contains(&plain));
                if !repeats {
                    self.file(file)?;
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, path: &Path) -> io::Result<()> {
        // Before it is opened: a pipe would have it wait for a writer.
        if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
            return self.unread(path, None, "it is no file");
        }
        let opened = Source::open(path).and_then(|source| {
            let held = source.file().try_clone()?;
            Ok((identity(&held.metadata()?), held, source))
        });
        let (file, held, source) = match opened {
            Ok(opened) => opened,
            Err(failure) => return self.unread(path, None, &failure.to_string()),
        };
        self.read.insert(path.to_owned());
        if let Some(file) = file {
            match self.seen.entry(file) {
                Entry::Occupied(_) => return Ok(()),
                Entry::Vacant(place) => {
                    place.insert(held);
                }
            }
        }
        self.report.files += 1;
        self.lines(path, source)
    }

    fn lines(&mut self, path: &Path, source: Source) -> io::Result<()> {
        let (mut from, mut line, mut number) = (source.reader(), Vec::new(), 0);
        loop {
            let (found, read) = match next_line(&mut from, &mut line, LINE_BYTES_MAX) {
                Ok(next) => next,
                Err(failure) => return self.unread(path, Some(number + 1), &failure.to_string()),
            };
            self.report.bytes += read;
            if found == Line::End {
                return Ok(());
            }
            number += 1;
            self.report.lines += 1;
            if found == Line::TooLong {
                self.unread(path, Some(number), "too long: only its beginning was looked at")?;
            }
            self.line(path, number, &line)?;
        }
    }

    fn line(&mut self, path: &Path, number: u64, line: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(line);
        if matches!(text, std::borrow::Cow::Owned(_)) {
            self.unread(path, Some(number), "no UTF-8: only what can be read was looked at")?;
        }
        let found = redact::leaks_in(&text);
        for leak in found.leaks {
            self.report.findings += 1;
            (self.tell)(&LogScan::Found {
                file: path.display().to_string(),
                line: number,
                rule: leak.rule.name(),
                field: leak.field,
                timestamp: found.timestamp.clone(),
                trace_id: found.trace_id.clone(),
                request_id: found.request_id.clone(),
            })?;
        }
        Ok(())
    }

    fn unread(&mut self, path: &Path, line: Option<u64>, why: &str) -> io::Result<()> {
        self.report.unread += 1;
        let file = path.display().to_string();
        (self.tell)(&LogScan::Unread { file, line, unread: why.to_owned() })
    }
}

/// Everything in a directory that is no directory itself. A link to one is not followed, and will
/// turn out to be no file.
fn list(directory: &Path, files: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            list(&entry.path(), files)?;
        } else {
            files.insert(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
