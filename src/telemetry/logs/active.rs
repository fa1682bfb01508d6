//! The file that is written now.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::time::SystemTime;

use super::buffer::Target;
use super::platform::{group_readable, identity};
use crate::kernel::Timestamp;

/// An open file, appended to. It stays writable when its name goes to another file.
#[derive(Debug)]
pub(super) struct ActiveFile {
    file: File,
    identity: Option<(u64, u64)>,
    /// Bytes in it, by our own count since we looked last.
    bytes: u64,
}

/// What a file was like when it was opened.
pub(super) struct Found {
    /// It does not end with the end of a line.
    pub(super) torn: bool,
    /// When it was written last; `None` for a new one.
    pub(super) modified: Option<Timestamp>,
}

impl ActiveFile {
    /// Opens the file, makes it and its directory when missing.
    pub(super) fn open(path: &Path) -> io::Result<(Self, Found)> {
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        let mut file = group_readable().read(true).append(true).create(true).open(path)?;
        let metadata = file.metadata()?;
        let bytes = metadata.len();
        let found = Found {
            torn: bytes > 0 && last_byte(&mut file)? != b'\n',
            modified: (bytes > 0).then(|| modified(&metadata)),
        };
        Ok((Self { file, identity: identity(&metadata), bytes }, found))
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Whether this file is what stands under `path`; somebody may have emptied it.
    pub(super) fn is_at(&mut self, path: &Path) -> bool {
        match fs::metadata(path) {
            Ok(metadata) if identity(&metadata) == self.identity => {
                self.bytes = metadata.len();
                true
            }
            _ => false,
        }
    }
}

impl Target for ActiveFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.file.write(bytes)?;
        self.bytes += taken as u64;
        Ok(taken)
    }

    fn take_back(&mut self, bytes: usize) -> io::Result<()> {
        // Asked of the file, not of our count: somebody may have emptied it.
        let length = self.file.metadata()?.len().saturating_sub(bytes as u64);
        self.file.set_len(length)?;
        self.bytes = length;
        Ok(())
    }
}

fn modified(metadata: &Metadata) -> Timestamp {
    let since =
        metadata.modified().ok().and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
    Timestamp::from_micros(0).after(since.unwrap_or_default())
}

fn last_byte(file: &mut File) -> io::Result<u8> {
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last[0])
}
