//! The front of the window: the search for any id, and the traces of the last while.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Query;
use askama::Template;
use serde::Deserialize;

use super::draw;
use super::reader::{Reader, surroundings};
use super::units::{second, took};
use super::waterfall::count;
use crate::error::Error;
use crate::telemetry::{self, Keep, TraceBrief, TraceFilter};
use crate::web::admin::Desk;
use crate::web::frame::Frame;
use crate::web::page::{page, see_other};

const TRACES_MOST: usize = 200;

/// Why a trace may be kept, as the form offers it.
pub(super) const REASONS: [&str; 6] =
    ["error", "slow", "compensated", "unknown_outcome", "inbound", "ratio"];

/// What is looked for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Looking {
    #[serde(default)]
    id: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    outcome: String,
    #[serde(default)]
    slower: String,
    #[serde(default)]
    because: String,
    #[serde(default)]
    kept: String,
}

#[derive(Template)]
#[template(path = "window/recent.html")]
struct Recent {
    frame: Frame,
    desk: Desk,
    looking: Looking,
    reasons: [&'static str; 6],
    traces: Vec<Trace>,
    matching: i64,
    remembered: i64,
}

impl Recent {
    fn tab(&self) -> &'static str {
        "recent"
    }
}

struct Trace {
    address: String,
    name: String,
    started: String,
    took: String,
    spans: i64,
    failed: bool,
    kept: Option<&'static str>,
}

/// Shows the traces of the last while, or leads to the page of an id.
pub(super) async fn show(reader: Reader, looking: Query<Looking>) -> Result<HttpResponse, Error> {
    let looking = looking.into_inner();
    let id = looking.id.trim().trim_start_matches('#');
    if !id.is_empty() {
        return Ok(see_other(&draw::about(id)));
    }
    let found = telemetry::recent_traces(&looking.filter());
    let (frame, desk) = surroundings(&reader);
    let shown = Recent {
        frame,
        desk,
        reasons: REASONS,
        traces: found.traces.into_iter().map(Trace::of).collect(),
        matching: count(found.matching),
        remembered: count(found.remembered),
        looking,
    };
    page(StatusCode::OK, &shown)
}

impl Looking {
    /// What cannot be read of it says nothing: a list with less left out is no harm.
    fn filter(&self) -> TraceFilter {
        TraceFilter {
            name: self.name.trim().to_owned(),
            failed: match self.outcome.as_str() {
                "error" => Some(true),
                "ok" => Some(false),
                _ => None,
            },
            slower_than: Duration::from_millis(self.slower.trim().parse().unwrap_or_default()),
            kept_because: Keep::from_word(&self.because),
            only_kept: !self.kept.is_empty(),
            limit: TRACES_MOST,
        }
    }

    fn is_filtered(&self) -> bool {
        let said = [&self.name, &self.outcome, &self.slower, &self.because, &self.kept];
        said.iter().any(|text| !text.is_empty())
    }
}

impl Trace {
    fn of(trace: TraceBrief) -> Self {
        Self {
            address: draw::about(&trace.trace_id),
            name: trace.name,
            started: second(trace.started_at),
            took: took(trace.duration_us),
            spans: count(trace.span_count),
            failed: trace.failed,
            kept: trace.kept_because.map(Keep::as_str),
        }
    }
}
