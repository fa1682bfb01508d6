//! The rolling file of checkpoints, `logs/checkpoints.jsonl` in the data directory: one line of
//! JSON per seal, in order. Shipped elsewhere with the other logs, it is what an auditor holds the
//! database against.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::checkpoint::Checkpoint;
use super::export::write_line;
use super::key_file::sync_directory;
use crate::error::Error;
use crate::kernel::Timestamp;

const ACTIVE: &str = "checkpoints.jsonl";
/// A file of this size is put aside under the number of its last seal: `checkpoints-42.jsonl`.
const BYTES_MAX: u64 = 16 << 20;
/// No line is longer than this.
const LINE_MAX: u64 = 4 << 10;

/// The file, shared by all processes on a data directory.
#[derive(Debug, Clone)]
pub(super) struct CheckpointFile {
    directory: PathBuf,
    bytes_max: u64,
}

impl CheckpointFile {
    /// The file of this data directory; its folder is made when missing.
    pub(super) fn open(data_dir: &Path) -> Result<Self, Error> {
        let directory = data_dir.join("logs");
        fs::create_dir_all(&directory).map_err(failed)?;
        Ok(Self { directory, bytes_max: BYTES_MAX })
    }

    /// The newest checkpoint in the file, or in the one that was put aside last.
    pub(super) fn last(&self) -> Result<Option<Checkpoint>, Error> {
        let aside = self.newest_aside()?;
        for path in [Some(self.active()), aside].into_iter().flatten() {
            if path.exists()
                && let Some(line) = last_line(&path).map_err(failed)?
            {
                return parse(&path, &line).map(Some);
            }
        }
        Ok(None)
    }

    /// Adds those of `checkpoints` that are not there yet, durably.
    pub(super) fn append(&self, checkpoints: &[Checkpoint]) -> Result<(), Error> {
        let lock = File::create(self.directory.join("checkpoints.lock")).map_err(failed)?;
        lock.lock().map_err(failed)?;
        // Another process may have been faster.
        let last = self.last()?.map_or(0, |checkpoint| checkpoint.number);
        let mut lines = Vec::new();
        for checkpoint in checkpoints.iter().filter(|checkpoint| checkpoint.number > last) {
            write_line(&mut lines, checkpoint)?;
        }
        if lines.is_empty() {
            return Ok(());
        }
        self.put_aside_when_full(last).and_then(|()| self.write(&lines)).map_err(failed)
    }

    fn write(&self, lines: &[u8]) -> std::io::Result<()> {
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(self.active())?;
        // A crash may have left half a line, which was never acknowledged.
        let whole = end_of_last_line(&mut file)?;
        file.set_len(whole)?;
        file.seek(SeekFrom::Start(whole))?;
        file.write_all(lines)?;
        file.sync_all()?;
        sync_directory(&self.directory)
    }

    fn put_aside_when_full(&self, last: i64) -> std::io::Result<()> {
        let active = self.active();
        if fs::metadata(&active).is_ok_and(|file| file.len() >= self.bytes_max) {
            fs::rename(active, self.directory.join(format!("checkpoints-{last}.jsonl")))?;
        }
        Ok(())
    }

    fn active(&self) -> PathBuf {
        self.directory.join(ACTIVE)
    }

    fn newest_aside(&self) -> Result<Option<PathBuf>, Error> {
        let mut newest = None;
        for file in fs::read_dir(&self.directory).map_err(failed)? {
            let name = file.map_err(failed)?.file_name();
            let number = name
                .to_str()
                .and_then(|name| name.strip_prefix("checkpoints-")?.strip_suffix(".jsonl"))
                .and_then(|number| number.parse::<i64>().ok());
            newest = newest.max(number);
        }
        Ok(newest.map(|number| self.directory.join(format!("checkpoints-{number}.jsonl"))))
    }
}

/// Moves the checkpoints of a data directory into a folder of their own beside the log: a restored
/// database goes on from its own last seal, not from theirs. Answers where they are, if there were
/// any; they still prove what they proved.
///
/// # Errors
/// [`Error::Internal`] when a file cannot be moved.
pub fn put_checkpoints_aside(data_dir: &Path, now: Timestamp) -> Result<Option<PathBuf>, Error> {
    let logs = data_dir.join("logs");
    if !logs.exists() {
        return Ok(None);
    }
    let aside = logs.join(format!("checkpoints-before-restore-{}", now.micros()));
    for file in fs::read_dir(&logs).map_err(failed)? {
        let file = file.map_err(failed)?;
        let name = file.file_name();
        let ours = name
            .to_str()
            .is_some_and(|name| name.starts_with("checkpoints") && name.ends_with(".jsonl"));
        if ours {
            fs::create_dir_all(&aside).map_err(failed)?;
            fs::rename(file.path(), aside.join(name)).map_err(failed)?;
        }
    }
    Ok(aside.exists().then_some(aside))
}

/// Reads exported checkpoints: one line of JSON each. Half a line at the end, as a crash or a
/// running copy leaves it, is passed over.
///
/// # Errors
/// [`Error::Internal`], which names the file and the line that is not a checkpoint.
pub fn read_checkpoints(path: &Path) -> Result<Vec<Checkpoint>, Error> {
    let text = fs::read_to_string(path).map_err(|failure| {
        Error::internal("reading checkpoints", format!("{}: {failure}", path.display()))
    })?;
    let whole = text.ends_with('\n');
    let mut lines: Vec<&str> = text.lines().collect();
    // One checkpoint passed on by hand may have lost its line feed.
    if !whole && lines.last().is_some_and(|last| parse(path, last).is_err()) {
        lines.pop();
    }
    lines.into_iter().filter(|line| !line.trim().is_empty()).map(|line| parse(path, line)).collect()
}

fn parse(path: &Path, line: &str) -> Result<Checkpoint, Error> {
    serde_json::from_str(line).map_err(|failure| {
        let what = format!("{} has a line that is no checkpoint ({failure})", path.display());
        Error::internal("reading checkpoints", what)
    })
}

/// The last line that was written to its end.
fn last_line(path: &Path) -> std::io::Result<Option<String>> {
    let mut file = File::open(path)?;
    let whole = end_of_last_line(&mut file)?;
    let tail = read_back(&mut file, whole)?;
    let text = String::from_utf8_lossy(&tail);
    Ok(text.lines().last().map(str::to_owned))
}

/// Where the last line feed is, plus one.
fn end_of_last_line(file: &mut File) -> std::io::Result<u64> {
    let length = file.metadata()?.len();
    let tail = read_back(file, length)?;
    let torn = tail.iter().rev().take_while(|byte| **byte != b'\n').count();
    Ok(length - torn as u64)
}

/// The bytes before `end`, enough of them to hold a whole line.
fn read_back(file: &mut File, end: u64) -> std::io::Result<Vec<u8>> {
    let start = end.saturating_sub(LINE_MAX);
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(start))?;
    file.take(end - start).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn failed(failure: std::io::Error) -> Error {
    Error::internal("keeping the file of checkpoints", failure)
}

#[cfg(test)]
mod tests {
    use super::super::checkpoint::Range;
    use super::super::digest::Hash;
    use super::super::key::SealKey;
    use super::*;
    use crate::kernel::Timestamp;

    fn checkpoints(numbers: std::ops::RangeInclusive<i64>) -> Vec<Checkpoint> {
        let key = SealKey::generate();
        let sign = |number| {
            let range = Range { number, first_seq: number, last_seq: number, root: Hash::ZERO };
            Checkpoint::sign(range, Hash::ZERO, Timestamp::from_micros(0), &key)
        };
        numbers.map(sign).collect()
    }

    #[test]
    fn what_is_there_is_not_added_again() {
        let directory = tempfile::tempdir().unwrap();
        let file = CheckpointFile::open(directory.path()).unwrap();
        let all = checkpoints(1..=5);
        assert_eq!(file.last().unwrap(), None);
        file.append(&all[..3]).unwrap();
        file.append(&all).unwrap();
        assert_eq!(file.last().unwrap().as_ref(), all.last());
        assert_eq!(read_checkpoints(&file.active()).unwrap(), all);
    }

    #[test]
    fn half_a_line_is_passed_over_and_written_anew() {
        let directory = tempfile::tempdir().unwrap();
        let file = CheckpointFile::open(directory.path()).unwrap();
        let all = checkpoints(1..=3);
        file.append(&all).unwrap();
        let length = fs::metadata(file.active()).unwrap().len();
        let torn = OpenOptions::new().write(true).open(file.active()).unwrap();
        torn.set_len(length - 10).unwrap();
        assert_eq!(file.last().unwrap().as_ref(), Some(&all[1]));
        assert_eq!(read_checkpoints(&file.active()).unwrap(), all[..2]);
        file.append(&all).unwrap();
        assert_eq!(read_checkpoints(&file.active()).unwrap(), all);
    }

    #[test]
    fn a_full_file_is_put_aside_and_the_count_goes_on() {
        let directory = tempfile::tempdir().unwrap();
        let file =
            CheckpointFile { bytes_max: 1, ..CheckpointFile::open(directory.path()).unwrap() };
        let all = checkpoints(1..=12);
        for checkpoint in &all {
            file.append(std::slice::from_ref(checkpoint)).unwrap();
        }
        fs::remove_file(file.active()).unwrap();
        assert_eq!(file.last().unwrap().as_ref(), Some(&all[10]));
        file.append(&all).unwrap();
        assert_eq!(read_checkpoints(&file.active()).unwrap(), all[11..]);
    }

    #[test]
    fn a_line_that_is_no_checkpoint_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("export.jsonl");
        fs::write(&path, "{\"number\":1}\n").unwrap();
        let refused = read_checkpoints(&path).unwrap_err().to_string();
        assert!(refused.contains("export.jsonl has a line that is no checkpoint"), "{refused}");
    }
}
