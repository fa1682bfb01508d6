//! What is watched: signals made of counters that are there anyway.

use prometheus::proto::{Metric, MetricFamily};

/// What is scored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Signal {
    /// Requests answered 5xx, as a share of all.
    ErrorShare,
    /// Orders that came in per minute, whatever became of them, without repeated requests.
    OrderRate,
    /// Declined orders as a share of those.
    DeclineShare,
    /// Log lines per minute.
    LogRate,
}

/// Shares closer together than this are the same to a shop.
const SHARE_NOISE_LEAST: f64 = 0.01;
/// Lines come in bunches, many to a request: so many times as noisy as things that come alone.
const BUNCHED: f64 = 4.0;

impl Signal {
    /// Every signal.
    pub(super) const ALL: [Self; 4] =
        [Self::ErrorShare, Self::OrderRate, Self::DeclineShare, Self::LogRate];

    /// Its word in metrics.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::ErrorShare => "error_share",
            Self::OrderRate => "order_rate",
            Self::DeclineShare => "decline_share",
            Self::LogRate => "log_rate",
        }
    }

    /// What the signal was between two readings that are so many minutes apart; `None` when there
    /// was nothing of which it could be a share.
    pub(super) fn minute(self, before: &Counted, now: &Counted, minutes: f64) -> Option<Minute> {
        let share = |part: f64, of: f64| (of > 0.0).then(|| Minute { value: part / of, of });
        let rate = |count: f64| Some(Minute { value: count / minutes, of: 0.0 });
        match self {
            Self::ErrorShare => share(now.errors - before.errors, now.requests - before.requests),
            Self::OrderRate => rate(now.orders - before.orders),
            Self::DeclineShare => share(now.declined - before.declined, now.orders - before.orders),
            Self::LogRate => rate(now.lines - before.lines),
        }
    }

    /// How far a signal strays from its level by chance alone: as counts do (Poisson), and shares
    /// of `of` things (binomial). A level that was never seen counts as one that just was not yet.
    pub(super) fn noise(self, level: f64, of: f64) -> f64 {
        match self {
            Self::ErrorShare | Self::DeclineShare => {
                (level.max(1.0 / of) / of).sqrt().max(SHARE_NOISE_LEAST)
            }
            Self::OrderRate => level.max(1.0).sqrt(),
            Self::LogRate => BUNCHED * level.max(1.0).sqrt(),
        }
    }
}

/// One minute of a signal.
#[derive(Debug, Clone, Copy)]
pub(super) struct Minute {
    pub(super) value: f64,
    /// Of how many things `value` is a share; 0 for a rate.
    pub(super) of: f64,
}

/// The counters behind the signals.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Counted {
    pub(super) requests: f64,
    pub(super) errors: f64,
    pub(super) orders: f64,
    pub(super) declined: f64,
    pub(super) lines: f64,
}

impl Counted {
    /// Reads them from what the metrics are now.
    pub(super) fn read(families: &[MetricFamily]) -> Self {
        let requests = |taken: fn(&str) -> bool| {
            total(families, "http_server_requests_total", "status", taken)
        };
        let orders =
            |taken: fn(&str) -> bool| total(families, "orders_placed_total", "outcome", taken);
        Self {
            requests: requests(|_| true),
            errors: requests(|status| status.starts_with('5')),
            orders: orders(|outcome| outcome != "replayed"),
            declined: orders(|outcome| outcome == "declined"),
            lines: total(families, "telemetry_log_lines_total", "severity", |_| true),
        }
    }
}

/// The sum of a counter over the series whose label is taken.
fn total(families: &[MetricFamily], name: &str, label: &str, taken: fn(&str) -> bool) -> f64 {
    let of_series = |metric: &&Metric| {
        metric.get_label().iter().any(|pair| pair.name() == label && taken(pair.value()))
    };
    let family = families.iter().find(|family| family.name() == name);
    let series = family.into_iter().flat_map(MetricFamily::get_metric).filter(of_series);
    series.map(|metric| metric.get_counter().get_value()).sum()
}
