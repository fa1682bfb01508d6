//! What many answers come to.

use std::time::Duration;

use crate::load::Answer;

/// Was the work done?
pub fn is_accepted(answer: &Answer) -> bool {
    answer.status == 200 || answer.status == 201
}

/// Was it refused for too much being asked?
pub fn is_refused(answer: &Answer) -> bool {
    answer.status == 429 || answer.status == 503
}

/// How many of them a second were accepted and answered within that time.
pub fn goodput(answers: &[Answer], time: Duration) -> f64 {
    let in_time = |answer: &&Answer| is_accepted(answer) && answer.due + answer.latency <= time;
    answers.iter().filter(in_time).count() as f64 / time.as_secs_f64()
}

/// The latency in milliseconds that this share of the answers does not exceed; 0 of none.
pub fn quantile<'a>(answers: impl Iterator<Item = &'a Answer>, share: f64) -> f64 {
    quantile_of(answers.map(|answer| answer.latency).collect(), share)
}

/// The same of any times.
pub fn quantile_of(mut times: Vec<Duration>, share: f64) -> f64 {
    times.sort_unstable();
    let place = ((times.len() as f64 * share).ceil() as usize).max(1) - 1;
    times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1e3)
}
