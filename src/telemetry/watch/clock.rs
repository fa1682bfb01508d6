//! Jumps of the machine's clock, seen against the clock that only goes forward.

use std::time::Duration;

use crate::kernel::Timestamp;

/// Less is the ordinary slewing of a clock that is kept right, or a thread that had to wait.
const JUMP_LEAST_MICROS: i64 = 1_000_000;

/// The jumps so far.
#[derive(Debug, Default)]
pub(super) struct ClockWatch {
    /// Microseconds since 1970 at which the process would have started by what both clocks say.
    started: Option<i64>,
    pub(super) forward: u64,
    pub(super) backward: u64,
    /// By how much the clock jumped last, in seconds; below 0 when it was set back.
    pub(super) last_seconds: f64,
}

impl ClockWatch {
    /// Looks at both clocks, read together; answers by how many seconds the machine's has jumped
    /// since the last look, if it has. A machine that slept has a clock that jumped.
    pub(super) fn observe(&mut self, now: Timestamp, running: Duration) -> Option<f64> {
        let started = now.before(running).micros();
        let jump = started.saturating_sub(self.started.replace(started)?);
        if jump.abs() < JUMP_LEAST_MICROS {
            return None;
        }
        *(if jump > 0 { &mut self.forward } else { &mut self.backward }) += 1;
        self.last_seconds = jump as f64 / 1e6;
        Some(self.last_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros((1_795_000_000 + seconds) * 1_000_000)
    }

    #[test]
    fn a_clock_that_is_set_forward_and_back_is_seen_each_time_once() {
        let mut watch = ClockWatch::default();
        let mut observe = |now: i64, running| watch.observe(at(now), Duration::from_secs(running));
        assert_eq!(observe(0, 10), None);
        assert_eq!(observe(5, 15), None);
        assert_eq!(observe(3_610, 20), Some(3_600.0));
        assert_eq!(observe(3_615, 25), None);
        assert_eq!(observe(20, 30), Some(-3_600.0));
        assert_eq!(observe(25, 35), None);
        assert_eq!((watch.forward, watch.backward, watch.last_seconds), (1, 1, -3_600.0));
    }

    #[test]
    fn a_clock_that_is_slewed_has_not_jumped() {
        let mut watch = ClockWatch::default();
        for look in 0..10_000_u32 {
            // A hundred times faster than slewing is.
            let now = at(0).after(Duration::from_millis(5_250) * look);
            assert_eq!(watch.observe(now, Duration::from_secs(5) * look), None);
        }
        assert_eq!(watch.forward, 0);
    }
}
