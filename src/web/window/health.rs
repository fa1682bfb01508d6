//! How the telemetry itself is, and which lines are written.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;
use serde::Deserialize;

use super::draw::percent;
use super::reader::{Reader, may_change, surroundings};
use super::units::{bytes, second};
use crate::error::{Error, Refusal};
use crate::insight::{FilterInForce, LogFilter, WantedFilter};
use crate::telemetry::{self, ExporterHealth, LogHealth, SinkHealth, TracesHealth};
use crate::web::admin::{Act, Changers, Desk, Roles, Staff};
use crate::web::frame::Frame;
use crate::web::page::{page, see_other};

const PAGE: &str = "/admin/telemetry/health";

/// For how long a filter may be chosen to be in force, in minutes.
const MINUTES: [u64; 4] = [5, 15, 60, 480];

#[derive(Template)]
#[template(path = "window/health.html")]
struct Health {
    frame: Frame,
    desk: Desk,
    sinks: Vec<SinkHealth>,
    exporters: Vec<Exporter>,
    traces: Option<Traces>,
    log: Option<Log>,
    lines: Vec<(&'static str, i64, i64)>,
    line_ratio: String,
    redactions: Vec<(&'static str, i64)>,
    filter: FilterInForce,
    expires: Option<String>,
    wrong: Option<String>,
    written: String,
    minutes: [u64; 4],
    may_change: bool,
}

impl Health {
    fn tab(&self) -> &'static str {
        "health"
    }
}

struct Exporter {
    health: ExporterHealth,
    last: Option<String>,
    fill: Fill,
}

/// How full something is.
struct Fill {
    width: String,
    text: String,
}

struct Traces {
    health: TracesHealth,
    ratio: String,
    running: Fill,
    remembered: Fill,
}

struct Log {
    health: LogHealth,
    bytes: String,
    dropped: i64,
}

/// What the form says.
#[derive(Debug, Deserialize)]
pub(super) struct Change {
    #[serde(default)]
    filter: String,
    #[serde(default)]
    minutes: u64,
    #[serde(default)]
    reset: String,
}

/// Shows how the telemetry is.
pub(super) async fn show(
    reader: Reader,
    filter: Data<Arc<LogFilter>>,
) -> Result<HttpResponse, Error> {
    let in_force = filter.in_force();
    let written = in_force.filter.clone();
    render(&reader, in_force, StatusCode::OK, written, None)
}

/// Changes which lines are written, for a while.
pub(super) async fn change_filter(
    act: Act<Changers, Change>,
    filter: Data<Arc<LogFilter>>,
) -> Result<HttpResponse, Error> {
    let Act { staff: reader, form: Change { filter: written, minutes, reset }, .. } = act;
    let origin = &reader.origin;
    let wanted =
        WantedFilter { filter: written.trim().to_owned(), for_s: minutes.saturating_mul(60) };
    let changed = match reset.is_empty() {
        true => filter.change(origin, wanted).await,
        false => filter.reset(origin).await,
    };
    match changed {
        Ok(_) => Ok(see_other(PAGE)),
        Err(Error::Refused(refusal)) if refusal.status == 422 => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            render(&reader, filter.in_force(), status, written, Some(said(&refusal)))
        }
        Err(error) => Err(error),
    }
}

/// What is wrong, of the field at fault.
fn said(refusal: &Refusal) -> String {
    refusal.errors.first().map_or_else(|| refusal.detail.clone(), |error| error.detail.clone())
}

fn render<R: Roles>(
    reader: &Staff<R>,
    filter: FilterInForce,
    status: StatusCode,
    written: String,
    wrong: Option<String>,
) -> Result<HttpResponse, Error> {
    let health = telemetry::health();
    let health = health.unwrap_or_default();
    let (frame, desk) = surroundings(reader);
    let shown = Health {
        frame,
        desk,
        sinks: telemetry::sinks(),
        exporters: health.exporters.into_iter().map(Exporter::of).collect(),
        traces: health.traces.map(Traces::of),
        log: health.log.map(Log::of),
        lines: health.lines.into_iter().map(|(of, a, b)| (of, signed(a), signed(b))).collect(),
        line_ratio: share(health.line_ratio),
        redactions: health.redactions.into_iter().map(|(of, n)| (of, signed(n))).collect(),
        expires: filter.expires_at.map(second),
        filter,
        wrong,
        written,
        minutes: MINUTES,
        may_change: may_change(reader),
    };
    page(status, &shown)
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn share(ratio: f64) -> String {
    format!("{} %", (ratio * 1_000.0).round() / 10.0)
}

impl Exporter {
    fn of(health: ExporterHealth) -> Self {
        let fill = Fill {
            width: percent(health.waiting, health.waiting_most),
            text: format!("{} / {}", health.waiting, health.waiting_most),
        };
        Self { last: health.last_success.map(second), fill, health }
    }
}

impl Fill {
    fn of((held, most): (u64, u64)) -> Self {
        Self { width: percent(held, most), text: format!("{} / {}", bytes(held), bytes(most)) }
    }
}

impl Traces {
    fn of(health: TracesHealth) -> Self {
        Self {
            ratio: share(health.ratio),
            running: Fill::of(health.running_bytes),
            remembered: Fill::of(health.remembered_bytes),
            health,
        }
    }
}

impl Log {
    fn of(health: LogHealth) -> Self {
        let dropped = health.dropped.iter().map(|(_, dropped)| dropped).sum();
        Self { bytes: bytes(health.bytes), dropped: signed(dropped), health }
    }
}
