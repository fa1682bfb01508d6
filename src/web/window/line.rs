//! A log line on a page, and what else is a name with a value.

use super::draw;
use super::units::time_of_day;
use crate::insight::LogLine;

/// A name with a value, and where the value leads.
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) address: Option<String>,
}

impl Pair {
    pub(super) fn of((name, value): (String, String)) -> Self {
        let address = match name.as_str() {
            "order.id" => Some(format!("/admin/orders/{}", draw::segment(&value))),
            "payment.id" | "request_id" | "entry.id" => Some(draw::about(&value)),
            _ => None,
        };
        Self { name, value, address }
    }

    pub(super) fn all(pairs: Vec<(String, String)>) -> Vec<Self> {
        pairs.into_iter().map(Self::of).collect()
    }
}

/// A log line on a page.
pub(super) struct Line {
    /// Its place in the list: `line-7`.
    pub(super) anchor: String,
    pub(super) time: String,
    pub(super) severity: String,
    pub(super) message: String,
    pub(super) target: String,
    pub(super) fields: Vec<Pair>,
    /// Where its span is, and what that is called.
    pub(super) span: Option<(String, String)>,
    pub(super) grave: bool,
}

impl Line {
    /// `span` is where its span is; without one the page of its trace is.
    pub(super) fn of(number: usize, line: LogLine, span: Option<(String, String)>) -> Self {
        let grave = line.is_grave();
        let elsewhere = || {
            let (trace, span) = line.trace_id.as_ref().zip(line.span_id.as_ref())?;
            let short = trace.get(trace.len().saturating_sub(8)..).unwrap_or(trace);
            Some((draw::span(trace, span), format!("…{short}")))
        };
        let span = span.or_else(elsewhere);
        Self {
            anchor: format!("line-{number}"),
            time: line.at.map(time_of_day).unwrap_or_default(),
            severity: line.severity,
            message: line.message,
            target: line.target,
            fields: Pair::all(line.fields),
            span,
            grave,
        }
    }
}
