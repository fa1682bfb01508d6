use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::TempDir;

use super::super::names::packed;
use super::*;
use crate::kernel::Timestamp;

const NO_LIMITS: SearchLimits =
    SearchLimits { lines_max: 1_000, bytes_max: 1 << 20, read_bytes_max: 1 << 30, since: None };

/// A log: two packed files, one plain, the active one; ten lines each.
fn log() -> (TempDir, LogNames) {
    let directory = tempfile::tempdir().unwrap();
    let names = LogNames::new(directory.path(), "docket.log");
    for (hour, is_packed) in [(1, true), (2, true), (3, false)] {
        let path = names.free_backup(moment(hour));
        let text = text_of(hour);
        match is_packed {
            true => fs::write(packed(&path), gzip(text.as_bytes())).unwrap(),
            false => fs::write(path, text).unwrap(),
        }
    }
    fs::write(names.active(), text_of(4)).unwrap();
    (directory, names)
}

fn moment(hour: i64) -> Timestamp {
    Timestamp::from_micros(hour * 3_600_000_000)
}

/// Lines like `hour 2 line 7 odd`, 18 or 19 bytes each.
fn text_of(hour: i64) -> String {
    let parity = |number| if number % 2 == 0 { "even" } else { "odd" };
    (0..10).map(|number| format!("hour {hour} line {number} {}\n", parity(number))).collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn find(names: &LogNames, needles: &[&str], limits: SearchLimits) -> Found {
    let needles: Vec<String> = needles.iter().map(|needle| (*needle).to_owned()).collect();
    search(names.directory(), "docket.log", &needles, limits).unwrap()
}

#[test]
fn lines_of_all_files_are_found_in_the_order_of_writing() {
    let (_directory, names) = log();
    let found = find(&names, &["line 3", "line 8 even"], NO_LIMITS);
    let expected: Vec<String> = (1..=4)
        .flat_map(|hour| [format!("hour {hour} line 3 odd"), format!("hour {hour} line 8 even")])
        .collect();
    assert_eq!(found.lines, expected);
    assert_eq!((found.files_read, found.truncated), (4, false));
    assert_eq!(found.bytes_read, (1..=4).map(|hour| text_of(hour).len() as u64).sum::<u64>());
    assert!(found.skipped.is_empty());
    assert!(find(&names, &[], NO_LIMITS).lines.is_empty());
}

#[test]
fn the_newest_lines_are_kept_when_there_are_too_many() {
    let (_directory, names) = log();
    let found = find(&names, &["odd"], SearchLimits { lines_max: 7, ..NO_LIMITS });
    assert_eq!(found.lines.len(), 7);
    assert_eq!(found.lines[0], "hour 3 line 7 odd");
    assert_eq!(found.lines[6], "hour 4 line 9 odd");
    assert!(found.truncated);
    assert_eq!(found.files_read, 2);
    let found = find(&names, &["odd"], SearchLimits { bytes_max: 40, ..NO_LIMITS });
    assert_eq!(found.lines, ["hour 4 line 7 odd", "hour 4 line 9 odd"]);
    assert!(found.truncated);
}

#[test]
fn the_end_of_a_file_is_read_when_all_of_it_is_too_much() {
    let (_directory, names) = log();
    let found = find(&names, &["hour"], SearchLimits { read_bytes_max: 60, ..NO_LIMITS });
    assert_eq!(found.lines, ["hour 4 line 7 odd", "hour 4 line 8 even", "hour 4 line 9 odd"]);
    assert!(found.truncated && found.bytes_read <= 61);
}

#[test]
fn a_damaged_file_is_named_and_the_others_are_read() {
    let (_directory, names) = log();
    let damaged = packed(&names.free_backup(moment(5)));
    let mut bytes = gzip((text_of(5) + &"other\n".repeat(100_000)).as_bytes());
    bytes.truncate(bytes.len() / 2);
    fs::write(&damaged, bytes).unwrap();
    fs::write(packed(&names.free_backup(moment(6))), "no gzip at all").unwrap();
    let found = find(&names, &["line 3"], NO_LIMITS);
    assert_eq!(found.skipped.len(), 2);
    assert_eq!(found.skipped[1], damaged.file_name().unwrap().to_string_lossy());
    assert_eq!(found.lines.len(), 5, "what could be read of the damaged one too");
}

#[test]
fn a_file_that_was_packed_or_pruned_meanwhile_is_found_or_named() {
    let (_directory, names) = log();
    let listed = names.backups().unwrap();
    let plain = listed[2].plain.clone().unwrap();
    fs::write(packed(&plain), gzip(&fs::read(&plain).unwrap())).unwrap();
    fs::remove_file(&plain).unwrap();
    assert!(matches!(Source::open(&plain), Ok(Source::Packed(_))));
    fs::remove_file(packed(&plain)).unwrap();
    let needles = ["hour".to_owned()];
    let mut search = Search {
        needles: &needles,
        limits: NO_LIMITS,
        kept: VecDeque::new(),
        kept_bytes: 0,
        found: Found::default(),
    };
    search.read_backup(&listed[2]);
    assert_eq!(search.found.skipped, [plain.file_name().unwrap().to_string_lossy()]);
}

#[test]
fn a_line_that_is_still_being_written_is_left_out() {
    let (_directory, names) = log();
    let mut active = File::options().append(true).open(names.active()).unwrap();
    active.write_all(b"hour 4 line 3 and no en").unwrap();
    assert_eq!(find(&names, &["line 3"], NO_LIMITS).lines.len(), 4);
}

#[test]
fn giant_lines_and_bytes_that_are_no_text_are_survived() {
    let (_directory, names) = log();
    let giant = [b"line 3 ".to_vec(), vec![b'x'; 3 << 20], b"\n".to_vec()].concat();
    let odd = b"line 3 \xff\xfe\n".to_vec();
    fs::write(names.active(), [giant, odd].concat()).unwrap();
    let lines = find(&names, &["line 3"], NO_LIMITS).lines;
    assert_eq!((lines.len(), lines[3].as_str()), (4, "line 3 \u{fffd}\u{fffd}"));
}

#[test]
fn a_missing_log_is_an_error_and_an_empty_one_is_not() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("none");
    assert!(search(&missing, "docket.log", &[], NO_LIMITS).is_err());
    assert_eq!(search(directory.path(), "docket.log", &[], NO_LIMITS).unwrap().files_read, 0);
}
