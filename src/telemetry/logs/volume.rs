//! Very many lines through queue, rotation and packing while `tail -F` follows: seen by it and
//! read back from the files, each is there once, whole and in order.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use flate2::read::GzDecoder;
use tracing::Level;

use super::counts::{Counts, LogCounts};
use super::names::LogNames;
use super::queue::{LogQueue, QueueOptions};
use super::rolling::{Period, RollingOptions, RollingWriter};
use crate::kernel::{Clock, Stopwatch};

/// Of the quick test.
const BYTES: u64 = 200 << 20;
/// Of the long one, unless `DOCKET_TEST_LOG_BYTES` says otherwise.
const LONG_BYTES: u64 = 2 << 30;
const FILE_BYTES: u64 = 8 << 20;
/// Who follows may be this many lines behind, well under one file: `tail` opens the file that has
/// the name when it comes to look, so it misses one that came and went meanwhile.
const BEHIND_MOST: u64 = 4_096;
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn a_follower_and_the_files_have_every_line_once() {
    everything_arrives(BYTES);
}

/// `cargo test --release --lib a_follower_of_very_many -- --ignored --nocapture`
#[test]
#[ignore = "writes gigabytes"]
fn a_follower_of_very_many_lines_has_every_one_once() {
    let bytes = std::env::var("DOCKET_TEST_LOG_BYTES").ok().map(|text| text.parse().unwrap());
    everything_arrives(bytes.unwrap_or(LONG_BYTES));
}

/// The line of a number, 300 to 811 bytes.
fn write_line(number: u64, line: &mut Vec<u8>) {
    const FILL: &[u8] = &[b'x'; 512];
    line.clear();
    let fill = &FILL[..(number.wrapping_mul(0x9E37_79B9) >> 7) as usize % 512];
    line.extend_from_slice(
        b"{\"timestamp\":\"2026-11-23T17:39:12.000001Z\",\"severity\":\"INFO\",",
    );
    line.extend_from_slice(b"\"message\":\"order placed\",\"service\":\"docket\",\"trace_id\":");
    line.extend_from_slice(
        b"\"4bf92f3577b34da6a3ce929d0e0e4736\",\"span_id\":\"00f067aa0ba902b7\",",
    );
    line.extend_from_slice(b"\"request_id\":\"0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b\",\"number\":");
    line.extend_from_slice(format!("{number},\"fill\":\"").as_bytes());
    line.extend_from_slice(fill);
    line.extend_from_slice(b"\"}\n");
}

fn everything_arrives(bytes: u64) {
    let directory = tempfile::tempdir().unwrap();
    let counts = Arc::new(Counts::default());
    let writer = RollingWriter::open(options(directory.path()), Clock::System, Arc::clone(&counts));
    let (queue, guard) =
        LogQueue::start(writer.unwrap(), QueueOptions::default(), counts, |_| b"loss\n".to_vec());
    let mut tail = follow(&directory.path().join("docket.log"));
    let seen = Arc::new(AtomicU64::new(0));
    let follower = std::thread::spawn({
        let (seen, out) = (Arc::clone(&seen), tail.stdout.take().unwrap());
        move || check_lines(BufReader::new(out), &seen)
    });
    let writing = Stopwatch::start();
    let pushed = push_lines(&queue, bytes, &seen);
    assert!(queue.drain(PATIENCE));
    let took = writing.elapsed();
    await_lines(&seen, pushed);
    tail.kill().unwrap();
    tail.wait().unwrap();
    follower.join().unwrap();
    let counts = queue.counts();
    drop(guard);
    assert_eq!((counts.lines, counts.dropped, counts.lost), (pushed, [0; 5], 0));
    check_files(directory.path(), pushed);
    report(&counts, took);
}

fn options(directory: &Path) -> RollingOptions {
    RollingOptions {
        directory: directory.to_owned(),
        name: "docket.log".into(),
        bytes_max: FILE_BYTES,
        period: Period::Never,
        files_max: 100_000,
        age_max: Duration::from_secs(86_400),
        total_bytes_max: u64::MAX,
        compress: true,
    }
}

/// `tail -F` from the first line on; it runs when the file is there.
fn follow(file: &Path) -> Child {
    let arguments = ["-F", "-n", "+1", "-s", "0.1"];
    let mut tail = Command::new("tail");
    tail.args(arguments).arg(file).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

fn push_lines(queue: &LogQueue, bytes: u64, seen: &AtomicU64) -> u64 {
    let (mut number, mut pushed) = (0, 0);
    let mut line = Vec::new();
    while pushed < bytes {
        write_line(number, &mut line);
        queue.push(Level::INFO, &line);
        number += 1;
        pushed += line.len() as u64;
        if number % 64 == 0 {
            await_lines(seen, number.saturating_sub(BEHIND_MOST));
        }
    }
    number
}

/// Waits until the follower has seen so many lines.
fn await_lines(seen: &AtomicU64, lines: u64) {
    let waiting = Stopwatch::start();
    while seen.load(SeqCst) < lines {
        let late = waiting.elapsed() > PATIENCE;
        assert!(!late, "{} of {lines} lines were seen", seen.load(SeqCst));
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// Lines in order from the number in `next` on, nothing else; counts them there.
fn check_lines(mut from: impl BufRead, next: &AtomicU64) {
    let (mut line, mut expected) = (Vec::new(), Vec::new());
    loop {
        line.clear();
        if from.read_until(b'\n', &mut line).unwrap() == 0 {
            return;
        }
        let number = next.load(SeqCst);
        write_line(number, &mut expected);
        let text = || String::from_utf8_lossy(&line);
        assert!(line == expected, "line {number} is {}", text());
        if number.is_multiple_of(512) {
            serde_json::from_slice::<serde_json::Value>(&line).unwrap();
        }
        next.store(number + 1, SeqCst);
    }
}

/// All files together hold the lines once each, in order; packed ones unpack to their end.
fn check_files(directory: &Path, lines: u64) {
    let names = LogNames::new(directory, "docket.log");
    let next = AtomicU64::new(0);
    let mut packed_files = 0;
    for backup in names.backups().unwrap() {
        let source: Box<dyn Read> = match (&backup.plain, &backup.packed) {
            (Some(plain), _) => Box::new(File::open(plain).unwrap()),
            (None, Some(packed)) => {
                packed_files += 1;
                Box::new(GzDecoder::new(File::open(packed).unwrap()))
            }
            (None, None) => unreachable!("a backup has a file"),
        };
        check_lines(BufReader::with_capacity(1 << 20, source), &next);
    }
    check_lines(BufReader::new(File::open(names.active()).unwrap()), &next);
    assert_eq!(next.load(SeqCst), lines);
    assert!(packed_files > 0);
}

#[expect(clippy::print_stdout, reason = "a measurement, shown by --nocapture")]
fn report(counts: &LogCounts, took: Duration) {
    let LogCounts { lines, bytes, rotations, .. } = counts;
    println!("{lines} lines, {bytes} bytes, {rotations:?} rotations in {took:?} with a follower");
}
