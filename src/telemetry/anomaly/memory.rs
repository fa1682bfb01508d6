//! Baselines outlive the process in a small file: a week is longer than most processes live.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::baseline::Baseline;
use super::signal::Signal;

const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
struct Memory {
    version: u32,
    /// By signal. A signal that is not there starts anew, one that is not known is forgotten.
    baselines: BTreeMap<String, Baseline>,
}

/// What an earlier process knew. A file that cannot be understood is put aside and told of: what is
/// lost is a week's habits.
pub(super) fn load(file: &Path) -> [Baseline; Signal::ALL.len()] {
    let read = fs::read(file).and_then(|bytes| parse(&bytes));
    if let Err(error) = &read
        && error.kind() != io::ErrorKind::NotFound
    {
        let aside = file.with_extension("unreadable");
        let _ = fs::rename(file, &aside);
        tracing::warn!(aside = %aside.display(), %error, "the baselines of anomalies start anew");
    }
    let mut known = read.unwrap_or_default();
    Signal::ALL.map(|signal| known.remove(signal.as_str()).unwrap_or_default())
}

fn parse(bytes: &[u8]) -> io::Result<BTreeMap<String, Baseline>> {
    let memory: Memory = serde_json::from_slice(bytes)?;
    if memory.version != VERSION {
        let version = memory.version;
        return Err(io::Error::other(format!("version {version} is not known, but {VERSION} is")));
    }
    Ok(memory.baselines)
}

/// Writes the file whole or not at all.
pub(super) fn save(file: &Path, baselines: &[Baseline]) -> io::Result<()> {
    let by_name = Signal::ALL.iter().map(|signal| signal.as_str().to_owned());
    let memory =
        Memory { version: VERSION, baselines: by_name.zip(baselines.iter().cloned()).collect() };
    let unfinished = file.with_extension("unfinished");
    fs::write(&unfinished, serde_json::to_vec(&memory)?)?;
    fs::rename(&unfinished, file)
}
