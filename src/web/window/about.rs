//! The page of an id: its order, its traces as waterfalls, its log lines, its journal entries.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use askama::Template;
use serde::Deserialize;
use serde_json::json;

use super::draw;
use super::line::Line;
use super::reader::{Reader, surroundings};
use super::units::second;
use super::waterfall::{Drawn, ROWS_MOST, count};
use crate::audit::{JournalEntry, Readings};
use crate::error::{Error, Refusal};
use crate::insight::{Insight, LogLine, TelemetryView, Waterfall};
use crate::orders::OrderView;
use crate::telemetry::{scrub, why_missing};
use crate::web::admin::Desk;
use crate::web::frame::Frame;
use crate::web::page::page;

/// How much is shown.
#[derive(Debug, Deserialize)]
pub(super) struct Shown {
    /// All spans, however many there are.
    #[serde(default)]
    all: String,
}

#[derive(Template)]
#[template(path = "window/about.html")]
struct About {
    frame: Frame,
    desk: Desk,
    id: String,
    kind: &'static str,
    order: Option<OrderView>,
    traces: Vec<Drawn>,
    missing: Vec<Missing>,
    line_count: i64,
    lines: Vec<Line>,
    incomplete: bool,
    unread: Vec<String>,
    entry_count: i64,
    entries: Vec<Entry>,
    /// Whether lines lead to spans further up on this page.
    alone: bool,
}

/// A trace that is not here, and why.
struct Missing {
    trace_id: String,
    reason: &'static str,
}

/// A journal entry.
struct Entry {
    seq: i64,
    address: String,
    kind: String,
    subject: String,
    actor: String,
    outcome: String,
    at: String,
}

/// Shows everything about an id.
pub(super) async fn show(
    reader: Reader,
    id: Path<String>,
    shown: Query<Shown>,
    insight: Data<Arc<Insight>>,
    readings: Data<Arc<Readings>>,
) -> Result<HttpResponse, Error> {
    let id = id.into_inner();
    let rows_most = if shown.all.is_empty() { ROWS_MOST } else { usize::MAX };
    let what = json!({ "id": scrub(&id) });
    let view = match insight.about(id.clone()).await {
        Err(Error::Refused(refusal)) if refusal.status == 404 => {
            return nothing(&reader, id, *refusal);
        }
        view => view?,
    };
    super::reader::note(&readings, &reader, what);
    page(StatusCode::OK, &About::of(surroundings(&reader), view, rows_most))
}

#[derive(Template)]
#[template(path = "window/nothing.html")]
struct Nothing {
    frame: Frame,
    desk: Desk,
    id: String,
}

impl Nothing {
    fn tab(&self) -> &'static str {
        "recent"
    }
}

/// What nobody knows anything of.
fn nothing(reader: &Reader, id: String, refusal: Refusal) -> Result<HttpResponse, Error> {
    let (frame, desk) = surroundings(reader);
    let mut response = page(StatusCode::NOT_FOUND, &Nothing { frame, desk, id })?;
    response.extensions_mut().insert(refusal);
    Ok(response)
}

impl About {
    fn tab(&self) -> &'static str {
        "recent"
    }

    fn of((frame, desk): (Frame, Desk), view: TelemetryView, rows_most: usize) -> Self {
        let lines: Vec<LogLine> = view.log_lines.iter().map(LogLine::of).collect();
        let traces: Vec<Drawn> = view
            .traces
            .iter()
            .map(|trace| Drawn::of(Waterfall::of(trace, &lines), &lines, rows_most))
            .collect();
        let lines = placed(lines, &traces);
        Self {
            frame,
            desk,
            id: view.id,
            kind: view.kind.as_str(),
            order: view.order,
            traces,
            missing: view.missing_traces.into_iter().map(Missing::of).collect(),
            line_count: count(lines.len()),
            lines,
            incomplete: view.log_lines_incomplete,
            unread: view.unread_log_files,
            entry_count: count(view.journal.len()),
            entries: view.journal.into_iter().map(Entry::of).collect(),
            alone: false,
        }
    }
}

/// Lines with the way to their spans, where these are drawn.
pub(super) fn placed(lines: Vec<LogLine>, traces: &[Drawn]) -> Vec<Line> {
    let rows = traces.iter().flat_map(|trace| &trace.rows);
    let names: HashMap<&str, &str> =
        rows.map(|row| (row.anchor.as_str(), row.name.as_str())).collect();
    let lines = lines.into_iter().enumerate().map(|(number, line)| {
        let anchor = line.span_id.as_ref().map(|id| format!("s-{id}"));
        let drawn = anchor.and_then(|anchor| {
            let name = names.get(anchor.as_str())?;
            Some((format!("#{anchor}"), (*name).to_owned()))
        });
        Line::of(number, line, drawn)
    });
    lines.collect()
}

impl Missing {
    fn of(trace_id: String) -> Self {
        Self { reason: why_missing(&trace_id).as_str(), trace_id }
    }
}

impl Entry {
    fn of(entry: JournalEntry) -> Self {
        Self {
            seq: entry.seq,
            address: format!("/admin/audit/{}", draw::segment(&entry.id)),
            kind: entry.kind,
            subject: entry.subject,
            actor: entry.actor,
            outcome: entry.outcome,
            at: second(entry.created_at),
        }
    }
}
