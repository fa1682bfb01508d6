//! What a signal usually is, and how far from it a minute was.
//!
//! Two expectations. The *last hour*: a level that follows slowly (an exponentially weighted moving
//! average) and a spread (the median absolute deviation, which half of all minutes must move before
//! it does). And the *same hour a week ago*, from median and spread of its minutes: an hour that is
//! always busy is no anomaly. The one that expects it better counts.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Minutes that the last hour has.
const MINUTES: usize = 60;
/// What the level takes of each new minute: an average over about an hour.
const WEIGHT: f64 = 2.0 / (MINUTES as f64 + 1.0);
/// Nothing is said before so many minutes are known.
const WARM_UP: usize = MINUTES / 2;
/// A minute moves the level as if it were no further away than this many spreads: one that is
/// far off must not become what is expected.
const LEARN_MOST: f64 = 3.0;
/// What a median absolute deviation is multiplied by to compare with a standard deviation, when
/// chance is normal.
const TO_DEVIATION: f64 = 1.4826;
const HOURS_OF_A_WEEK: i64 = 168;

/// How a minute was.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Verdict {
    /// By how many spreads it was off; 0 while too little is known.
    pub(super) score: f64,
    /// What was expected.
    pub(super) expected: f64,
}

/// What one signal usually is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Baseline {
    level: f64,
    /// How far off each of the last minutes was.
    residuals: VecDeque<f64>,
    /// The hour that runs, since 1970, and its minutes.
    running: i64,
    minutes: Vec<f64>,
    /// The hours before it, oldest first, a week of them.
    hours: VecDeque<Hour>,
}

/// One hour of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Hour {
    /// Hours since 1970.
    number: i64,
    level: f64,
    spread: f64,
}

impl Baseline {
    /// Scores a minute in this hour since 1970, then learns from it. `noise` is the least spread
    /// around a level, by chance alone.
    pub(super) fn observe(&mut self, value: f64, hour: i64, noise: impl Fn(f64) -> f64) -> Verdict {
        self.begin(hour);
        let spread = (TO_DEVIATION * median(self.residuals.iter().copied())).max(noise(self.level));
        let recent = Verdict { score: (value - self.level).abs() / spread, expected: self.level };
        let verdict = match self.a_week_before(hour) {
            _ if self.residuals.len() < WARM_UP => Verdict { score: 0.0, ..recent },
            Some(then) => {
                let spread = then.spread.max(noise(then.level));
                let score = (value - then.level).abs() / spread;
                if score < recent.score { Verdict { score, expected: then.level } } else { recent }
            }
            None => recent,
        };
        self.learn(value, spread);
        verdict
    }

    fn learn(&mut self, value: f64, spread: f64) {
        let residual = value - self.level;
        if self.residuals.is_empty() {
            self.level = value;
        } else if self.residuals.len() < WARM_UP {
            self.level += residual / (self.residuals.len() as f64 + 1.0);
        } else {
            self.level += WEIGHT * residual.clamp(-LEARN_MOST * spread, LEARN_MOST * spread);
        }
        self.residuals.push_back(residual.abs());
        if self.residuals.len() > MINUTES {
            self.residuals.pop_front();
        }
        self.minutes.push(value);
    }

    /// Closes the hour that ran when this is another. A clock that was set back begins it anew.
    fn begin(&mut self, hour: i64) {
        if self.running == hour {
            return;
        }
        if self.minutes.len() >= WARM_UP {
            let level = median(self.minutes.iter().copied());
            let off = self.minutes.iter().map(|minute| (minute - level).abs());
            let spread = TO_DEVIATION * median(off);
            self.hours.push_back(Hour { number: self.running, level, spread });
        }
        self.hours.retain(|known| (hour - HOURS_OF_A_WEEK..hour).contains(&known.number));
        self.minutes.clear();
        self.running = hour;
    }

    fn a_week_before(&self, hour: i64) -> Option<Hour> {
        self.hours.iter().copied().find(|known| known.number == hour - HOURS_OF_A_WEEK)
    }
}

/// The middle one; 0 of nothing.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}
