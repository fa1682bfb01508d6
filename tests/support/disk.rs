//! A disk whose power can be cut, that can be full, and whose syncs can fail: `disk.c` stands
//! between a server and its files.
//!
//! It models a disk that keeps nothing but what was synced, or besides it any sectors of what was
//! not. It does not model one that says to have synced what it has not.
#![allow(dead_code, reason = "not every binary that includes this file needs all of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use tempfile::TempDir;

use crate::process::{Home, Server};
use crate::random::Random;

const SOURCE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/disk.c");
const PAGE: usize = 4_096;
/// What a disk writes whole or not at all.
const SECTOR: usize = 512;
/// The state of a page that was written and not synced.
const DIRTY: u8 = 1;

/// SQLite's log is copied and begun anew many times in a life of some hundred milliseconds.
pub const SHORT_LOG: [(&str, &str); 1] = [("DOCKET_DATABASE__CHECKPOINT_PAGES", "64")];

/// What the disk takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// Everything.
    Plenty,
    /// Only what is written over something.
    NoNewBlocks,
    /// Nothing: as on a file system that never writes in place.
    NoWrites,
}

/// What a power cut leaves of that which was not synced.
pub enum Survivors<'a> {
    Nothing,
    /// Each sector by the toss of a coin.
    Some(&'a mut Random),
}

/// The disk under a home's data directory.
pub struct Disk {
    root: PathBuf,
    shadow: TempDir,
}

impl Disk {
    /// `None`, and word of it, where there is no C compiler, or no loader as glibc's.
    pub fn under(home: &Home) -> Option<Self> {
        if !cfg!(all(target_os = "linux", target_env = "gnu")) {
            println!("skipped: for Linux with glibc only");
            return None;
        }
        let (root, shadow) = (fs::canonicalize(home.data.path()).unwrap(), tempfile::tempdir());
        let disk = Self { root, shadow: shadow.unwrap() };
        let mut compiler = Command::new("cc");
        compiler.args(["-O2", "-shared", "-fPIC", "-o"]).arg(disk.library()).arg(SOURCE);
        let Ok(compiled) = compiler.status() else {
            println!("skipped: no C compiler (cc)");
            return None;
        };
        assert!(compiled.success(), "{SOURCE} does not compile");
        fs::write(disk.control(), [0; 144]).unwrap();
        Some(disk)
    }

    fn library(&self) -> PathBuf {
        self.shadow.path().join("disk.so")
    }

    fn control(&self) -> PathBuf {
        self.shadow.path().join("control")
    }

    fn folder(&self, name: &str) -> PathBuf {
        self.shadow.path().join(name)
    }

    /// Starts the server on this disk; what its files hold now is durable.
    #[track_caller]
    pub fn start(&self, home: &Home, settings: &[(&str, &str)]) -> Server {
        self.settle();
        self.start_again(home, settings, Stdio::inherit()).unwrap()
    }

    /// The same, without anything having become durable: the process before ended, and its files
    /// are as it saw them.
    #[track_caller]
    pub fn start_again(
        &self,
        home: &Home,
        settings: &[(&str, &str)],
        errors: Stdio,
    ) -> Result<Server, ExitStatus> {
        let (library, shadow) = (self.library(), self.shadow.path());
        let disk = [
            ("LD_PRELOAD", library.to_str().unwrap()),
            ("DISK_ROOT", self.root.to_str().unwrap()),
            ("DISK_SHADOW", shadow.to_str().unwrap()),
        ];
        home.try_start(&[settings, &disk].concat(), errors)
    }

    /// All that the files hold now is durable. No server runs.
    pub fn settle(&self) {
        for folder in ["files", "pages"] {
            let _ = fs::remove_dir_all(self.folder(folder));
            fs::create_dir(self.folder(folder)).unwrap();
        }
        let is_memory = |file: &PathBuf| file.to_string_lossy().ends_with("-shm");
        for file in files_below(&self.root).into_iter().filter(|file| !is_memory(file)) {
            fs::copy(&file, self.folder("files").join(self.flat(&file))).unwrap();
        }
    }

    /// Puts the files into the state that a power cut leaves. The server has just been killed.
    /// Answers how many pages were written and not synced, or lost by a sync that failed.
    pub fn cut_power(&self, mut survivors: Survivors) -> usize {
        let mut unsynced = 0;
        for live in files_below(&self.root) {
            let states = fs::read(self.folder("pages").join(self.flat(&live))).unwrap_or_default();
            unsynced += states.iter().filter(|state| **state != 0).count();
            if let Survivors::Some(random) = &mut survivors {
                self.let_survive(&live, &states, random);
            }
            fs::remove_file(live).unwrap();
        }
        for kept in files_below(&self.folder("files")) {
            let name = kept.file_name().unwrap().to_str().unwrap().replace('%', "/");
            fs::copy(&kept, self.root.join(name)).unwrap();
        }
        unsynced
    }

    /// Sectors of dirty pages reach the shadow by chance. A file of which nothing was synced has
    /// no name on the disk.
    fn let_survive(&self, live: &Path, states: &[u8], random: &mut Random) {
        let shadow = self.folder("files").join(self.flat(live));
        let Ok(shadow) = File::options().write(true).open(shadow) else { return };
        let live = File::open(live).unwrap();
        let mut sector = [0; SECTOR];
        let dirty = states.iter().enumerate().filter(|(_, state)| **state == DIRTY);
        let sectors = dirty.flat_map(|(page, _)| (page * PAGE..(page + 1) * PAGE).step_by(SECTOR));
        for at in sectors {
            if random.between(0, 1) == 1 {
                let length = live.read_at(&mut sector, at as u64).unwrap();
                shadow.write_all_at(&sector[..length], at as u64).unwrap();
            }
        }
    }

    /// Another one whenever SQLite's log was copied to its end and begun anew: its first salt
    /// (<https://sqlite.org/fileformat2.html#walformat>). There is none before the first write.
    pub fn salt_of_log(&self) -> Option<[u8; 4]> {
        let mut salt = [0; 4];
        let log = File::open(self.root.join("docket.db-wal")).ok()?;
        log.read_exact_at(&mut salt, 16).ok()?;
        Some(salt)
    }

    /// The name of a file in the shadow, which has no folders.
    fn flat(&self, file: &Path) -> String {
        file.strip_prefix(&self.root).unwrap().to_str().unwrap().replace('/', "%")
    }

    // What `disk.c` reads and writes beside the files: numbers of 64 bits and a name.

    fn put(&self, place: u64, value: u64) {
        let control = File::options().write(true).open(self.control()).unwrap();
        control.write_all_at(&value.to_ne_bytes(), place * 8).unwrap();
    }

    fn get(&self, place: u64) -> u64 {
        let mut value = [0; 8];
        File::open(self.control()).unwrap().read_exact_at(&mut value, place * 8).unwrap();
        u64::from_ne_bytes(value)
    }

    /// From now on the disk takes this.
    pub fn set_room(&self, room: Room) {
        self.put(0, room as u64);
    }

    /// The `number`th sync from now on fails with EIO; 0 lets all succeed.
    pub fn fail_sync(&self, number: u64) {
        self.put(2, 0);
        self.put(1, number);
        let control = File::options().write(true).open(self.control()).unwrap();
        control.write_all_at(&[0; 104], 40).unwrap();
    }

    /// The syncs of SQLite's write-ahead log by commits do nothing any more, and succeed: this is
    /// what `synchronous=NORMAL` comes to.
    pub fn skip_log_syncs(&self, skip: bool) {
        self.put(3, u64::from(skip));
    }

    /// How many syncs there were since [`Disk::fail_sync`].
    pub fn syncs(&self) -> u64 {
        self.get(2)
    }

    /// How many writes found no room.
    pub fn refused(&self) -> u64 {
        self.get(4)
    }

    /// The file whose sync failed, `.` for the data directory itself.
    pub fn failed(&self) -> Option<String> {
        let mut name = [0; 104];
        File::open(self.control()).unwrap().read_exact_at(&mut name, 40).unwrap();
        let name = String::from_utf8_lossy(&name);
        let name = name.trim_end_matches('\0');
        (!name.is_empty()).then(|| name.to_owned())
    }
}

/// All files, in whatever folder.
fn files_below(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => files.extend(files_below(&path)),
            false => files.push(path),
        }
    }
    files
}
