//! Lines read back from a log: the active file and all that was put aside, packed or not.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;

use super::lines::{CHUNK, Line, Source, next_line};
use super::names::{Backup, LogNames};
use super::platform::identity;
use crate::kernel::Timestamp;

/// Longer lines are passed over: the log writes none.
const LINE_BYTES_MAX: u64 = 1 << 20;

/// How much a search may read and answer.
#[derive(Debug, Clone, Copy)]
pub struct SearchLimits {
    /// Lines in the answer, at most.
    pub lines_max: usize,
    /// Bytes of these lines, at most.
    pub bytes_max: usize,
    /// Bytes to read, unpacked, at most.
    pub read_bytes_max: u64,
    /// Files that were put aside before this are passed over.
    pub since: Option<Timestamp>,
}

/// What a search found.
#[derive(Debug, Default)]
pub struct Found {
    /// The newest lines that match, oldest first, without their line ends.
    pub lines: Vec<String>,
    /// A limit was reached: older lines that match may be missing.
    pub truncated: bool,
    /// Files that were read.
    pub files_read: usize,
    /// Bytes that were read, unpacked.
    pub bytes_read: u64,
    /// Files that were damaged or vanished meanwhile, by name. What could be read of them is in
    /// `lines`.
    pub skipped: Vec<String>,
}

/// Looks for lines that contain any of `needles`, in the log `name` (`docket.log`) of a directory
/// and in what was put aside of it.
///
/// The newest files are read first and the newest lines are kept when a limit is reached; the
/// answer is in the order of writing. Files are streamed; nothing is locked, so a server may write
/// on: a line is found once though its file is put aside or packed meanwhile. Lines that are still
/// being written are left out. Blocks the thread.
///
/// # Errors
/// When the directory cannot be listed. A file that cannot be read is named in [`Found::skipped`].
pub fn search(
    directory: &Path,
    name: &str,
    needles: &[String],
    limits: SearchLimits,
) -> io::Result<Found> {
    let names = LogNames::new(directory, name);
    let mut search =
        Search { needles, limits, kept: VecDeque::new(), kept_bytes: 0, found: Found::default() };
    // Opened before the others are listed: when it is put aside in between, it is in the list, and
    // known by its identity.
    let active = File::open(names.active()).ok();
    let active_identity = active.as_ref().and_then(|file| identity(&file.metadata().ok()?));
    let mut backups = names.backups()?;
    backups.retain(|backup| !is(backup, active_identity));
    if let Some(active) = active {
        search.read(name, Source::Plain(active));
    }
    for backup in backups.iter().rev() {
        if search.is_over() || limits.since.is_some_and(|since| backup.time < since) {
            break;
        }
        search.read_backup(backup);
    }
    search.found.lines = search.kept.into();
    Ok(search.found)
}

struct Search<'a> {
    needles: &'a [String],
    limits: SearchLimits,
    /// What is kept of the files that were read so far, in the order of writing.
    kept: VecDeque<String>,
    kept_bytes: usize,
    found: Found,
}

impl Search<'_> {
    fn is_over(&mut self) -> bool {
        let enough = self.found.bytes_read >= self.limits.read_bytes_max
            || self.kept.len() >= self.limits.lines_max
            || self.kept_bytes >= self.limits.bytes_max;
        self.found.truncated |= enough;
        enough
    }

    fn read_backup(&mut self, backup: &Backup) {
        let Some(path) = backup.plain.as_ref().or(backup.packed.as_ref()) else { return };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        match Source::open(path) {
            Ok(source) => self.read(&name, source),
            Err(_) => self.found.skipped.push(name.into_owned()),
        }
    }

    /// Reads a file that is older than all before, and puts its lines in front of theirs.
    fn read(&mut self, name: &str, source: Source) {
        self.found.files_read += 1;
        let mut matches = Matches { lines: VecDeque::new(), bytes: 0, dropped: false };
        let read = match source {
            Source::Plain(file) => self.scan_end(file, &mut matches),
            packed @ Source::Packed(_) => self.scan(&mut packed.reader(), &mut matches),
        };
        if read.is_err() {
            self.found.skipped.push(name.to_owned());
        }
        self.found.truncated |= matches.dropped;
        self.kept_bytes += matches.bytes;
        matches.lines.into_iter().rev().for_each(|line| self.kept.push_front(line));
    }

    /// Reads as much of a plain file's end as may still be read.
    fn scan_end(&mut self, mut file: File, matches: &mut Matches) -> io::Result<()> {
        let left = self.limits.read_bytes_max.saturating_sub(self.found.bytes_read);
        let length = file.metadata()?.len();
        let skipped = length.saturating_sub(left);
        if skipped > 0 {
            self.found.truncated = true;
            // From one byte before: a line that starts right there is whole.
            file.seek(SeekFrom::Start(skipped - 1))?;
        }
        let mut from = BufReader::with_capacity(CHUNK, file);
        if skipped > 0 {
            self.found.bytes_read += from.skip_until(b'\n')? as u64;
        }
        self.scan(&mut from, matches)
    }

    fn scan(&mut self, from: &mut impl BufRead, matches: &mut Matches) -> io::Result<()> {
        let mut line = Vec::new();
        while self.found.bytes_read < self.limits.read_bytes_max {
            let (found, read) = next_line(from, &mut line, LINE_BYTES_MAX)?;
            self.found.bytes_read += read;
            match found {
                Line::Whole => {}
                Line::TooLong => continue,
                Line::Unfinished | Line::End => return Ok(()),
            }
            let text = String::from_utf8_lossy(&line);
            if self.needles.iter().any(|needle| text.contains(needle.as_str())) {
                let lines_left = self.limits.lines_max.saturating_sub(self.kept.len());
                let bytes_left = self.limits.bytes_max.saturating_sub(self.kept_bytes);
                matches.keep(text.into_owned(), lines_left, bytes_left);
            }
        }
        self.found.truncated = true;
        Ok(())
    }
}

/// The newest lines of one file that match.
struct Matches {
    lines: VecDeque<String>,
    bytes: usize,
    dropped: bool,
}

impl Matches {
    fn keep(&mut self, line: String, lines_max: usize, bytes_max: usize) {
        self.bytes += line.len();
        self.lines.push_back(line);
        while self.lines.len() > lines_max || self.bytes > bytes_max {
            let Some(oldest) = self.lines.pop_front() else { return };
            self.bytes -= oldest.len();
            self.dropped = true;
        }
    }
}

/// Whether a backup is the file of this identity.
fn is(backup: &Backup, file: Option<(u64, u64)>) -> bool {
    let plain = backup.plain.as_ref().and_then(|path| identity(&fs::metadata(path).ok()?));
    file.is_some() && plain == file
}

#[cfg(test)]
mod tests;
