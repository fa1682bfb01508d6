//! How full the disk is, and when it will be.

use std::collections::VecDeque;
use std::path::Path;
use std::time::Duration;

/// How far back the present rate is looked for: a day has its busy hours and its quiet ones.
const LOOK_BACK: Duration = Duration::from_secs(24 * 3_600);
/// How often a point is kept, and for how long nothing is foretold.
const STEP: Duration = Duration::from_secs(600);

/// The room of a file system, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Space {
    pub(super) size: u64,
    /// What this process may still write.
    pub(super) free: u64,
}

/// The room on the disk that `directory` is on; `None` when that cannot be told.
pub(super) fn space(directory: &Path) -> Option<Space> {
    let told = rustix::fs::statvfs(directory).ok()?;
    let bytes = |blocks: u64| blocks.saturating_mul(told.f_frsize);
    Some(Space { size: bytes(told.f_blocks), free: bytes(told.f_bavail) })
}

/// The room now and over the last day.
#[derive(Debug, Default)]
pub(super) struct DiskWatch {
    pub(super) space: Space,
    running: Duration,
    /// Since when the process was running, and how much was free.
    points: VecDeque<(Duration, u64)>,
}

impl DiskWatch {
    /// Takes the room that there is after the process has been `running` for so long.
    pub(super) fn observe(&mut self, space: Space, running: Duration) {
        (self.space, self.running) = (space, running);
        if self.points.back().is_none_or(|(last, _)| running.saturating_sub(*last) >= STEP) {
            self.points.push_back((running, space.free));
        }
        while self.points.front().is_some_and(|(first, _)| running.abs_diff(*first) > LOOK_BACK) {
            self.points.pop_front();
        }
    }

    /// In how many seconds nothing is free any more, when the last day goes on; infinite while
    /// nothing is used up, or too little is known.
    #[expect(clippy::cast_precision_loss, reason = "no disk has 2^52 bytes")]
    pub(super) fn seconds_left(&self) -> f64 {
        let Some((since, free_then)) = self.points.front() else { return f64::INFINITY };
        let took = self.running.saturating_sub(*since);
        let used = free_then.saturating_sub(self.space.free);
        if took < STEP || used == 0 {
            return f64::INFINITY;
        }
        self.space.free as f64 / used as f64 * took.as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);
    const GIB: u64 = 1 << 30;

    /// A disk of 100 GiB with so much free after each hour.
    fn watched(free: impl IntoIterator<Item = u64>) -> DiskWatch {
        let mut watch = DiskWatch::default();
        for (hour, free) in (0_u32..).zip(free) {
            watch.observe(Space { size: 100 * GIB, free }, HOUR * hour);
        }
        watch
    }

    #[test]
    fn a_disk_that_fills_evenly_has_so_much_time() {
        let left = watched((0..=48).map(|hour| (96 - hour) * GIB)).seconds_left();
        let two_days = 2.0 * 24.0 * HOUR.as_secs_f64();
        assert!((left - two_days).abs() < 1e-6, "48 GiB are free, 24 are used a day: {left}");
    }

    #[test]
    fn only_the_last_day_counts() {
        let rush = (0..24).map(|hour| (90 - 2 * hour) * GIB);
        let calm = std::iter::repeat_n(40 * GIB, 26);
        assert_eq!(watched(rush.chain(calm)).seconds_left(), f64::INFINITY);
    }

    #[test]
    fn nothing_is_foretold_of_a_disk_that_empties_or_is_new() {
        assert_eq!(watched([10 * GIB, 20 * GIB]).seconds_left(), f64::INFINITY);
        assert_eq!(watched([10 * GIB]).seconds_left(), f64::INFINITY);
        assert_eq!(watched([]).seconds_left(), f64::INFINITY);
        assert_eq!(watched([GIB, 0]).seconds_left(), 0.0);
    }

    #[test]
    fn the_room_of_a_real_disk_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let told = space(directory.path()).unwrap();
        assert!(told.free > 0 && told.free <= told.size, "{told:?}");
        assert_eq!(space(&directory.path().join("missing")), None);
    }
}
