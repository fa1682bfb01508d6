//! How much memory a process holds.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

const PAGE: f64 = 4_096.0;
const EVERY: Duration = Duration::from_secs(1);

/// A process whose memory is looked at once a second.
pub struct Resident {
    done: Arc<AtomicBool>,
    samples: JoinHandle<Vec<f64>>,
}

impl Resident {
    /// MiB resident now.
    pub fn of(process: u32) -> f64 {
        let pages = fs::read_to_string(format!("/proc/{process}/statm")).unwrap();
        let resident: f64 = pages.split_whitespace().nth(1).unwrap().parse().unwrap();
        resident * PAGE / f64::from(1 << 20)
    }

    /// From now on.
    pub fn watch(process: u32) -> Self {
        let done = Arc::new(AtomicBool::new(false));
        let until = Arc::clone(&done);
        let samples = std::thread::spawn(move || {
            let mut samples = Vec::new();
            while !until.load(Ordering::Relaxed) {
                samples.push(Self::of(process));
                std::thread::sleep(EVERY);
            }
            samples
        });
        Self { done, samples }
    }

    /// MiB resident at most, since it is watched.
    pub fn most(self) -> f64 {
        self.samples().into_iter().fold(0.0, f64::max)
    }

    /// MiB resident, second by second.
    pub fn samples(self) -> Vec<f64> {
        self.done.store(true, Ordering::Relaxed);
        self.samples.join().unwrap()
    }
}

/// The slope of the straight line through values a second apart, per minute (least squares).
pub fn slope_per_minute(samples: &[f64]) -> f64 {
    let middle = (samples.len() as f64 - 1.0) / 2.0;
    let mean = samples.iter().sum::<f64>() / samples.len() as f64;
    let (mut above, mut below) = (0.0, 0.0);
    for (second, sample) in samples.iter().enumerate() {
        let from_middle = second as f64 - middle;
        above += from_middle * (sample - mean);
        below += from_middle * from_middle;
    }
    above / below * 60.0
}
