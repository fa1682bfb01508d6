//! How long things took: the registry's own histograms, with a dot for each observation that leads
//! to a kept trace.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::draw;
use super::reader::{Reader, surroundings};
use super::units::{second, seconds};
use crate::error::Error;
use crate::telemetry::metrics::{self, BucketView, HistogramView, SeriesView};
use crate::web::admin::Desk;
use crate::web::frame::Frame;
use crate::web::page::page;

/// What is shown, by its name on the page of metrics and by the key of its title.
pub(super) const SHOWN: [(&str, &str); 5] = [
    ("http_server_request_duration_seconds", "http"),
    ("order_processing_duration_seconds", "orders"),
    ("payment_operation_duration_seconds", "gateway"),
    ("db_wait_duration_seconds", "wait"),
    ("db_commit_duration_seconds", "commit"),
];

/// Series of one histogram that are drawn; the table has all of them.
const DRAWN_MOST: usize = 12;
/// Of a drawing, in pixels.
const HEIGHT: u64 = 110;

#[derive(Template)]
#[template(path = "window/latency.html")]
struct Latency {
    frame: Frame,
    desk: Desk,
    groups: Vec<Group>,
}

impl Latency {
    fn tab(&self) -> &'static str {
        "latency"
    }
}

struct Group {
    key: &'static str,
    name: String,
    drawn: Vec<Plot>,
    rows: Vec<Summary>,
}

/// What the table says of a series.
#[derive(Clone)]
struct Summary {
    name: String,
    count: i64,
    mean: String,
    p50: String,
    p95: String,
    p99: String,
}

/// A series as it is drawn.
struct Plot {
    summary: Summary,
    /// How wide a bucket is.
    column_width: String,
    bars: Vec<PlotBar>,
    dots: Vec<Dot>,
}

struct PlotBar {
    x: String,
    width: String,
    y: u64,
    height: u64,
    label: String,
    /// What it counts.
    range: String,
    count: i64,
    /// Where its upper bound is written, for every other one.
    middle: Option<String>,
}

/// An observation with a kept trace. All of its bucket's column above the bar leads to it, so that
/// no two share a place to click.
struct Dot {
    column: String,
    x: String,
    y: u64,
    address: String,
    value: String,
    at: String,
}

/// Shows the histograms.
pub(super) async fn show(reader: Reader) -> Result<HttpResponse, Error> {
    let found = metrics::histograms(&SHOWN.map(|(name, _)| name));
    let groups = found.into_iter().map(Group::of).collect();
    let (frame, desk) = surroundings(&reader);
    page(StatusCode::OK, &Latency { frame, desk, groups })
}

impl Group {
    fn of(histogram: HistogramView) -> Self {
        let mut series = histogram.series;
        series.sort_by_key(|series| std::cmp::Reverse(series.count));
        let key = SHOWN.iter().find(|(name, _)| *name == histogram.name);
        Self {
            key: key.map_or("other", |(_, key)| key),
            name: histogram.name,
            drawn: series.iter().take(DRAWN_MOST).map(Plot::of).collect(),
            rows: series.iter().map(Summary::of).collect(),
        }
    }
}

impl Summary {
    fn of(series: &SeriesView) -> Self {
        let at = |q| series.quantile(q).map_or_else(String::new, seconds);
        #[expect(clippy::cast_precision_loss, reason = "a mean of more than 2^52 is still one")]
        let mean = series.sum / series.count.max(1) as f64;
        Self {
            name: series.labels.join(" "),
            count: i64::try_from(series.count).unwrap_or(i64::MAX),
            mean: seconds(mean),
            p50: at(0.5),
            p95: at(0.95),
            p99: at(0.99),
        }
    }
}

impl Plot {
    fn of(series: &SeriesView) -> Self {
        let most = series.buckets.iter().map(|bucket| bucket.count).max().unwrap_or_default();
        let count = series.buckets.len() as u64;
        let places = series.buckets.iter().zip(0_u64..);
        let bars = places.clone().map(|(bucket, place)| PlotBar::of(bucket, place, count, most));
        let dots = places.filter_map(|(bucket, place)| Dot::of(bucket, place, count, most));
        Self {
            summary: Summary::of(series),
            column_width: place_in(1, 0, count),
            bars: bars.collect(),
            dots: dots.collect(),
        }
    }
}

/// How high a bar is: one that is not empty can be seen.
fn height(count: u64, most: u64) -> u64 {
    if count == 0 { 0 } else { (count * (HEIGHT - 20) / most.max(1)).max(2) }
}

/// The share of the width at which a bucket begins, in thousandths of its own width.
fn place_in(place: u64, thousandths: u64, count: u64) -> String {
    draw::percent(place * 1_000 + thousandths, count * 1_000)
}

impl PlotBar {
    fn of(bucket: &BucketView, place: u64, buckets: u64, most: u64) -> Self {
        let height = height(bucket.count, most);
        let (label, range) = match bucket.bound.is_finite() {
            true => (seconds(bucket.bound), format!("≤ {}", seconds(bucket.bound))),
            false => {
                let above = format!("> {}", seconds(bucket.above));
                (above.clone(), above)
            }
        };
        Self {
            x: place_in(place, 60, buckets),
            width: place_in(0, 880, buckets),
            y: HEIGHT - height,
            height,
            label,
            range,
            count: i64::try_from(bucket.count).unwrap_or(i64::MAX),
            middle: (place % 3 == 1).then(|| place_in(place, 500, buckets)),
        }
    }
}

impl Dot {
    /// Where its value lies between the bounds of its bucket.
    fn of(bucket: &BucketView, place: u64, buckets: u64, most: u64) -> Option<Self> {
        let exemplar = bucket.exemplar.as_ref()?;
        let width = bucket.bound - bucket.above;
        let inside = (exemplar.value - bucket.above) / width;
        let inside = if inside.is_finite() && width.is_finite() { inside } else { 0.5 };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
        let thousandths = (inside.clamp(0.2, 0.8) * 1_000.0) as u64;
        Some(Self {
            column: place_in(place, 0, buckets),
            x: place_in(place, thousandths, buckets),
            y: HEIGHT - height(bucket.count, most) - 8,
            address: draw::span(&exemplar.trace_id, &exemplar.span_id),
            value: seconds(exemplar.value),
            at: second(exemplar.at),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Timestamp;
    use crate::telemetry::metrics::ExemplarView;

    fn bucket(above: f64, bound: f64, count: u64, value: Option<f64>) -> BucketView {
        let exemplar = value.map(|value| ExemplarView {
            trace_id: "t".into(),
            span_id: "s".into(),
            value,
            at: Timestamp::from_micros(0),
        });
        BucketView { above, bound, count, exemplar }
    }

    #[test]
    fn a_dot_stands_on_the_bar_of_its_value() {
        let buckets = vec![
            bucket(0.0, 0.001, 100, Some(0.000_5)),
            bucket(0.001, 0.01, 1, None),
            bucket(0.01, f64::INFINITY, 0, Some(9.0)),
        ];
        let series = SeriesView { labels: vec!["GET".into()], buckets, count: 101, sum: 0.101 };
        let plot = Plot::of(&series);
        let heights: Vec<u64> = plot.bars.iter().map(|bar| bar.height).collect();
        assert_eq!(heights, [90, 2, 0]);
        assert_eq!((plot.bars[2].label.as_str(), plot.bars[1].y), ("> 10.0 ms", 108));
        let ranges: Vec<_> = plot.bars.iter().map(|bar| bar.range.as_str()).collect();
        assert_eq!(ranges, ["≤ 1.00 ms", "≤ 10.0 ms", "> 10.0 ms"]);
        let dots: Vec<_> = plot.dots.iter().map(|dot| (dot.x.as_str(), dot.y)).collect();
        assert_eq!(dots, [("16.666%", 12), ("83.333%", 102)]);
        let columns: Vec<_> = plot.dots.iter().map(|dot| dot.column.as_str()).collect();
        assert_eq!((columns, plot.column_width.as_str()), (vec!["0%", "66.666%"], "33.333%"));
        assert_eq!(plot.dots[1].address, "/admin/telemetry/t#s-s");
        assert_eq!(plot.summary.mean, "1.00 ms");
    }
}
