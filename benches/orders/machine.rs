//! What a process has used, as Linux counts it.
#![allow(dead_code, reason = "not every bench that includes this file needs all of it")]

use std::fs;

/// What a process has used since its start.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// Processor time, its own and the kernel's for it, in seconds.
    pub cpu_seconds: f64,
    /// Bytes that it had written to disk.
    pub written: u64,
    /// Bytes resident, at most so far.
    pub resident_most: u64,
}

/// Ticks of a second in `/proc/PID/stat`: 100 on every Linux (`getconf CLK_TCK`).
const TICKS: f64 = 100.0;

impl Usage {
    pub fn of(process: u32) -> Self {
        let read = |name: &str| fs::read_to_string(format!("/proc/{process}/{name}")).unwrap();
        let stat = read("stat");
        // The name of the process, in parentheses, may have spaces.
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks = |place: usize| fields[place].parse::<f64>().unwrap();
        Self {
            cpu_seconds: (ticks(11) + ticks(12)) / TICKS,
            written: number(&read("io"), "write_bytes:"),
            resident_most: number(&read("status"), "VmHWM:") * 1_024,
        }
    }

    /// What was used since `before`.
    pub fn since(self, before: Self) -> Self {
        Self {
            cpu_seconds: self.cpu_seconds - before.cpu_seconds,
            written: self.written - before.written,
            resident_most: self.resident_most,
        }
    }
}

fn number(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}
