use std::sync::{Condvar, Mutex, MutexGuard};

use super::*;

const MOMENT: Duration = Duration::from_secs(20);

/// A disk that a test holds up, breaks or makes panic.
#[derive(Clone, Default)]
struct Disk(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    held_up: bool,
    /// Somebody is in `write`.
    entered: bool,
    slow: Duration,
    panics_at: Option<&'static str>,
    lines: Vec<String>,
    flushes: usize,
}

impl Disk {
    fn held_up() -> Self {
        let disk = Self::default();
        disk.state().held_up = true;
        disk
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    fn let_go(&self) {
        self.state().held_up = false;
        self.0.1.notify_all();
    }

    fn lines(&self) -> Vec<String> {
        self.state().lines.clone()
    }
}

impl Write for Disk {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut state = self.state();
        state.entered = true;
        while state.held_up {
            state = self.0.1.wait(state).unwrap();
        }
        std::thread::sleep(state.slow);
        let text = String::from_utf8(line.to_vec()).unwrap();
        assert!(state.panics_at.is_none_or(|word| !text.contains(word)), "planted");
        state.lines.push(text.trim_end().to_owned());
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.state().flushes += 1;
        Ok(())
    }
}

fn start(disk: &Disk, options: QueueOptions) -> (LogQueue, QueueGuard) {
    let counts = Arc::new(Counts::default());
    LogQueue::start(disk.clone(), options, counts, |lost| format!("{lost} lost\n").into_bytes())
}

/// A queue of `lines_max` whose writer stands still with the first line in hand.
fn stuck(lines_max: usize, bytes_max: usize) -> (Disk, LogQueue, QueueGuard) {
    let disk = Disk::held_up();
    let (queue, guard) = start(&disk, QueueOptions { lines_max, bytes_max });
    queue.push(Level::INFO, b"in hand\n");
    assert!(wait(MOMENT, || disk.state().entered));
    (disk, queue, guard)
}

#[test]
fn the_last_tenth_is_kept_for_warnings_and_errors() {
    let (disk, queue, _guard) = stuck(100, 1 << 20);
    (0..200).for_each(|_| queue.push(Level::INFO, b"info\n"));
    queue.push(Level::DEBUG, b"debug\n");
    (0..7).for_each(|_| queue.push(Level::WARN, b"warn\n"));
    (0..7).for_each(|_| queue.push(Level::ERROR, b"error\n"));
    let counts = queue.counts();
    assert_eq!((counts.dropped, counts.queue_lines), ([0, 1, 110, 0, 4], 100));
    disk.let_go();
    assert!(queue.drain(MOMENT));
    let lines = disk.lines();
    let count = |word: &str| lines.iter().filter(|line| line.as_str() == word).count();
    assert_eq!((count("info"), count("warn"), count("error")), (90, 7, 3));
    assert_eq!(count("115 lost"), 1);
    assert_eq!(lines.len(), 1 + 100 + 1);
    assert_eq!(queue.counts().queue_lines, 0);
    assert_eq!(queue.sender.error_counter().dropped_lines(), 0);
}

#[test]
fn the_bytes_that_wait_are_bounded_too() {
    let (disk, queue, _guard) = stuck(1_000_000, 10_000);
    let line = [b"x".repeat(999), b"\n".to_vec()].concat();
    (0..50).for_each(|_| queue.push(Level::INFO, &line));
    (0..50).for_each(|_| queue.push(Level::ERROR, &line));
    assert_eq!(queue.counts().dropped, [0, 0, 41, 0, 49]);
    disk.let_go();
    assert!(queue.drain(MOMENT));
    assert_eq!(disk.lines().len(), 1 + 10 + 1);
}

#[test]
fn each_loss_is_told_once_and_the_sum_is_exact() {
    let (disk, queue, _guard) = stuck(10, 1 << 20);
    let mut lost = 0;
    for round in 0..3 {
        (0..30).for_each(|_| queue.push(Level::INFO, b"line\n"));
        lost += 21;
        assert_eq!(queue.counts().dropped[2], lost, "round {round}");
        disk.let_go();
        assert!(queue.drain(MOMENT));
        disk.state().held_up = true;
        disk.state().entered = false;
        queue.push(Level::INFO, b"in hand\n");
        assert!(wait(MOMENT, || disk.state().entered));
    }
    disk.let_go();
    assert!(queue.drain(MOMENT));
    let told = disk.lines().into_iter().filter(|line| line.ends_with("lost")).collect::<Vec<_>>();
    assert_eq!(told, ["21 lost", "21 lost", "21 lost"]);
}

#[test]
fn draining_loses_nothing_on_a_slow_disk() {
    let disk = Disk::default();
    disk.state().slow = Duration::from_millis(1);
    let (queue, guard) = start(&disk, QueueOptions::default());
    (0..300).for_each(|_| queue.push(Level::INFO, b"line\n"));
    assert!(!queue.drain(Duration::from_millis(5)), "cannot be done so soon");
    assert!(queue.drain(MOMENT));
    assert_eq!(disk.lines().len(), 300);
    assert!(disk.state().flushes > 0);
    drop(guard);
    assert_eq!(disk.lines().len(), 300);
}

#[test]
fn draining_ends_while_others_go_on_logging() {
    let disk = Disk::default();
    let (queue, _guard) = start(&disk, QueueOptions::default());
    let stop = Arc::new(AtomicBool::new(false));
    let chatter = std::thread::spawn({
        let (queue, stop) = (queue.clone(), Arc::clone(&stop));
        move || {
            while !stop.load(SeqCst) {
                queue.push(Level::INFO, b"chatter\n");
            }
        }
    });
    queue.push(Level::INFO, b"mine\n");
    assert!(queue.drain(MOMENT));
    assert!(disk.lines().iter().any(|line| line == "mine"));
    stop.store(true, SeqCst);
    chatter.join().unwrap();
}

#[test]
fn many_threads_lose_nothing_uncounted() {
    let disk = Disk::default();
    let (queue, _guard) = start(&disk, QueueOptions { lines_max: 50, bytes_max: 1 << 20 });
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let queue = queue.clone();
            scope.spawn(move || (0..5_000).for_each(|_| queue.push(Level::INFO, b"line\n")));
        }
    });
    assert!(queue.drain(MOMENT));
    let lines = disk.lines();
    let told: u64 =
        lines.iter().filter_map(|line| line.strip_suffix(" lost")?.parse::<u64>().ok()).sum();
    let written = lines.iter().filter(|line| line.as_str() == "line").count() as u64;
    assert_eq!(written + queue.counts().dropped[2], 20_000);
    assert_eq!(told, queue.counts().dropped[2]);
    assert_eq!(queue.sender.error_counter().dropped_lines(), 0);
}

#[test]
fn a_writer_that_panics_does_not_end_logging() {
    let disk = Disk::default();
    disk.state().panics_at = Some("bad");
    let (queue, _guard) = start(&disk, QueueOptions::default());
    for line in ["one\n", "bad\n", "two\n", "bad\n", "three\n"] {
        queue.push(Level::INFO, line.as_bytes());
    }
    assert!(queue.drain(MOMENT));
    queue.push(Level::INFO, b"after\n");
    assert!(queue.drain(MOMENT));
    let lines = disk.lines();
    let whole = lines.iter().filter(|line| !line.ends_with("lost")).collect::<Vec<_>>();
    assert_eq!(whole, ["one", "two", "three", "after"]);
    assert_eq!((queue.counts().lost, queue.counts().io_errors), (2, 2));
}

#[test]
fn a_closed_queue_counts_what_still_comes() {
    let disk = Disk::default();
    let (queue, guard) = start(&disk, QueueOptions::default());
    queue.push(Level::INFO, b"line\n");
    drop(guard);
    queue.push(Level::WARN, b"too late\n");
    assert_eq!(queue.counts().dropped, [0, 0, 0, 1, 0]);
    assert_eq!(disk.lines(), ["line"]);
    assert_eq!(Arc::strong_count(&disk.0), 1, "the writer is gone when the guard is");
}

#[cfg(target_os = "linux")]
#[test]
fn lines_lost_to_a_full_disk_are_told_when_it_has_room_again() {
    use crate::kernel::Clock;
    use crate::telemetry::logs::rolling::{Period, RollingOptions, RollingWriter};
    let directory = tempfile::tempdir().unwrap();
    let active = directory.path().join("docket.log");
    std::os::unix::fs::symlink("/dev/full", &active).unwrap();
    let options = RollingOptions {
        directory: directory.path().to_owned(),
        name: "docket.log".into(),
        bytes_max: 1 << 20,
        period: Period::Never,
        files_max: 10,
        age_max: MOMENT,
        total_bytes_max: 1 << 30,
        compress: false,
    };
    let counts = Arc::new(Counts::default());
    let writer = RollingWriter::open(options, Clock::System, Arc::clone(&counts)).unwrap();
    let reopen = writer.reopener();
    let told = |lost| format!("{lost} lost\n").into_bytes();
    let (queue, _guard) = LogQueue::start(writer, QueueOptions::default(), counts, told);
    for _ in 0..5 {
        queue.push(Level::INFO, b"lost\n");
        assert!(queue.drain(MOMENT));
    }
    assert_eq!((queue.counts().lost, queue.counts().lines), (5, 0));
    std::fs::remove_file(&active).unwrap();
    reopen.ask();
    queue.push(Level::INFO, b"written\n");
    assert!(queue.drain(MOMENT));
    let mut lines: Vec<_> =
        std::fs::read_to_string(&active).unwrap().lines().map(str::to_owned).collect();
    lines.sort();
    assert_eq!(lines, ["5 lost", "written"]);
    assert_eq!((queue.counts().lost, queue.counts().lines), (5, 2));
}
