//! Files that are read from start to end, packed or not, with a progress bar.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use indicatif::{ProgressBar, ProgressStyle};

use super::failure::Failure;

const GZIP: [u8; 2] = [0x1f, 0x8b];

/// A file being read; the bar goes by its bytes and shows on a terminal only.
pub(super) struct Input {
    pub(super) reader: Box<dyn BufRead + Send>,
    pub(super) bar: ProgressBar,
}

/// Opens a file. Whether it is packed, its first bytes tell.
pub(super) fn open(path: &Path) -> Result<Input, Failure> {
    read(path).map_err(|failure| Failure::new(format!("cannot read {}: {failure}", path.display())))
}

fn read(path: &Path) -> io::Result<Input> {
    let file = File::open(path)?;
    let bar = ProgressBar::new(file.metadata()?.len());
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent:>3} %  {msg}  {eta} left") {
        bar.set_style(style);
    }
    let mut bytes = BufReader::with_capacity(1 << 16, bar.wrap_read(file));
    let packed = bytes.fill_buf()?.starts_with(&GZIP);
    let reader: Box<dyn BufRead + Send> = if packed {
        Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(bytes)))
    } else {
        Box::new(bytes)
    };
    Ok(Input { reader, bar })
}
