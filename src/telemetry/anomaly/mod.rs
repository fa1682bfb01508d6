//! Does the shop behave as it usually does? A few signals, each scored once a minute against its
//! last hour and against the same hour a week ago.
//!
//! Plain statistics ([`baseline`]), the same for the same numbers. Must stay true: what is unusual
//! is not learnt at once, and what stays is not unusual for ever.

mod baseline;
mod memory;
mod signal;
#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use super::metrics::{Samples, gathered, register_source};
use crate::kernel::{Clock, Stopwatch, Timestamp};
use baseline::{Baseline, Verdict};
use signal::{Counted, Minute, Signal};

/// From this score on a signal is anomalous: a steady signal stays below it for years.
const ANOMALOUS: f64 = 6.0;
/// Below this score it is so no longer.
const ORDINARY: f64 = 3.0;
/// After a longer pause (a machine that slept) the numbers are no minute's.
const PAUSE_MOST: Duration = Duration::from_secs(150);
const HOUR_MICROS: i64 = 3_600_000_000;

/// The baselines of this process.
static ANOMALIES: OnceLock<Anomalies> = OnceLock::new();

struct Anomalies {
    file: PathBuf,
    state: Mutex<State>,
}

struct State {
    last: Option<(Stopwatch, Counted)>,
    baselines: [Baseline; Signal::ALL.len()],
    verdicts: [Verdict; Signal::ALL.len()],
    anomalous: [bool; Signal::ALL.len()],
    saved_in_hour: i64,
}

/// Takes up the baselines that an earlier process left in this file, and shows the scores on the
/// page of metrics.
pub(super) fn begin(file: PathBuf) {
    let baselines = memory::load(&file);
    let state = Mutex::new(State::new(baselines));
    if ANOMALIES.set(Anomalies { file, state }).is_ok() {
        register_source(Box::new(|samples| {
            ANOMALIES.get().into_iter().for_each(|anomalies| anomalies.state().tell(samples));
        }));
    }
}

/// Scores the minute since the last call; to be called once a minute. Writes a small file once an
/// hour, so not on a thread that must not wait.
pub fn score_anomalies() {
    let Some(anomalies) = ANOMALIES.get() else { return };
    // The page of metrics asks for the scores: not while they are locked.
    let counted = Counted::read(&gathered());
    let now = Clock::System.now();
    let due = anomalies.state().take(counted, now);
    if due {
        anomalies.save();
    }
}

/// Keeps the baselines for the next process.
pub(super) fn end() {
    ANOMALIES.get().into_iter().for_each(Anomalies::save);
}

impl Anomalies {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn save(&self) {
        let baselines = self.state().baselines.clone();
        if let Err(error) = memory::save(&self.file, &baselines) {
            tracing::warn!(%error, "the baselines of anomalies cannot be kept for the next start");
        }
    }
}

impl State {
    fn new(baselines: [Baseline; Signal::ALL.len()]) -> Self {
        Self {
            last: None,
            baselines,
            verdicts: Default::default(),
            anomalous: Default::default(),
            saved_in_hour: 0,
        }
    }

    /// Scores what was counted since the last time; answers whether the baselines should be saved.
    fn take(&mut self, counted: Counted, now: Timestamp) -> bool {
        let hour = now.micros().div_euclid(HOUR_MICROS);
        let last = self.last.replace((Stopwatch::start(), counted));
        let last = last.filter(|(since, _)| since.elapsed() <= PAUSE_MOST);
        for (index, signal) in Signal::ALL.into_iter().enumerate() {
            let minute = last.as_ref().and_then(|(since, before)| {
                let minutes = since.elapsed().as_secs_f64().max(1.0) / 60.0;
                signal.minute(before, &counted, minutes)
            });
            match minute {
                Some(minute) => self.score(index, signal, minute, hour),
                // Of nothing there is nothing unusual: an alert must not live on the last minute.
                None => self.verdicts[index].score = 0.0,
            }
        }
        std::mem::replace(&mut self.saved_in_hour, hour) != hour
    }

    fn score(&mut self, index: usize, signal: Signal, minute: Minute, hour: i64) {
        let verdict = self.baselines[index]
            .observe(minute.value, hour, |level| signal.noise(level, minute.of));
        self.verdicts[index] = verdict;
        let Verdict { score, expected } = verdict;
        let (signal, value) = (signal.as_str(), minute.value);
        if score >= ANOMALOUS && !self.anomalous[index] {
            self.anomalous[index] = true;
            tracing::warn!(signal, score, value, expected, "something is not as it usually is");
        } else if score < ORDINARY && self.anomalous[index] {
            self.anomalous[index] = false;
            tracing::info!(signal, score, value, expected, "it is as it usually is again");
        }
    }

    fn tell(&self, samples: &mut Samples) {
        for (signal, verdict) in Signal::ALL.into_iter().zip(&self.verdicts) {
            samples.add_for("anomaly_score", signal.as_str(), verdict.score);
            samples.add_for("anomaly_expected", signal.as_str(), verdict.expected);
        }
    }
}
