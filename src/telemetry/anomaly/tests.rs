//! Made-up shops, minute by minute.

use std::iter::repeat_n;
use std::time::Duration;

use tempfile::tempdir;

use super::baseline::Baseline;
use super::signal::{Counted, Signal};
use super::{ANOMALOUS, State, memory};
use crate::kernel::Clock;
use crate::telemetry::metrics::{self, OrderOutcome, OrderProcessing, gathered};

const HOUR: usize = 60;
const DAY: usize = 24 * HOUR;
const WEEK: usize = 7 * DAY;

/// Chance that is the same in every run (a linear congruential generator).
struct Chance(u64);

impl Chance {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// How many things happen in a minute, when on average it is so many (Poisson).
    fn count(&mut self, average: f64) -> f64 {
        let (mut count, mut product) = (0.0, self.unit());
        while product > (-average).exp() {
            product *= self.unit();
            count += 1.0;
        }
        count
    }

    fn counts(&mut self, averages: impl IntoIterator<Item = f64>) -> Vec<f64> {
        averages.into_iter().map(|average| self.count(average)).collect()
    }
}

/// A signal from its first minute on.
struct Watched {
    signal: Signal,
    baseline: Baseline,
    minute: usize,
}

impl Watched {
    fn new(signal: Signal) -> Self {
        Self { signal, baseline: Baseline::default(), minute: 0 }
    }

    fn score(&mut self, value: f64, of: f64) -> f64 {
        let hour = 490_000 + i64::try_from(self.minute / HOUR).unwrap();
        self.minute += 1;
        let signal = self.signal;
        self.baseline.observe(value, hour, |level| signal.noise(level, of)).score
    }

    fn scores(&mut self, values: &[f64]) -> Vec<f64> {
        values.iter().map(|value| self.score(*value, 0.0)).collect()
    }
}

fn anomalous(scores: &[f64]) -> usize {
    scores.iter().filter(|score| **score >= ANOMALOUS).count()
}

/// A rate that has been `average` for a day.
fn steady(average: f64) -> Watched {
    let mut watched = Watched::new(Signal::OrderRate);
    let scores = watched.scores(&Chance(7).counts(repeat_n(average, DAY)));
    assert_eq!(anomalous(&scores), 0, "chance alone: {}", scores.iter().fold(0.0, |a, b| b.max(a)));
    watched
}

#[test]
fn chance_alone_is_no_anomaly_in_any_shop() {
    for average in [0.005, 0.03, 1.0, 40.0, 600.0] {
        steady(average);
    }
}

#[test]
fn a_rush_and_a_silence_are() {
    assert!(steady(40.0).score(400.0, 0.0) > ANOMALOUS);
    assert!(steady(60.0).score(0.0, 0.0) > ANOMALOUS);
    assert!(steady(0.03).score(20.0, 0.0) > ANOMALOUS);
}

#[test]
fn a_quiet_shops_second_order_is_not() {
    let mut watched = steady(0.03);
    assert!(watched.score(3.0, 0.0) < ANOMALOUS);
    assert!(watched.score(0.0, 0.0) < ANOMALOUS);
}

#[test]
fn what_stays_is_ordinary_within_the_hour_and_not_at_once() {
    let mut watched = steady(40.0);
    let scores = watched.scores(&Chance(3).counts(repeat_n(120.0, 2 * HOUR)));
    assert_eq!(anomalous(&scores[..10]), 10, "{:?}", &scores[..10]);
    assert_eq!(anomalous(&scores[HOUR..]), 0, "{:?}", &scores[HOUR..]);
}

#[test]
fn one_wild_minute_does_not_change_what_is_expected() {
    let mut watched = steady(40.0);
    watched.score(1e9, 0.0);
    let scores = watched.scores(&Chance(3).counts(repeat_n(40.0, HOUR)));
    assert_eq!(anomalous(&scores), 0, "{scores:?}");
    assert!(watched.score(400.0, 0.0) > ANOMALOUS);
}

/// Ten orders a minute, and for an hour of every day, from `rush` on, a hundred.
fn with_a_rush(minutes: usize, rush: usize) -> impl Iterator<Item = f64> {
    let in_rush = move |minute: usize| (rush..rush + HOUR).contains(&(minute % DAY));
    (0..minutes).map(move |minute| if in_rush(minute) { 100.0 } else { 10.0 })
}

#[test]
fn an_hour_that_is_always_busy_is_an_anomaly_only_in_its_first_week() {
    let mut watched = Watched::new(Signal::OrderRate);
    let rush = 18 * HOUR;
    let first = watched.scores(&Chance(5).counts(with_a_rush(WEEK, rush)));
    assert!(anomalous(&first[rush..rush + HOUR]) > 10);
    let second = watched.scores(&Chance(6).counts(with_a_rush(WEEK, rush)));
    assert_eq!(anomalous(&second), 0);
    let third = watched.scores(&Chance(8).counts(with_a_rush(DAY, 10 * HOUR)));
    assert!(anomalous(&third[10 * HOUR..11 * HOUR]) > 10, "the same rush at another hour");
}

#[test]
fn a_burst_of_errors_is_an_anomaly_when_it_is_more_than_chance() {
    let after_a_day = || {
        let mut watched = Watched::new(Signal::ErrorShare);
        let scores: Vec<f64> = (0..DAY).map(|_| watched.score(0.0, 100.0)).collect();
        assert_eq!(anomalous(&scores), 0);
        watched
    };
    assert!(after_a_day().score(20.0 / 100.0, 100.0) > ANOMALOUS);
    assert!(after_a_day().score(4.0 / 10.0, 10.0) < ANOMALOUS, "four of ten");
    assert!(after_a_day().score(1.0, 1.0) < ANOMALOUS, "the only request of the minute");
    assert!(after_a_day().score(3.0 / 100.0, 100.0) < ANOMALOUS, "three of a hundred");
}

#[test]
fn nothing_is_said_of_a_signal_that_is_not_known_yet() {
    let mut watched = Watched::new(Signal::LogRate);
    let scores = watched.scores(&[5.0, 5_000.0].repeat(15));
    assert_eq!(scores, [0.0; 30]);
}

#[test]
fn a_clock_that_is_set_back_or_a_gap_harms_nothing() {
    let mut baseline = Baseline::default();
    for hour in [10, 11, 11, 500, 3, 4, 5] {
        for _ in 0..HOUR {
            let verdict = baseline.observe(40.0, hour, |level| level.max(1.0).sqrt());
            assert_eq!((verdict.score, verdict.expected.min(40.0)), (0.0, verdict.expected));
        }
    }
}

#[test]
fn a_restart_changes_no_score() {
    let directory = tempdir().unwrap();
    let file = directory.path().join("baselines.json");
    let series = Chance(9).counts(with_a_rush(2 * WEEK, 18 * HOUR));
    let (before, after) = series.split_at(WEEK + 3 * DAY + 17);
    let mut watched = Watched::new(Signal::OrderRate);
    watched.scores(before);
    let unused = Baseline::default;
    memory::save(&file, &[unused(), watched.baseline.clone(), unused(), unused()]).unwrap();
    let [_, baseline, ..] = memory::load(&file);
    let mut restarted = Watched { baseline, ..watched };
    for (with, without) in restarted.scores(after).iter().zip(watched.scores(after)) {
        assert!((with - without).abs() < 1e-9, "{with} {without}");
    }
}

#[test]
fn a_file_that_nobody_understands_is_put_aside() {
    let directory = tempdir().unwrap();
    let file = directory.path().join("baselines.json");
    for text in ["{\"version\":1,\"basel", "{\"version\":2,\"baselines\":{}}"] {
        std::fs::write(&file, text).unwrap();
        assert!(memory::load(&file).iter().all(|baseline| *baseline == Baseline::default()));
        assert!(!file.exists());
        let aside = directory.path().join("baselines.unreadable");
        assert_eq!(std::fs::read_to_string(aside).unwrap(), text);
    }
    assert!(memory::load(&file).iter().all(|baseline| *baseline == Baseline::default()));
}

#[test]
fn the_counters_are_those_of_the_metrics() {
    let before = Counted::read(&gathered());
    for status in [200, 503] {
        metrics::http_request("GET", "/anomaly", status, Duration::ZERO);
    }
    for outcome in [OrderOutcome::Placed, OrderOutcome::Declined, OrderOutcome::Replayed] {
        OrderProcessing::start().ended(outcome);
    }
    let now = Counted::read(&gathered());
    // Other tests count on the same page.
    let grew = |now: f64, before: f64, by: f64| assert!(now >= before + by, "{before} {now}");
    grew(now.requests, before.requests, 2.0);
    grew(now.errors, before.errors, 1.0);
    grew(now.orders, before.orders, 2.0);
    grew(now.declined, before.declined, 1.0);
    assert!(now.requests - now.errors >= before.requests - before.errors + 1.0);
}

#[test]
fn a_signal_becomes_anomalous_once_and_ordinary_again() {
    let mut state = State::new(Default::default());
    let place = Signal::ALL.iter().position(|signal| *signal == Signal::ErrorShare).unwrap();
    let counted = std::cell::Cell::new(Counted::default());
    let minute = |state: &mut State, errors: f64| {
        let Counted { requests, errors: before, .. } = counted.get();
        let (requests, errors) = (requests + 100.0, before + errors);
        counted.set(Counted { requests, errors, ..Counted::default() });
        state.take(counted.get(), Clock::System.now());
        (state.verdicts[place].score, state.anomalous[place])
    };
    for _ in 0..60 {
        assert_eq!(minute(&mut state, 0.0), (0.0, false));
    }
    let (score, anomalous) = minute(&mut state, 50.0);
    assert!(score > ANOMALOUS && anomalous);
    assert!(minute(&mut state, 50.0).1);
    // Nothing was asked: nothing is unusual about that.
    state.take(counted.get(), Clock::System.now());
    assert_eq!(state.verdicts[place].score, 0.0);
    let (score, anomalous) = minute(&mut state, 0.0);
    assert!(score < ANOMALOUS && !anomalous, "{score}");
}
