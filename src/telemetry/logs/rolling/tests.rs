use std::sync::atomic::AtomicI64;

use tempfile::TempDir;

use super::*;
use crate::telemetry::logs::names::Backup;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(86_400);
/// Nothing is waited for.
const AT_ONCE: Pace = Pace { look: Duration::ZERO, time: Duration::ZERO, retry: Duration::ZERO };

/// A log in a directory of its own, with a clock in hand.
struct Rig {
    directory: TempDir,
    shift: Arc<AtomicI64>,
    counts: Arc<Counts>,
}

impl Rig {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { directory, shift: Arc::default(), counts: Arc::default() }
    }

    fn options(&self) -> RollingOptions {
        RollingOptions {
            directory: self.directory.path().to_owned(),
            name: "docket.log".into(),
            bytes_max: 1 << 20,
            period: Period::Never,
            files_max: 10_000,
            age_max: 100 * 365 * DAY,
            total_bytes_max: u64::MAX,
            compress: false,
        }
    }

    fn clock(&self) -> Clock {
        Clock::Shifted(Arc::clone(&self.shift))
    }

    fn open(&self, options: RollingOptions) -> RollingWriter {
        RollingWriter::open(options, self.clock(), Arc::clone(&self.counts)).unwrap()
    }

    fn set_clock(&self, to: &str) {
        let to = Timestamp::parse(to).unwrap().micros();
        self.shift.fetch_add(to - self.clock().now().micros(), Ordering::SeqCst);
    }

    fn advance(&self, by: i64) {
        self.shift.fetch_add(by * 1_000_000, Ordering::SeqCst);
    }

    fn active(&self) -> PathBuf {
        self.directory.path().join("docket.log")
    }

    fn backups(&self) -> Vec<Backup> {
        self.options().names().backups().unwrap()
    }

    /// The lines of all files in the order of their names, the active one last.
    fn lines(&self) -> Vec<String> {
        let backups = self.backups().into_iter().filter_map(|backup| backup.plain);
        let files = backups.chain([self.active()]);
        files.flat_map(|file| lines_of(&file)).collect()
    }
}

fn lines_of(file: &std::path::Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap_or_default();
    assert!(text.is_empty() || text.ends_with('\n'), "{} is cut", file.display());
    text.lines().map(str::to_owned).collect()
}

fn put(writer: &mut RollingWriter, line: &str) {
    writer.write_all(format!("{line}\n").as_bytes()).unwrap();
    writer.flush().unwrap();
}

fn numbered(range: std::ops::Range<usize>) -> Vec<String> {
    range.map(|number| format!("line {number:08}")).collect()
}

#[test]
fn a_line_that_would_exceed_the_size_starts_a_new_file() {
    let rig = Rig::new();
    // Fourteen bytes a line: seven fit.
    let mut writer = rig.open(RollingOptions { bytes_max: 100, ..rig.options() });
    numbered(0..50).iter().for_each(|line| put(&mut writer, line));
    assert_eq!(rig.lines(), numbered(0..50));
    assert_eq!(rig.backups().len(), 7);
    assert!(rig.backups().iter().all(|backup| backup.bytes == 98));
    assert_eq!(rig.counts.read().rotations, [7, 0, 0, 0]);
    assert_eq!((rig.counts.read().lines, rig.counts.read().bytes), (50, 700));
}

#[test]
fn buffered_lines_count_for_the_size_and_a_giant_has_a_file_of_its_own() {
    let rig = Rig::new();
    let mut writer = rig.open(RollingOptions { bytes_max: 100, ..rig.options() });
    for line in ["a".repeat(59), "b".repeat(59), "c".repeat(500), "d".repeat(10)] {
        writer.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
    writer.flush().unwrap();
    let lengths: Vec<_> = rig.backups().iter().map(|backup| backup.bytes).collect();
    assert_eq!(lengths, [60, 60, 501]);
    assert_eq!(rig.lines().len(), 4);
}

#[test]
fn only_one_process_writes_a_log() {
    let rig = Rig::new();
    let first = rig.open(rig.options());
    let second = RollingWriter::open(rig.options(), Clock::System, Arc::default());
    let message = second.unwrap_err().to_string();
    assert!(message.contains("docket.log is being written by another process"), "{message}");
    drop(first);
    rig.open(rig.options());
}

#[test]
fn a_directory_that_cannot_be_made_fails_the_start() {
    let rig = Rig::new();
    fs::write(rig.active(), "").unwrap();
    let options = RollingOptions { directory: rig.active(), ..rig.options() };
    let refused = RollingWriter::open(options, Clock::System, Arc::default());
    assert!(matches!(refused, Err(OpenError::Failed(..))), "{refused:?}");
}

#[cfg(unix)]
#[test]
fn files_are_closed_to_others() {
    use std::os::unix::fs::PermissionsExt;
    let rig = Rig::new();
    let _writer = rig.open(rig.options());
    let mode = fs::metadata(rig.active()).unwrap().permissions().mode();
    assert_eq!(mode & 0o137, 0, "{mode:o}");
}

#[test]
fn hours_are_those_of_utc_also_when_clocks_change() {
    let rig = Rig::new();
    // Central Europe skips the hour from 01:00 UTC on.
    rig.set_clock("2026-03-28T22:59:30Z");
    let mut writer = rig.open(RollingOptions { period: Period::Hourly, ..rig.options() });
    writer.pace = AT_ONCE;
    for number in 0..6 {
        put(&mut writer, &format!("line {number:08}"));
        rig.advance(3_600);
    }
    let times: Vec<_> =
        rig.backups().iter().map(|it| it.time.to_string()[..16].to_owned()).collect();
    assert_eq!(
        times,
        [23, 24, 25, 26, 27].map(|hour| match hour {
            23 => "2026-03-28T23:59".to_owned(),
            _ => format!("2026-03-29T{:02}:59", hour - 24),
        })
    );
    assert_eq!(rig.lines(), numbered(0..6));
    assert_eq!(rig.counts.read().rotations, [0, 5, 0, 0]);
}

#[test]
fn an_empty_file_is_not_put_aside() {
    let rig = Rig::new();
    let mut writer = rig.open(RollingOptions { period: Period::Daily, ..rig.options() });
    writer.pace = AT_ONCE;
    (0..3).for_each(|_| rig.advance(86_400));
    put(&mut writer, "the first");
    assert!(rig.backups().is_empty());
}

#[test]
fn a_clock_that_jumps_makes_no_storm_and_loses_nothing() {
    let rig = Rig::new();
    let mut writer = rig.open(RollingOptions { period: Period::Hourly, ..rig.options() });
    for (number, line) in numbered(0..1_000).iter().enumerate() {
        let far = if number % 3 == 0 { 40 * 86_400 } else { 5 };
        rig.advance(if number % 2 == 0 { far } else { -far });
        put(&mut writer, line);
    }
    assert!(rig.backups().len() <= 2, "{} files", rig.backups().len());
    let mut lines = rig.lines();
    lines.sort();
    assert_eq!(lines, numbered(0..1_000));
}

#[test]
fn a_clock_set_back_a_little_crosses_a_boundary_once() {
    let rig = Rig::new();
    rig.set_clock("2026-11-23T08:59:59Z");
    let mut writer = rig.open(RollingOptions { period: Period::Hourly, ..rig.options() });
    writer.pace = AT_ONCE;
    for step in [0, 2, -2, 2, -2, 2] {
        rig.advance(step);
        put(&mut writer, "line");
    }
    assert_eq!(rig.backups().len(), 1);
}

#[test]
fn a_clock_set_back_far_rotates_at_the_next_boundary_again() {
    let rig = Rig::new();
    rig.set_clock("2031-11-23T08:30:00Z");
    let mut writer = rig.open(RollingOptions { period: Period::Hourly, ..rig.options() });
    writer.pace = AT_ONCE;
    put(&mut writer, "line");
    rig.set_clock("2026-11-23T08:30:00Z");
    put(&mut writer, "line");
    assert_eq!(rig.backups().len(), 0);
    rig.set_clock("2026-11-23T09:00:00Z");
    put(&mut writer, "line");
    assert_eq!(rig.backups().len(), 1);
}

#[test]
fn a_file_of_an_earlier_day_is_put_aside_at_the_start_under_its_own_time() {
    let rig = Rig::new();
    fs::write(rig.active(), "old\n").unwrap();
    let old = Clock::System.now().before(3 * DAY);
    let since = Duration::from_micros(old.micros().unsigned_abs());
    let file = File::options().write(true).open(rig.active()).unwrap();
    file.set_modified(std::time::SystemTime::UNIX_EPOCH + since).unwrap();
    let mut writer = rig.open(RollingOptions { period: Period::Daily, ..rig.options() });
    put(&mut writer, "new");
    assert_eq!(rig.lines(), ["old", "new"]);
    assert_eq!(rig.counts.read().rotations, [0, 0, 1, 0]);
    assert_eq!(rig.backups()[0].time.to_string()[..23], old.to_string()[..23]);
}

#[test]
fn a_file_of_today_is_gone_on_with_and_half_a_line_in_it_ended() {
    let rig = Rig::new();
    fs::write(rig.active(), "whole\nhal").unwrap();
    let mut writer = rig.open(RollingOptions { period: Period::Daily, ..rig.options() });
    put(&mut writer, "next");
    assert_eq!(rig.lines(), ["whole", "hal", "next"]);
}

#[test]
fn a_file_that_somebody_removed_or_moved_is_made_anew() {
    let rig = Rig::new();
    let mut writer = rig.open(rig.options());
    writer.pace = AT_ONCE;
    put(&mut writer, "one");
    fs::remove_file(rig.active()).unwrap();
    put(&mut writer, "two");
    assert_eq!(rig.lines(), ["two"]);
    let elsewhere = rig.directory.path().join("elsewhere");
    fs::rename(rig.active(), &elsewhere).unwrap();
    put(&mut writer, "three");
    assert_eq!((lines_of(&elsewhere), rig.lines()), (vec!["two".into()], vec!["three".into()]));
    fs::remove_dir_all(rig.directory.path()).unwrap();
    put(&mut writer, "four");
    assert_eq!(rig.lines(), ["four"]);
    assert_eq!(rig.counts.read().rotations, [0, 0, 0, 3]);
}

#[test]
fn a_file_is_looked_after_by_time_and_not_at_every_line() {
    let rig = Rig::new();
    let mut writer = rig.open(rig.options());
    writer.pace.look = HOUR;
    fs::remove_file(rig.active()).unwrap();
    put(&mut writer, "into the removed file");
    assert!(!rig.active().exists());
}

#[test]
fn a_rotation_never_renames_a_strangers_file() {
    let rig = Rig::new();
    let mut writer = rig.open(RollingOptions { bytes_max: 20, ..rig.options() });
    put(&mut writer, "ours, nearly full");
    fs::remove_file(rig.active()).unwrap();
    fs::write(rig.active(), "a stranger's\n").unwrap();
    put(&mut writer, "the next");
    assert_eq!(rig.lines(), ["a stranger's", "the next"]);
    assert!(rig.backups().is_empty());
}

#[test]
fn an_emptied_file_has_room_again() {
    let rig = Rig::new();
    let mut writer = rig.open(RollingOptions { bytes_max: 30, ..rig.options() });
    writer.pace = AT_ONCE;
    put(&mut writer, "twenty-four bytes long.");
    File::options().write(true).open(rig.active()).unwrap().set_len(0).unwrap();
    writer.flush().unwrap();
    put(&mut writer, "twenty-four bytes again");
    assert!(rig.backups().is_empty());
}

#[test]
fn reopening_goes_on_in_a_new_file_without_rotating() {
    let rig = Rig::new();
    let mut writer = rig.open(rig.options());
    let reopen = writer.reopener();
    put(&mut writer, "one");
    let by_logrotate = rig.directory.path().join("docket.log.1");
    fs::rename(rig.active(), &by_logrotate).unwrap();
    put(&mut writer, "two, still there");
    reopen.ask();
    put(&mut writer, "three");
    assert_eq!(lines_of(&by_logrotate), ["one", "two, still there"]);
    assert_eq!(rig.lines(), ["three"]);
    assert!(rig.backups().is_empty());
}

#[test]
fn a_rotation_that_fails_leaves_the_file_in_use_and_is_not_tried_at_every_line() {
    let rig = Rig::new();
    // The active name is as long as a name may be; one with a time in it is not.
    let name = format!("{}.log", "d".repeat(240));
    let mut writer =
        rig.open(RollingOptions { name: name.clone(), bytes_max: 20, ..rig.options() });
    numbered(0..20).iter().for_each(|line| put(&mut writer, line));
    assert_eq!(lines_of(&rig.directory.path().join(&name)), numbered(0..20));
    assert_eq!(rig.counts.read().io_errors, 1);
    writer.pace = AT_ONCE;
    put(&mut writer, "tried again");
    assert_eq!(rig.counts.read().io_errors, 2);
    assert_eq!(rig.counts.read().lost, 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_counted_and_left_behind() {
    let rig = Rig::new();
    std::os::unix::fs::symlink("/dev/full", rig.active()).unwrap();
    let mut writer = rig.open(rig.options());
    writer.pace = AT_ONCE;
    for line in numbered(0..5) {
        writer.write_all(format!("{line}\n").as_bytes()).unwrap();
        assert!(writer.flush().is_err());
    }
    assert_eq!((rig.counts.read().lost, rig.counts.read().io_errors), (5, 5));
    fs::remove_file(rig.active()).unwrap();
    numbered(5..10).iter().for_each(|line| put(&mut writer, line));
    assert_eq!(rig.lines(), numbered(5..10));
    assert_eq!((rig.counts.read().lost, rig.counts.read().lines), (5, 5));
}

/// A real disk of 256 KiB, which takes the rights to mount one:
/// `cargo test --lib a_disk_of_its_own -- --ignored`
#[cfg(target_os = "linux")]
#[test]
#[ignore = "mounts a file system, which takes root"]
fn a_disk_of_its_own_fills_up_and_is_cleared() {
    let rig = Rig::new();
    let disk = rig.directory.path().join("disk");
    fs::create_dir(&disk).unwrap();
    let mount = |program: &str, arguments: &[&str]| {
        let done = std::process::Command::new(program).args(arguments).arg(&disk).status();
        assert!(done.unwrap().success(), "{program}");
    };
    mount("mount", &["-t", "tmpfs", "-o", "size=256k", "tmpfs"]);
    let ballast = disk.join("ballast");
    fs::write(&ballast, vec![b'x'; 150_000]).unwrap();
    let mut writer = rig.open(RollingOptions { directory: disk.clone(), ..rig.options() });
    let lines: Vec<_> =
        (0..1_000).map(|number| format!("{number:08} {}\n", "é".repeat(150))).collect();
    for line in &lines {
        let _ = writer.write_all(line.as_bytes());
    }
    let _ = writer.flush();
    fs::remove_file(&ballast).unwrap();
    put(&mut writer, "there is room again");
    let counts = rig.counts.read();
    let kept = lines_of(&disk.join("docket.log"));
    drop(writer);
    mount("umount", &[]);
    assert!(counts.lost > 100, "{counts:?}");
    assert_eq!(counts.lines + counts.lost, 1_001);
    assert_eq!(kept.len() as u64, counts.lines);
    assert!(
        kept.iter()
            .all(|line| line == "there is room again" || lines.contains(&format!("{line}\n")))
    );
}
