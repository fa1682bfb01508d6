//! What the operating systems do differently about files.

use std::fs::{Metadata, OpenOptions};
use std::io;
use std::path::Path;

/// For new files: readable by the owner and by the group, that of a log shipper.
#[cfg(unix)]
pub(super) fn group_readable() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.mode(0o640);
    options
}

#[cfg(not(unix))]
pub(super) fn group_readable() -> OpenOptions {
    OpenOptions::new()
}

/// What a file is, whatever it is called: device and inode.
#[cfg(unix)]
pub(super) fn identity(metadata: &Metadata) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    Some((metadata.dev(), metadata.ino()))
}

/// Without inodes only a missing file is told from ours.
#[cfg(not(unix))]
pub(super) fn identity(_metadata: &Metadata) -> Option<(u64, u64)> {
    None
}

/// Makes the names in a directory last through a power failure.
#[cfg(unix)]
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    std::fs::File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
pub(super) fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}
