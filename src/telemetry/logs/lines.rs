//! Log files read line by line, plain or packed.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;

use super::names::{packed, unpacked};

pub(super) const CHUNK: usize = 64 << 10;

/// An open file.
#[derive(Debug)]
pub(super) enum Source {
    /// As it was written.
    Plain(File),
    /// Packed by gzip.
    Packed(File),
}

impl Source {
    /// Opens a file, which may have been packed since it was listed.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if unpacked(path).is_some() {
            return File::open(path).map(Self::Packed);
        }
        let opened = File::open(path).map(Self::Plain);
        opened.or_else(|failure| match File::open(packed(path)) {
            Ok(late) => Ok(Self::Packed(late)),
            Err(_) => Err(failure),
        })
    }

    /// The file itself.
    pub(super) fn file(&self) -> &File {
        let (Self::Plain(file) | Self::Packed(file)) = self;
        file
    }

    /// Reads what was written, unpacked.
    pub(super) fn reader(self) -> Box<dyn BufRead> {
        match self {
            Self::Plain(file) => Box::new(BufReader::with_capacity(CHUNK, file)),
            Self::Packed(file) => {
                let unpacked = MultiGzDecoder::new(BufReader::with_capacity(CHUNK, file));
                Box::new(BufReader::with_capacity(CHUNK, unpacked))
            }
        }
    }
}

/// What was read as a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// All of it, without its end.
    Whole,
    /// Only its beginning; the rest was passed over.
    TooLong,
    /// The last one, which has no end yet.
    Unfinished,
    /// Nothing: the file has ended.
    End,
}

/// Reads the next line into `line`, at most `bytes_max` of it, and answers how many bytes of the
/// file that took.
pub(super) fn next_line(
    from: &mut impl BufRead,
    line: &mut Vec<u8>,
    bytes_max: u64,
) -> io::Result<(Line, u64)> {
    line.clear();
    let read = from.by_ref().take(bytes_max).read_until(b'\n', line)? as u64;
    if line.pop_if(|last| *last == b'\n').is_some() {
        return Ok((Line::Whole, read));
    }
    match read {
        0 => Ok((Line::End, 0)),
        _ if read < bytes_max => Ok((Line::Unfinished, read)),
        _ => Ok((Line::TooLong, read + from.skip_until(b'\n')? as u64)),
    }
}
