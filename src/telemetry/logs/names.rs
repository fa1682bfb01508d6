//! The names of a log and of what was put aside: `docket.log`,
//! `docket-2026-11-23T09-00-00.000.log` (UTC, the moment it was put aside) and the same with `.gz`.
//!
//! Everything known about a file put aside is in its name, so copies and restores lose nothing.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::kernel::Timestamp;

/// `2026-11-23T09-00-00.000`: RFC 3339 to the millisecond, without the characters that some file
/// systems refuse.
const TIME_LENGTH: usize = 23;
const PACKED: &str = ".gz";
const UNFINISHED: &str = ".gz.tmp";
/// The last moment that can be written: 9999-12-30T21:59:59.
const LAST_MOMENT: i64 = 253_402_207_199_000_000;

/// A log by its directory and name.
#[derive(Debug, Clone)]
pub(super) struct LogNames {
    directory: PathBuf,
    name: String,
}

/// A file that was put aside. Between packing and removing there are two of it for a moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Backup {
    /// When it was put aside.
    pub(super) time: Timestamp,
    /// The file as it was written.
    pub(super) plain: Option<PathBuf>,
    /// The file packed by gzip, complete.
    pub(super) packed: Option<PathBuf>,
    /// The bytes of both on disk.
    pub(super) bytes: u64,
}

impl LogNames {
    pub(super) fn new(directory: &Path, name: &str) -> Self {
        Self { directory: directory.to_owned(), name: name.to_owned() }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The file that is written now.
    pub(super) fn active(&self) -> PathBuf {
        self.directory.join(&self.name)
    }

    /// Held by the process that writes.
    pub(super) fn lock(&self) -> PathBuf {
        self.directory.join(format!("{}.lock", self.name))
    }

    /// A name that nothing has yet, for what is put aside at `time`.
    pub(super) fn free_backup(&self, time: Timestamp) -> PathBuf {
        let mut number = 0;
        loop {
            let path = self.backup(time, number);
            if !path.exists() && !packed(&path).exists() {
                return path;
            }
            number += 1;
        }
    }

    fn backup(&self, time: Timestamp, number: u32) -> PathBuf {
        let (stem, extension) = self.parts();
        let time = written(time);
        let name = match number {
            0 => format!("{stem}-{time}{extension}"),
            _ => format!("{stem}-{time}-{number}{extension}"),
        };
        self.directory.join(name)
    }

    /// What was put aside, oldest first.
    pub(super) fn backups(&self) -> io::Result<Vec<Backup>> {
        let mut found: BTreeMap<(Timestamp, u32), Backup> = BTreeMap::new();
        for entry in fs::read_dir(&self.directory)? {
            let entry = entry?;
            let name = entry.file_name();
            let Some((key, is_packed)) = name.to_str().and_then(|name| self.parse(name)) else {
                continue;
            };
            // It may have been packed or pruned since the directory was read.
            let Ok(metadata) = entry.metadata() else { continue };
            let empty = Backup { time: key.0, plain: None, packed: None, bytes: 0 };
            let backup = found.entry(key).or_insert(empty);
            backup.bytes += metadata.len();
            let place = if is_packed { &mut backup.packed } else { &mut backup.plain };
            *place = Some(entry.path());
        }
        Ok(found.into_values().collect())
    }

    /// What a packing that was cut short left behind.
    pub(super) fn unfinished(&self) -> io::Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.directory)? {
            let name = entry?.file_name();
            let plain = name.to_str().and_then(|name| name.strip_suffix(UNFINISHED));
            if plain.is_some_and(|plain| matches!(self.parse(plain), Some((_, false)))) {
                found.push(self.directory.join(name));
            }
        }
        Ok(found)
    }

    /// The time and number in a backup's name, and whether it is packed; `None` for other files.
    fn parse(&self, name: &str) -> Option<((Timestamp, u32), bool)> {
        let plain = name.strip_suffix(PACKED);
        let is_packed = plain.is_some();
        let (stem, extension) = self.parts();
        let middle = plain.unwrap_or(name).strip_suffix(extension)?;
        let middle = middle.strip_prefix(stem)?.strip_prefix('-')?;
        let (time, number) = middle.split_at_checked(TIME_LENGTH)?;
        let number = match number.strip_prefix('-') {
            Some(digits) => digits.parse().ok().filter(|number| *number > 0)?,
            None => number.is_empty().then_some(0)?,
        };
        Some(((read(time)?, number), is_packed))
    }

    /// `docket.log` as `docket` and `.log`.
    fn parts(&self) -> (&str, &str) {
        self.name.split_at(self.name.rfind('.').unwrap_or(self.name.len()))
    }
}

/// The packed file of a plain one.
pub(super) fn packed(plain: &Path) -> PathBuf {
    with(plain, PACKED)
}

/// The packed file of a plain one while it is being written.
pub(super) fn unfinished(plain: &Path) -> PathBuf {
    with(plain, UNFINISHED)
}

/// The plain file of a packed one; `None` for one that is not packed.
pub(super) fn unpacked(packed: &Path) -> Option<PathBuf> {
    without(packed, PACKED)
}

/// The plain file of one that is still being packed.
pub(super) fn being_packed(half: &Path) -> Option<PathBuf> {
    without(half, UNFINISHED)
}

fn without(path: &Path, ending: &str) -> Option<PathBuf> {
    path.to_str()?.strip_suffix(ending).map(PathBuf::from)
}

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut path = path.as_os_str().to_owned();
    path.push(ending);
    path.into()
}

fn written(time: Timestamp) -> String {
    let time = Timestamp::from_micros(time.micros().clamp(0, LAST_MOMENT)).to_string();
    time[..TIME_LENGTH].replace(':', "-")
}

fn read(text: &str) -> Option<Timestamp> {
    let (day, time) = text.split_once('T')?;
    Timestamp::parse(&format!("{day}T{}Z", time.replace('-', ":")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> LogNames {
        LogNames::new(Path::new("logs"), "docket.log")
    }

    fn moment(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn names_say_the_moment_and_are_read_back() {
        let time = moment("2026-11-23T09:00:00.25Z");
        for (number, name) in [
            (0, "docket-2026-11-23T09-00-00.250.log"),
            (12, "docket-2026-11-23T09-00-00.250-12.log"),
        ] {
            assert_eq!(names().backup(time, number), Path::new("logs").join(name));
            assert_eq!(names().parse(name), Some(((time, number), false)));
            assert_eq!(names().parse(&format!("{name}.gz")), Some(((time, number), true)));
        }
        let traces = LogNames::new(Path::new("logs"), "traces.jsonl");
        assert!(traces.backup(time, 0).ends_with("traces-2026-11-23T09-00-00.250.jsonl"));
    }

    #[test]
    fn other_files_are_nobodys_backup() {
        for other in [
            "docket.log",
            "docket.log.lock",
            "docket.log.gz",
            "docket-.log",
            "docket-42.log",
            "docket-2026-11-23T09-00-00.250.jsonl",
            "docket-2026-11-23T09-00-00.250.log.gz.tmp",
            "docket-2026-11-23T09-00-00.250-.log",
            "docket-2026-11-23T09-00-00.250-x.log",
            "docket-2026-13-23T09-00-00.250.log",
            "dockets-2026-11-23T09-00-00.250.log",
            "docket-2026-11-23T09-00-00.25é.log",
            "checkpoints-42.jsonl",
        ] {
            assert_eq!(names().parse(other), None, "{other}");
        }
    }

    #[test]
    fn moments_beyond_the_calendar_still_have_a_name() {
        assert_eq!(written(Timestamp::from_micros(i64::MAX)), "9999-12-30T21-59-59.000");
        assert_eq!(written(Timestamp::from_micros(-1)), "1970-01-01T00-00-00.000");
    }

    #[test]
    fn a_taken_moment_gets_a_number() {
        let directory = tempfile::tempdir().unwrap();
        let names = LogNames::new(directory.path(), "docket.log");
        let time = moment("2026-11-23T09:00:00Z");
        fs::write(names.free_backup(time), "plain").unwrap();
        fs::write(packed(&names.free_backup(time)), "packed").unwrap();
        fs::write(unfinished(&names.free_backup(time)), "half").unwrap();
        assert!(names.free_backup(time).ends_with("docket-2026-11-23T09-00-00.000-2.log"));
        let backups = names.backups().unwrap();
        assert_eq!(backups.len(), 2);
        assert!(backups[0].plain.is_some() && backups[1].packed.is_some());
        assert_eq!(names.unfinished().unwrap().len(), 1);
    }
}
