//! Counting answers, and what they come to.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::client::{Answer, Outcome};

/// Counts while the replay runs.
#[derive(Default)]
pub(super) struct Tally {
    counts: Counts,
    took: Vec<Duration>,
}

#[derive(Default, Clone, Serialize)]
struct Counts {
    /// Orders with an answer, or given up.
    orders: u64,
    /// 201.
    placed: u64,
    /// 402.
    declined: u64,
    /// Those of them that an earlier request had placed or declined already.
    replayed: u64,
    /// Those that were pending for a while.
    pending_first: u64,
    /// Other final answers, by status and code.
    refused: BTreeMap<String, u64>,
    /// Given up, by what was seen last.
    failed: BTreeMap<String, u64>,
    /// Requests sent again.
    retries: u64,
    /// Declined cards that were to be taken, and the other way round.
    unexpected: u64,
}

impl Tally {
    pub(super) fn add(&mut self, answer: &Answer) {
        let counts = &mut self.counts;
        counts.orders += 1;
        counts.retries += answer.retries;
        counts.pending_first += u64::from(answer.was_pending);
        self.took.push(answer.took);
        match &answer.outcome {
            Outcome::Unknown(seen) => *counts.failed.entry(seen.clone()).or_default() += 1,
            Outcome::Final(last) => {
                counts.replayed += u64::from(last.replayed);
                let declined = last.status == 402;
                match last.status {
                    201 => counts.placed += 1,
                    402 => counts.declined += 1,
                    status => {
                        let code = last.code.as_deref().unwrap_or("without a code");
                        *counts.refused.entry(format!("{status} {code}")).or_default() += 1;
                        return;
                    }
                }
                counts.unexpected += u64::from(declined != answer.decline_wanted);
            }
        }
    }

    /// For the progress bar.
    pub(super) fn progress(&self, elapsed: Duration) -> String {
        let orders = self.counts.orders;
        format!("{orders} orders, {:.0}/s", per_second(orders, elapsed))
    }

    pub(super) fn result(mut self, elapsed: Duration) -> Report {
        self.took.sort_unstable();
        Report {
            orders_per_second: per_second(self.counts.orders, elapsed),
            seconds: elapsed.as_secs_f64(),
            p50_ms: milliseconds(percentile(&self.took, 50)),
            p99_ms: milliseconds(percentile(&self.took, 99)),
            max_ms: milliseconds(percentile(&self.took, 100)),
            counts: self.counts,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn per_second(orders: u64, elapsed: Duration) -> f64 {
    orders as f64 / elapsed.as_secs_f64().max(f64::EPSILON)
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// The smallest duration that so many in a hundred do not exceed; `sorted` has all of them.
fn percentile(sorted: &[Duration], hundredths: usize) -> Duration {
    let rank = (sorted.len() * hundredths).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

/// The result of a replay.
#[derive(Serialize)]
pub(super) struct Report {
    #[serde(flatten)]
    counts: Counts,
    seconds: f64,
    orders_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

impl Report {
    /// Whether every order went as its card says.
    pub(super) fn as_expected(&self) -> bool {
        let counts = &self.counts;
        counts.refused.is_empty() && counts.failed.is_empty() && counts.unexpected == 0
    }

    pub(super) fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(self)
    }

    pub(super) fn table(&self) -> String {
        let counts = &self.counts;
        let mut rows = vec![
            ("orders sent".to_owned(), counts.orders.to_string()),
            ("placed".to_owned(), counts.placed.to_string()),
            ("declined".to_owned(), counts.declined.to_string()),
            ("  of these replayed".to_owned(), counts.replayed.to_string()),
            ("  of these pending first".to_owned(), counts.pending_first.to_string()),
            ("refused".to_owned(), counts.refused.values().sum::<u64>().to_string()),
        ];
        rows.extend(counts.refused.iter().map(|(code, n)| (format!("  {code}"), n.to_string())));
        rows.push(("failed".to_owned(), counts.failed.values().sum::<u64>().to_string()));
        rows.extend(counts.failed.iter().map(|(seen, n)| (format!("  {seen}"), n.to_string())));
        rows.extend([
            ("sent again".to_owned(), counts.retries.to_string()),
            ("time".to_owned(), format!("{:.1} s", self.seconds)),
            ("orders/s".to_owned(), format!("{:.1}", self.orders_per_second)),
            ("p50".to_owned(), format!("{:.1} ms", self.p50_ms)),
            ("p99".to_owned(), format!("{:.1} ms", self.p99_ms)),
            ("max".to_owned(), format!("{:.1} ms", self.max_ms)),
        ]);
        let width = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
        let lines = rows.iter().map(|(name, value)| format!("{name:width$}  {value:>12}"));
        lines.collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_exact() {
        let sorted: Vec<Duration> = (1..=200).map(Duration::from_millis).collect();
        let at = |hundredths| percentile(&sorted, hundredths).as_millis();
        assert_eq!((at(50), at(99), at(100)), (100, 198, 200));
        assert_eq!(percentile(&[], 99), Duration::ZERO);
        assert_eq!(percentile(&sorted[..1], 50).as_millis(), 1);
    }
}
