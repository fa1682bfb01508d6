//! The map of modules: who calls whom in this one process, how often, how long, how well.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::map::{self, NODE_HEIGHT, NODE_WIDTH, Node};
use super::reader::{Reader, surroundings};
use super::units::took;
use super::waterfall::count;
use crate::error::Error;
use crate::telemetry::{self, ModuleCalls};
use crate::web::admin::Desk;
use crate::web::frame::Frame;
use crate::web::page::page;

#[derive(Template)]
#[template(path = "window/modules.html")]
struct Modules {
    frame: Frame,
    desk: Desk,
    traces: i64,
    width: i64,
    height: i64,
    nodes: Vec<Node>,
    arrows: Vec<Arrow>,
    rows: Vec<Row>,
}

/// An arrow as it is drawn.
struct Arrow {
    path: String,
    x: i64,
    y: i64,
    label: String,
    title: String,
    failed: bool,
    /// How many figures its number of calls has, which is how thick it is.
    thick: usize,
}

/// The same in the table.
struct Row {
    from: String,
    to: String,
    calls: i64,
    errors: i64,
    p50: String,
    p99: String,
}

/// Shows the map.
pub(super) async fn show(reader: Reader) -> Result<HttpResponse, Error> {
    // Looking at all spans of all remembered traces takes a while, during which others are served.
    let found = tokio::task::spawn_blocking(telemetry::module_calls).await;
    let found = found.map_err(|failure| Error::internal("looking at the traces", failure))?;
    let layout = map::layout(&found.calls);
    let arrow = |arrow: map::Arrow| Arrow::of(arrow, &found.calls);
    let (frame, desk) = surroundings(&reader);
    let shown = Modules {
        frame,
        desk,
        traces: count(found.traces),
        width: layout.width,
        height: layout.height,
        nodes: layout.nodes,
        arrows: layout.arrows.into_iter().map(arrow).collect(),
        rows: found.calls.iter().map(Row::of).collect(),
    };
    page(StatusCode::OK, &shown)
}

impl Modules {
    fn tab(&self) -> &'static str {
        "modules"
    }

    fn node_width(&self) -> i64 {
        NODE_WIDTH
    }

    fn node_height(&self) -> i64 {
        NODE_HEIGHT
    }
}

impl Arrow {
    fn of(arrow: map::Arrow, calls: &[ModuleCalls]) -> Self {
        let call = &calls[arrow.call];
        let (x, y) = arrow.label;
        let failed = if call.errors > 0 { format!(" ✕{}", call.errors) } else { String::new() };
        Self {
            path: arrow.path,
            x,
            y,
            label: format!("{} · {}{failed}", call.calls, took(call.p99_us)),
            title: format!("{} → {}", call.from, call.to),
            failed: call.errors > 0,
            thick: call.calls.to_string().len().min(5),
        }
    }
}

impl Row {
    fn of(call: &ModuleCalls) -> Self {
        Self {
            from: call.from.clone(),
            to: call.to.clone(),
            calls: count(call.calls),
            errors: count(call.errors),
            p50: took(call.p50_us),
            p99: took(call.p99_us),
        }
    }
}
