//! A waterfall as it is drawn.

use super::draw::{self, Bar};
use super::line::Pair;
use super::units::{second, took};
use crate::insight::{Lane, LogLine, Row, Waterfall};
use crate::telemetry::SpanLink;

/// Rows that are drawn, unless somebody wants all of them.
pub(super) const ROWS_MOST: usize = 500;

/// Colours that modules are told apart by.
const HUES: usize = 10;
/// Pixels that a span stands further in than the one above it, and at most.
const INDENT: usize = 12;
const INDENT_MOST: usize = 180;

/// A waterfall as it is drawn.
pub(super) struct Drawn {
    pub(super) trace_id: String,
    pub(super) name: String,
    pub(super) kept: Option<&'static str>,
    pub(super) started: String,
    pub(super) took: String,
    pub(super) critical: String,
    pub(super) spans: i64,
    pub(super) failed: i64,
    /// Rows that are not drawn.
    pub(super) hidden: i64,
    pub(super) ticks: Vec<(String, String)>,
    pub(super) lanes: Vec<DrawnLane>,
    pub(super) rows: Vec<DrawnRow>,
}

/// A module of a trace.
pub(super) struct DrawnLane {
    pub(super) module: String,
    pub(super) hue: usize,
    pub(super) own: String,
    pub(super) critical: Option<String>,
    pub(super) failed: i64,
    pub(super) bars: Vec<Bar>,
}

/// A span.
pub(super) struct DrawnRow {
    pub(super) anchor: String,
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) module: String,
    pub(super) hue: usize,
    pub(super) indent: usize,
    pub(super) starts: String,
    pub(super) took: String,
    pub(super) own: String,
    pub(super) critical: Option<String>,
    pub(super) wait: Option<String>,
    pub(super) commit: Option<String>,
    pub(super) failed: bool,
    /// Where it ends, for what marks it there.
    pub(super) ends: String,
    pub(super) outlives: bool,
    pub(super) bars: Vec<Bar>,
    pub(super) marks: Vec<Mark>,
    pub(super) attributes: Vec<Pair>,
    pub(super) links: Vec<(String, String)>,
}

/// A log line at its moment.
pub(super) struct Mark {
    pub(super) x: String,
    pub(super) address: String,
    pub(super) label: String,
    pub(super) grave: bool,
}

impl Drawn {
    /// Draws a waterfall, its first `rows_most` rows.
    pub(super) fn of(waterfall: Waterfall, lines: &[LogLine], rows_most: usize) -> Self {
        let whole = waterfall.duration_us;
        let hidden = waterfall.rows.len().saturating_sub(rows_most);
        let beyond = waterfall.span_count.saturating_sub(waterfall.rows.len());
        Self {
            name: waterfall.name().to_owned(),
            kept: waterfall.kept_because.map(crate::telemetry::Keep::as_str),
            started: second(waterfall.started_at),
            took: took(whole),
            critical: took(waterfall.critical_us()),
            spans: count(waterfall.span_count),
            failed: count(waterfall.failed()),
            hidden: count(hidden + beyond),
            ticks: ticks(whole),
            lanes: waterfall.lanes.iter().enumerate().map(|lane| drawn_lane(lane, whole)).collect(),
            rows: waterfall
                .rows
                .into_iter()
                .take(rows_most)
                .map(|row| DrawnRow::of(row, whole, lines))
                .collect(),
            trace_id: waterfall.trace_id,
        }
    }
}

/// Four moments of the whole, the beginning among them.
fn ticks(whole: u64) -> Vec<(String, String)> {
    (0..4).map(|quarter| (draw::percent(quarter, 4), took(whole / 4 * quarter))).collect()
}

fn drawn_lane((place, lane): (usize, &Lane), whole: u64) -> DrawnLane {
    let mut bars = Bar::all("own", &lane.own, whole);
    bars.extend(Bar::all("path", &lane.critical, whole));
    DrawnLane {
        module: lane.module.clone(),
        hue: place % HUES,
        own: took(lane.own_us()),
        critical: some_time(lane.critical_us()),
        failed: count(lane.failed),
        bars,
    }
}

impl DrawnRow {
    fn of(row: Row, whole: u64, lines: &[LogLine]) -> Self {
        let mut bars = vec![Bar::of("ran", row.ran, whole)];
        bars.extend(Bar::all("own", &row.own, whole));
        bars.extend(row.wait.map(|part| Bar::of("wait", part, whole)));
        bars.extend(row.commit.map(|part| Bar::of("commit", part, whole)));
        bars.extend(Bar::all("path", &row.critical, whole));
        let marks = row.lines.iter().filter_map(|(number, at)| {
            let line = lines.get(*number)?;
            Some(Mark::of(*number, line, draw::percent(*at, whole)))
        });
        Self {
            anchor: format!("s-{}", row.span_id),
            hue: row.lane % HUES,
            indent: (row.depth * INDENT).min(INDENT_MOST),
            starts: took(row.ran.from),
            took: took(row.ran.us()),
            own: took(row.own_us()),
            critical: some_time(row.critical_us()),
            wait: row.wait.map(|part| took(part.us())),
            commit: row.commit.map(|part| took(part.us())),
            ends: draw::percent(row.ran.to, whole),
            marks: marks.collect(),
            name: row.name,
            kind: row.kind,
            module: row.module,
            failed: row.failed,
            outlives: row.outlives,
            bars,
            attributes: Pair::all(row.attributes),
            links: row.links.iter().map(linked).collect(),
        }
    }
}

impl Mark {
    fn of(number: usize, line: &LogLine, x: String) -> Self {
        Self {
            x,
            address: format!("#line-{number}"),
            label: format!("{} {}", line.severity, line.message),
            grave: line.is_grave(),
        }
    }
}

fn linked(link: &SpanLink) -> (String, String) {
    (draw::span(&link.trace_id, &link.span_id), link.trace_id.clone())
}

fn some_time(us: u64) -> Option<String> {
    (us > 0).then(|| took(us))
}

pub(super) fn count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::insight::Part;
    use crate::kernel::Timestamp;

    fn row(name: &str, from: u64, to: u64) -> Row {
        let ran = Part { from, to };
        Row {
            span_id: name.into(),
            name: name.into(),
            kind: "internal",
            module: "m".into(),
            lane: 12,
            depth: 100,
            above: None,
            ran,
            own: vec![ran],
            critical: Vec::new(),
            wait: Some(Part { from, to: from + 10 }),
            commit: None,
            failed: true,
            outlives: false,
            attributes: vec![("order.id".into(), "o 1".into())],
            links: Vec::new(),
            lines: vec![(0, 50), (9, 50)],
        }
    }

    fn waterfall(rows: Vec<Row>) -> Waterfall {
        Waterfall {
            trace_id: "t".into(),
            kept_because: None,
            started_at: Timestamp::from_micros(0),
            duration_us: 100,
            span_count: 7,
            rows,
            lanes: Vec::new(),
        }
    }

    #[test]
    fn rows_are_drawn_in_per_cent_of_the_trace() {
        let lines = [LogLine { severity: "WARN".into(), ..LogLine::default() }];
        let drawn = Drawn::of(waterfall(vec![row("a", 0, 100), row("b", 25, 50)]), &lines, 10);
        let bars: Vec<_> =
            drawn.rows[1].bars.iter().map(|bar| (bar.kind, &*bar.x, &*bar.width)).collect();
        assert_eq!(bars, [("ran", "25%", "25%"), ("own", "25%", "25%"), ("wait", "25%", "10%")]);
        let row = &drawn.rows[1];
        assert_eq!((row.indent, row.hue, row.ends.as_str()), (INDENT_MOST, 2, "50%"));
        assert_eq!(row.attributes[0].address.as_deref(), Some("/admin/orders/o%201"));
        assert_eq!(row.marks.len(), 1, "a line that is not there is not marked");
        assert!(row.marks[0].grave && row.marks[0].address == "#line-0");
    }

    #[test]
    fn what_is_not_drawn_is_counted() {
        let drawn = Drawn::of(waterfall(vec![row("a", 0, 1), row("b", 0, 1)]), &[], 1);
        assert_eq!((drawn.rows.len(), drawn.hidden), (1, 6));
    }
}
