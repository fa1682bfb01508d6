//! One trace to take away: as OTLP's JSON, and as a page that needs no server.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Path};
use askama::Template;
use serde_json::json;

use super::about::placed;
use super::line::Line;
use super::reader::{Reader, note, surroundings};
use super::waterfall::Drawn;
use crate::audit::Readings;
use crate::error::{Error, Refusal};
use crate::insight::{Insight, LogLine, Waterfall};
use crate::telemetry::{self, scrub};
use crate::web::assets;
use crate::web::frame::Frame;

#[derive(Template)]
#[template(path = "window/export.html")]
struct Export {
    frame: Frame,
    styles: [&'static str; 2],
    trace: Drawn,
    lines: Vec<Line>,
    /// Addresses of the server lead nowhere from a file.
    alone: bool,
}

/// Hands out a trace as an `ExportTraceServiceRequest`.
pub(super) async fn otlp(
    reader: Reader,
    id: Path<String>,
    readings: Data<Arc<Readings>>,
) -> Result<HttpResponse, Error> {
    let json = telemetry::export_trace(&id)?.ok_or_else(|| not_here(&id))?;
    note(&readings, &reader, json!({ "id": scrub(&id) }));
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .insert_header((header::CONTENT_DISPOSITION, file_name(&id, "json")))
        .body(json))
}

/// Hands out a trace as one file of HTML.
pub(super) async fn page(
    reader: Reader,
    id: Path<String>,
    insight: Data<Arc<Insight>>,
    readings: Data<Arc<Readings>>,
) -> Result<HttpResponse, Error> {
    let trace = telemetry::find_trace(&id).ok_or_else(|| not_here(&id))?;
    let view = insight.about(id.clone()).await?;
    note(&readings, &reader, json!({ "id": scrub(&id) }));
    let of_trace = |line: &LogLine| line.trace_id.as_deref() == Some(trace.trace_id.as_str());
    let lines: Vec<LogLine> = view.log_lines.iter().map(LogLine::of).filter(of_trace).collect();
    let drawn = Drawn::of(Waterfall::of(&trace, &lines), &lines, usize::MAX);
    let lines = placed(lines, std::slice::from_ref(&drawn));
    let styles = [assets::text("docket.css"), assets::text("window.css")];
    let (frame, _) = surroundings(&reader);
    let export = Export { frame, styles, trace: drawn, lines, alone: true };
    let html = export.render().map_err(|failure| Error::internal("rendering a page", failure))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CONTENT_DISPOSITION, file_name(&id, "html")))
        .body(html))
}

/// Only what was found gets here: an id of 32 hexadecimal digits.
fn file_name(id: &str, ending: &str) -> String {
    format!("attachment; filename=\"trace-{id}.{ending}\"")
}

fn not_here(id: &str) -> Refusal {
    let mut refusal = Refusal::not_found("trace");
    let why = telemetry::why_missing(id).as_str();
    refusal.detail = format!(
        "This trace is not remembered here ({why}). What was kept of it, an exporter may have."
    );
    refusal
}
