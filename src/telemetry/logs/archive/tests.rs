use flate2::read::GzDecoder;
use tempfile::TempDir;

use super::*;
use crate::kernel::Timestamp;
use crate::telemetry::logs::counts::Counts;
use crate::telemetry::logs::rolling::Period;

const DAY: Duration = Duration::from_secs(86_400);

/// A directory with `count` files put aside, one a day until yesterday, of 1,000 bytes each.
struct Rig {
    directory: TempDir,
    options: RollingOptions,
    counts: Arc<Counts>,
    files: Vec<std::path::PathBuf>,
}

impl Rig {
    fn new(count: u32) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let options = RollingOptions {
            directory: directory.path().to_owned(),
            name: "docket.log".into(),
            bytes_max: 1 << 20,
            period: Period::Never,
            files_max: 1_000,
            age_max: 1_000 * DAY,
            total_bytes_max: u64::MAX,
            compress: false,
        };
        let files = (1..=count).rev().map(|days| {
            let path = options.names().free_backup(ago(days));
            fs::write(&path, content(days)).unwrap();
            path
        });
        let files = files.collect();
        Self { directory, options, counts: Arc::default(), files }
    }

    fn archive(&self) -> Archive {
        let troubles = Troubles::new(self.options.names().active(), Arc::clone(&self.counts));
        Archive::new(&self.options, Clock::System, Arc::new(troubles))
    }

    /// How many of the files are left, which must be the newest.
    #[track_caller]
    fn left(&self) -> usize {
        let there: Vec<bool> = self.files.iter().map(|file| file.exists()).collect();
        let left = there.iter().filter(|exists| **exists).count();
        assert!(there[there.len() - left..].iter().all(|exists| *exists), "{there:?}");
        left
    }
}

fn ago(days: u32) -> Timestamp {
    Clock::System.now().before(days * DAY)
}

fn content(days: u32) -> Vec<u8> {
    format!("{days:09}\n").repeat(100).into_bytes()
}

fn unpacked(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    GzDecoder::new(File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn the_oldest_go_when_there_are_too_many() {
    let mut rig = Rig::new(5);
    rig.options.files_max = 3;
    rig.archive().tidy();
    assert_eq!(rig.left(), 3);
}

#[test]
fn the_oldest_go_when_they_are_too_old_by_their_names() {
    let mut rig = Rig::new(5);
    rig.options.age_max = 2 * DAY + DAY / 2;
    rig.archive().tidy();
    assert_eq!(rig.left(), 2);
}

#[test]
fn the_oldest_go_when_all_together_are_too_large() {
    let mut rig = Rig::new(5);
    fs::write(rig.options.names().active(), vec![b'x'; 500]).unwrap();
    rig.options.total_bytes_max = 3_500;
    rig.archive().tidy();
    assert_eq!(rig.left(), 3);
}

#[test]
fn files_of_others_are_left_alone() {
    let mut rig = Rig::new(2);
    rig.options.files_max = 0;
    let others = ["docket.log", "docket.log.1", "checkpoints-1.jsonl", "other.gz.tmp", "notes.txt"];
    others.iter().for_each(|name| fs::write(rig.directory.path().join(name), "x").unwrap());
    rig.archive().tidy();
    assert_eq!(rig.left(), 0);
    assert!(others.iter().all(|name| rig.directory.path().join(name).exists()));
}

#[test]
fn all_but_the_newest_are_packed() {
    let mut rig = Rig::new(3);
    rig.options.compress = true;
    rig.archive().tidy();
    assert_eq!(rig.left(), 1);
    assert_eq!(unpacked(&packed(&rig.files[0])), content(3));
    assert_eq!(unpacked(&packed(&rig.files[1])), content(2));
    assert_eq!(rig.options.names().backups().unwrap().len(), 3);
    assert_eq!(rig.counts.read().io_errors, 0);
}

#[test]
fn what_a_crash_left_behind_is_taken_up() {
    let mut rig = Rig::new(4);
    rig.options.compress = true;
    // Killed while packing the first, after packing the second, and before its own was pruned.
    fs::write(unfinished(&rig.files[0]), "half").unwrap();
    fs::copy(&rig.files[1], packed(&rig.files[1])).unwrap();
    let orphan = unfinished(&rig.options.names().free_backup(ago(100)));
    fs::write(&orphan, "half").unwrap();
    rig.archive().tidy();
    assert_eq!(unpacked(&packed(&rig.files[0])), content(4));
    assert!(!rig.files[1].exists() && packed(&rig.files[1]).exists());
    assert!(rig.options.names().unfinished().unwrap().is_empty());
    assert_eq!(rig.left(), 1);
}

#[test]
fn what_cannot_be_done_is_counted_and_does_not_hold_up_the_rest() {
    let mut rig = Rig::new(3);
    // A directory can be neither packed nor removed as a file.
    fs::remove_file(&rig.files[0]).unwrap();
    fs::create_dir(&rig.files[0]).unwrap();
    rig.options.compress = true;
    rig.archive().tidy();
    assert_eq!(rig.counts.read().io_errors, 1);
    assert!(!rig.files[1].exists() && packed(&rig.files[1]).exists());
    rig.options.files_max = 1;
    rig.archive().prune();
    assert!(!packed(&rig.files[1]).exists());
    assert!(rig.counts.read().io_errors > 1);
}

#[test]
fn the_end_of_the_process_leaves_no_half_packed_file() {
    let mut rig = Rig::new(3);
    rig.options.compress = true;
    let archive = rig.archive();
    archive.stop.store(true, Ordering::Relaxed);
    archive.pack_one(&rig.options.names().backups().unwrap()[0]).unwrap();
    assert_eq!(rig.left(), 3);
    assert!(rig.options.names().unfinished().unwrap().is_empty());
    drop(Archiver::start(archive).unwrap());
    drop(Archiver::start(rig.archive()).unwrap());
    let backups = rig.options.names().backups().unwrap();
    assert!(backups.iter().all(|backup| backup.plain.is_some() != backup.packed.is_some()));
}
