//! What a scenario came to: the medians of its rounds.

use crate::figures::{self, median};
use crate::measure::{Measured, Round};
use crate::scenario::Scenario;

fn of_rounds(measured: &Measured, figure: impl Fn(&Round) -> f64) -> f64 {
    median(measured.rounds.iter().map(figure).collect())
}

/// The ratio to a floor, round by round: what slows the machine down slows both down.
fn ratio(measured: &Measured, floor: &[f64]) -> f64 {
    let ratios = measured.rounds.iter().zip(floor).map(|(round, floor)| rate(round) / floor);
    median(ratios.collect())
}

fn rate(round: &Round) -> f64 {
    round.seen.latencies.len() as f64 / round.seen.seconds
}

/// Prints the medians of all rounds.
pub fn print(scenario: &Scenario, measured: &Measured, as_json: bool) {
    let orders = |round: &Round| round.orders.max(1) as f64;
    let mut figures = vec![
        ("requests_per_second", of_rounds(measured, rate)),
        ("orders_per_second", of_rounds(measured, |round| orders(round) / round.seen.seconds)),
        ("lines_per_order", of_rounds(measured, |round| round.lines as f64 / orders(round))),
        ("p50_ms", of_rounds(measured, |round| round.seen.quantile(0.5))),
        ("p99_ms", of_rounds(measured, |round| round.seen.quantile(0.99))),
        ("p999_ms", of_rounds(measured, |round| round.seen.quantile(0.999))),
        (
            "server_cpu_us_per_order",
            of_rounds(measured, |round| round.server.cpu_seconds * 1e6 / orders(round)),
        ),
        (
            "client_cpu_us_per_order",
            of_rounds(measured, |round| round.seen.cpu_seconds * 1e6 / orders(round)),
        ),
        (
            "bytes_written_per_order",
            of_rounds(measured, |round| round.server.written as f64 / orders(round)),
        ),
        (
            "resident_most_mib",
            of_rounds(measured, |round| round.server.resident_most as f64 / f64::from(1 << 20)),
        ),
        (
            "answers_5xx",
            of_rounds(measured, |round| {
                let failed = round.seen.statuses.iter().filter(|(status, _)| *status >= 500);
                failed.map(|(_, count)| *count as f64).sum()
            }),
        ),
    ];
    if scenario.with_floors {
        let writes = of_rounds(measured, |round| round.row_writes as f64 / orders(round));
        figures.push(("row_writes_per_order", writes));
    }
    for (floor, rates) in &measured.floors {
        figures.push((floor.figure, median(rates.clone())));
        figures.push((floor.ratio, ratio(measured, rates)));
    }
    let settings = measured.settings.iter().map(|(name, setting)| format!("; {name} {setting}"));
    let what = format!("{}{}", scenario.what, settings.collect::<String>());
    figures::print(scenario.name, &what, &figures, as_json);
}
