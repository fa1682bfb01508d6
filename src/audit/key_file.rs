//! Where keys are kept: `audit-key` in the data directory holds the one that seals now, readable
//! by its owner only; `audit-keys/` holds the public halves of all there ever were, so that old
//! seals still verify after a rotation.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::key::{PublicKey, SealKey};
use crate::error::Error;

const SECRET: &str = "audit-key";
const PUBLIC: &str = "audit-keys";

impl SealKey {
    /// The key of this data directory, made when there is none yet. Processes that start at once
    /// all get the same one.
    ///
    /// # Errors
    /// [`Error::Internal`] when the file cannot be read or written, or holds something else.
    pub fn load_or_create(data_dir: &Path) -> Result<Self, Error> {
        let _lock = lock(data_dir)?;
        let path = data_dir.join(SECRET);
        let key = if path.exists() { read(&path)? } else { keep(data_dir, Self::generate())? };
        // The public half may be missing when only `audit-key` was restored from a backup.
        publish(data_dir, &key.public())?;
        Ok(key)
    }

    /// Replaces the key. Running servers go on with the old one until they start again; seals of
    /// both verify.
    ///
    /// # Errors
    /// [`Error::Internal`] when the files cannot be written; the old key then still holds.
    pub fn rotate(data_dir: &Path) -> Result<Self, Error> {
        let _lock = lock(data_dir)?;
        keep(data_dir, Self::generate())
    }
}

/// The public halves of all keys that this data directory ever had.
///
/// # Errors
/// [`Error::Internal`] when a file cannot be read or holds something else.
pub fn public_keys(data_dir: &Path) -> Result<Vec<PublicKey>, Error> {
    let directory = data_dir.join(PUBLIC);
    if !directory.exists() {
        return Ok(Vec::new());
    }
    let mut keys = Vec::new();
    for file in fs::read_dir(&directory).map_err(reading)? {
        let path = file.map_err(reading)?.path();
        if path.extension().is_some_and(|extension| extension == "pub") {
            let text = fs::read_to_string(&path).map_err(reading)?;
            keys.push(text.trim_end().parse().map_err(|malformed| not_a_key(&path, malformed))?);
        }
    }
    Ok(keys)
}

fn read(path: &Path) -> Result<SealKey, Error> {
    warn_when_open(path);
    let text = fs::read_to_string(path).map_err(reading)?;
    let seed = text.trim_end().parse().map_err(|malformed| not_a_key(path, malformed))?;
    Ok(SealKey::from_seed(seed))
}

/// The public half first: a seal must never be signed by a key that nobody can verify.
fn keep(data_dir: &Path, key: SealKey) -> Result<SealKey, Error> {
    publish(data_dir, &key.public())?;
    replace(&data_dir.join(SECRET), &format!("{}\n", key.seed())).map_err(writing)?;
    Ok(key)
}

fn publish(data_dir: &Path, key: &PublicKey) -> Result<(), Error> {
    let path = data_dir.join(PUBLIC).join(format!("{}.pub", key.id()));
    if path.exists() {
        return Ok(());
    }
    replace(&path, &format!("{key}\n")).map_err(writing)
}

/// Held while key files change; given back with the file.
fn lock(data_dir: &Path) -> Result<File, Error> {
    let directory = data_dir.join(PUBLIC);
    fs::create_dir_all(&directory).map_err(writing)?;
    let file = File::create(directory.join("lock")).map_err(writing)?;
    file.lock().map_err(writing)?;
    Ok(file)
}

/// Writes a file whole, durably and for its owner only, or leaves what was there.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let unfinished = PathBuf::from(name);
    if unfinished.exists() {
        fs::remove_file(&unfinished)?;
    }
    let mut file = owner_only().write(true).create_new(true).open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    path.parent().map_or(Ok(()), sync_directory)
}

/// Makes a new name in the directory survive a power cut.
#[cfg(unix)]
pub(super) fn sync_directory(directory: &Path) -> std::io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
pub(super) fn sync_directory(_directory: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn owner_only() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(not(unix))]
fn owner_only() -> OpenOptions {
    OpenOptions::new()
}

#[cfg(unix)]
fn warn_when_open(path: &Path) {
    use std::os::unix::fs::PermissionsExt;
    if fs::metadata(path).is_ok_and(|file| file.permissions().mode() & 0o077 != 0) {
        tracing::warn!(file = %path.display(), "the audit key can be read by others: chmod 600");
    }
}

#[cfg(not(unix))]
fn warn_when_open(_path: &Path) {}

fn reading(failure: std::io::Error) -> Error {
    Error::internal("reading the audit keys", failure)
}

fn writing(failure: std::io::Error) -> Error {
    Error::internal("writing the audit keys", failure)
}

fn not_a_key(path: &Path, malformed: super::digest::MalformedHex) -> Error {
    let what = format!(
        "{} is {malformed}: restore it from a backup, or move it away (what was sealed before \
         still verifies with the files in {PUBLIC}/)",
        path.display()
    );
    Error::internal("reading the audit keys", what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_keeps_its_key_and_a_rotated_one_keeps_both_public_halves() {
        let directory = tempfile::tempdir().unwrap();
        let first = SealKey::load_or_create(directory.path()).unwrap().public();
        assert_eq!(SealKey::load_or_create(directory.path()).unwrap().public(), first);
        let second = SealKey::rotate(directory.path()).unwrap().public();
        assert_eq!(SealKey::load_or_create(directory.path()).unwrap().public(), second);
        let mut kept = public_keys(directory.path()).unwrap();
        kept.sort_by_key(|key| *key != first);
        assert_eq!(kept, [first, second]);
    }

    #[test]
    fn starting_at_once_gives_one_key() {
        let directory = tempfile::tempdir().unwrap();
        let load = || SealKey::load_or_create(directory.path()).unwrap().public();
        let keys: Vec<PublicKey> = std::thread::scope(|scope| {
            let loads: Vec<_> = (0..8).map(|_| scope.spawn(load)).collect();
            loads.into_iter().map(|load| load.join().unwrap()).collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
        assert_eq!(public_keys(directory.path()).unwrap(), [keys[0]]);
    }

    #[cfg(unix)]
    #[test]
    fn the_key_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let directory = tempfile::tempdir().unwrap();
        SealKey::load_or_create(directory.path()).unwrap();
        let mode = fs::metadata(directory.path().join(SECRET)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_key_is_refused_and_never_replaced() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(SECRET), "short\n").unwrap();
        let refused = SealKey::load_or_create(directory.path()).unwrap_err();
        assert!(refused.to_string().contains("audit-key is not 64"), "{refused}");
        assert_eq!(fs::read_to_string(directory.path().join(SECRET)).unwrap(), "short\n");
    }
}
