use std::fs::File;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use super::super::names::{packed, unfinished};
use super::*;

const LEAK: &str = "{\"message\":\"charged 4111111111111111\"}\n";
const CLEAN: &str = "{\"message\":\"charged\",\"token\":\"[REDACTED]\"}\n";

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// A directory with these files.
fn logs(files: &[(&str, &[u8])]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = directory.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    directory
}

/// What is told of a directory, as `file:line what`, and the report.
fn scan(directory: &TempDir) -> (Vec<String>, ScanReport) {
    scan_meanwhile(directory, |_| {})
}

/// The same, with something done whenever something is told.
fn scan_meanwhile(directory: &TempDir, act: impl Fn(&Path)) -> (Vec<String>, ScanReport) {
    let (root, mut told) = (directory.path(), Vec::new());
    let report = scan_logs(&[root.to_owned()], &mut |found| {
        act(root);
        told.push(match found {
            LogScan::Found { file, line, rule, .. } => (file.clone(), format!("{line} {rule}")),
            LogScan::Unread { file, line, unread } => {
                (file.clone(), format!("{} {unread}", line.unwrap_or(0)))
            }
        });
        Ok(())
    });
    let name = |file: &str| file.replace(&format!("{}/", root.display()), "");
    let told = told.iter().map(|(file, what)| format!("{}:{what}", name(file))).collect();
    (told, report.unwrap())
}

#[test]
fn every_file_is_looked_at_plain_packed_or_in_a_folder() {
    let text = format!("{CLEAN}{LEAK}{CLEAN}");
    let gz = gzip(&text);
    let logs = logs(&[
        ("docket.log", text.as_bytes()),
        ("docket-2026-11-23T09-00-00.250.log.gz", &gz),
        ("old/other", text.as_bytes()),
    ]);
    let (told, report) = scan(&logs);
    let expected =
        ["docket-2026-11-23T09-00-00.250.log.gz:2 card", "docket.log:2 card", "old/other:2 card"];
    assert_eq!(told, expected);
    let bytes = 3 * text.len() as u64;
    assert_eq!(report, ScanReport { files: 3, lines: 9, bytes, findings: 3, unread: 0 });
    assert!(!report.is_clean());
}

#[test]
fn a_clean_directory_is_clean() {
    let logs = logs(&[("docket.log", CLEAN.as_bytes()), ("docket.log.lock", b"")]);
    let (told, report) = scan(&logs);
    assert_eq!(told, [""; 0]);
    assert!(report.is_clean() && report.files == 2);
}

#[test]
fn what_cannot_be_looked_at_is_told() {
    let half = gzip(&LEAK.repeat(10_000));
    let logs = logs(&[("cut.gz", &half[..half.len() - 9]), ("no.gz", b"no gzip"), ("x", b"\n")]);
    let missing = logs.path().join("missing");
    std::os::unix::fs::symlink(&missing, logs.path().join("dangling")).unwrap();
    std::os::unix::fs::symlink(logs.path(), logs.path().join("itself")).unwrap();
    let (told, report) = scan(&logs);
    let told: Vec<_> = told.iter().filter(|line| !line.ends_with("card")).collect();
    assert!(told[0].starts_with("cut.gz:"), "{told:?}");
    assert!(told[1].starts_with("dangling:0"), "{told:?}");
    assert_eq!(told[2], "itself:0 it is no file");
    assert!(told[3].starts_with("no.gz:1"), "{told:?}");
    assert_eq!(report.unread, told.len() as u64);
    for nothing in [missing, tempfile::tempdir().unwrap().path().to_owned()] {
        let report = scan_logs(&[nothing], &mut |_| Ok(())).unwrap();
        assert_eq!((report.unread, report.is_clean()), (1, false));
    }
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(scan(&empty).0, [format!("{}:0 there is no file in it", empty.path().display())]);
}

#[test]
fn lines_that_are_no_text_or_not_finished_or_long_are_looked_at() {
    let long = format!("{}{LEAK}", "x".repeat(3 << 20));
    let odd = b"\xff\xfe jane@example.com\n";
    let unfinished = LEAK.trim_end();
    let logs = logs(&[("log", &[long.as_bytes(), odd, unfinished.as_bytes()].concat())]);
    let (told, report) = scan(&logs);
    let no_text = "log:2 no UTF-8: only what can be read was looked at";
    assert_eq!(told, ["log:1 card", no_text, "log:2 email", "log:3 card"]);
    assert_eq!((report.lines, report.findings, report.unread), (3, 3, 1));
}

#[test]
fn a_line_too_long_to_be_held_is_told() {
    let logs = logs(&[("log", LEAK.as_bytes())]);
    let mut file = File::options().append(true).open(logs.path().join("log")).unwrap();
    // Zeros that take no room on the disk.
    file.set_len(LINE_BYTES_MAX + 100).unwrap();
    file.write_all(format!("\n{LEAK}").as_bytes()).unwrap();
    let (told, report) = scan(&logs);
    let too_long = "log:2 too long: only its beginning was looked at";
    assert_eq!(told, ["log:1 card", too_long, "log:3 card"]);
    assert!(!report.is_clean());
}

#[test]
fn a_file_that_is_put_aside_or_packed_meanwhile_is_looked_at_once() {
    let backup = "docket-2026-11-23T09-00-00.250.log";
    let logs = logs(&[("a", LEAK.as_bytes()), (backup, LEAK.as_bytes()), ("z", LEAK.as_bytes())]);
    // When `a` has been read.
    let (told, report) = scan_meanwhile(&logs, |root| {
        let (plain, active) = (root.join(backup), root.join("z"));
        if plain.exists() {
            fs::write(packed(&plain), gzip(LEAK)).unwrap();
            fs::remove_file(plain).unwrap();
            fs::rename(&active, root.join("z-put-aside")).unwrap();
            fs::write(active, CLEAN).unwrap();
        }
    });
    assert_eq!(told, ["a:1 card", &format!("{backup}:1 card"), "z-put-aside:1 card"]);
    assert_eq!((report.files, report.unread), (4, 0));
}

#[test]
fn a_file_that_is_being_packed_is_read_plain() {
    let logs = logs(&[("docket-x.log", LEAK.as_bytes())]);
    let half = unfinished(&logs.path().join("docket-x.log"));
    fs::write(half, &gzip(LEAK)[..10]).unwrap();
    assert_eq!(scan(&logs).0, ["docket-x.log:1 card"]);
    fs::remove_file(logs.path().join("docket-x.log")).unwrap();
    assert_eq!(scan(&logs).1.unread, 1, "what is left of a packing alone");
}

#[test]
fn who_cannot_be_told_ends_the_scan() {
    let logs = logs(&[("log", LEAK.as_bytes())]);
    let deaf = scan_logs(&[logs.path().to_owned()], &mut |_| Err(io::ErrorKind::BrokenPipe.into()));
    assert!(deaf.is_err());
}
