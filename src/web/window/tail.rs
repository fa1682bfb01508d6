//! The log as it is written: the last lines on the page, and what follows by server-sent events
//! (HTML, 9.2) where there is JavaScript.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::web::{Bytes, Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use serde_json::json;
use tracing::Level;

use super::line::Line;
use super::reader::{Reader, note, surroundings};
use super::waterfall::count;
use crate::audit::Readings;
use crate::error::Error;
use crate::http::Traffic;
use crate::insight::LogLine;
use crate::telemetry::{self, TailFilter, Tailed};
use crate::web::admin::Desk;
use crate::web::frame::Frame;
use crate::web::page::page;

const LINES: usize = 200;
const LOOK_EVERY: Duration = Duration::from_millis(250);
/// Lines that are sent at one look: what a browser can show without falling behind.
const LINES_A_LOOK: usize = 200;
/// A connection tells nothing for so many looks at most, so that those between do not cut it.
const QUIET_LOOKS: u32 = 60;
/// After so many looks it is asked whether the reader is still signed in.
const LOOKS_UNASKED: u32 = 20;
/// The browser asks anew after that, and goes on where it was.
const LOOKS: u32 = 2_400;
/// Longer words are cut.
const WORDS_CHARS: usize = 200;

const LEVELS: [&str; 5] = ["error", "warn", "info", "debug", "trace"];

/// Which lines are wanted.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    level: String,
    #[serde(default)]
    target: String,
    #[serde(default)]
    text: String,
    /// The number of the last line that is on the page.
    after: Option<u64>,
}

#[derive(Template)]
#[template(path = "window/tail.html")]
struct Tail {
    frame: Frame,
    desk: Desk,
    wanted: Wanted,
    levels: [&'static str; 5],
    lines: Vec<Line>,
    /// Where the lines after these come from.
    follow: String,
}

impl Tail {
    fn tab(&self) -> &'static str {
        "tail"
    }
}

/// What is told at once.
#[derive(Template)]
#[template(path = "window/tail_lines.html")]
struct More {
    lines: Vec<Line>,
}

/// Shows the newest lines.
pub(super) async fn show(
    reader: Reader,
    wanted: Query<Wanted>,
    readings: Data<Arc<Readings>>,
) -> Result<HttpResponse, Error> {
    let wanted = wanted.into_inner();
    note(&readings, &reader, json!({ "tail": true }));
    let tailed = telemetry::last_lines(&wanted.filter(), LINES);
    let follow = wanted.address(tailed.last);
    let lines = lines(tailed);
    let (frame, desk) = surroundings(&reader);
    page(StatusCode::OK, &Tail { frame, desk, wanted, levels: LEVELS, lines, follow })
}

impl Wanted {
    fn filter(&self) -> TailFilter {
        let cut = |text: &str| text.trim().chars().take(WORDS_CHARS).collect();
        TailFilter {
            level: self.level.parse().unwrap_or(Level::TRACE),
            target: cut(&self.target),
            text: cut(&self.text),
        }
    }

    fn address(&self, after: u64) -> String {
        let after = after.to_string();
        let said = [
            ("level", self.level.as_str()),
            ("target", self.target.as_str()),
            ("text", self.text.as_str()),
            ("after", after.as_str()),
        ];
        let query = serde_urlencoded::to_string(said).unwrap_or_default();
        format!("/admin/telemetry/logs/events?{query}")
    }
}

fn lines(tailed: Tailed) -> Vec<Line> {
    let line = |line: telemetry::TailLine| {
        let number = usize::try_from(line.number).unwrap_or(usize::MAX);
        Line::of(number, LogLine::parse(&line.text), None)
    };
    tailed.lines.into_iter().map(line).collect()
}

/// One open page.
struct Watch {
    reader: Reader,
    filter: TailFilter,
    traffic: Traffic,
    after: u64,
    looks: u32,
    quiet: u32,
}

/// Tells lines as they are written.
pub(super) async fn events(
    request: HttpRequest,
    reader: Reader,
    wanted: Query<Wanted>,
    readings: Data<Arc<Readings>>,
    traffic: Data<Traffic>,
) -> Result<HttpResponse, Error> {
    telemetry::open_trace();
    note(&readings, &reader, json!({ "tail": true }));
    let resumed = request.headers().get("last-event-id").and_then(|id| id.to_str().ok());
    let resumed = resumed.and_then(|id| id.parse().ok());
    let filter = wanted.filter();
    // Who says nothing wants what comes from now on.
    let now = || telemetry::last_lines(&filter, 0).last;
    let after = resumed.or(wanted.after).unwrap_or_else(now);
    let traffic = traffic.get_ref().clone();
    let watch = Watch { reader, filter, traffic, after, looks: 0, quiet: 0 };
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        // Compression would hold events back.
        .insert_header((header::CONTENT_ENCODING, "identity"))
        .streaming(told(watch)))
}

fn told(watch: Watch) -> impl Stream<Item = Result<Bytes, Error>> {
    stream::unfold(watch, |mut watch| async move {
        let told = watch.next().await?;
        Some((told, watch))
    })
}

impl Watch {
    /// The next thing to tell; nothing when the watch is over.
    async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        while self.looks < LOOKS && !self.traffic.is_stopping() {
            self.looks += 1;
            if self.looks.is_multiple_of(LOOKS_UNASKED) && !self.reader.is_still_here().await {
                return None;
            }
            let tailed = telemetry::lines_after(self.after, &self.filter, LINES_A_LOOK);
            self.after = tailed.last;
            if !tailed.lines.is_empty() || tailed.lost > 0 {
                self.quiet = 0;
                return Some(self.tell(tailed));
            }
            // The first word opens the way: some between wait for it.
            if self.looks == 1 {
                return Some(Ok(Bytes::from_static(b": following\n\n")));
            }
            tokio::time::sleep(LOOK_EVERY).await;
            self.quiet += 1;
            if self.quiet == QUIET_LOOKS {
                self.quiet = 0;
                return Some(Ok(Bytes::from_static(b": still here\n\n")));
            }
        }
        None
    }

    fn tell(&self, tailed: Tailed) -> Result<Bytes, Error> {
        let (frame, _) = surroundings(&self.reader);
        let mut told = String::new();
        if tailed.lost > 0 {
            let lost = count(usize::try_from(tailed.lost).unwrap_or(usize::MAX));
            told += &event("lost", self.after, &frame.tn("window.tail.lost", &lost));
        }
        let html = More { lines: lines(tailed) }
            .render()
            .map_err(|failure| Error::internal("rendering log lines", failure))?;
        told += &event("lines", self.after, &html);
        Ok(Bytes::from(told))
    }
}

/// An event; each line of its data has a line of its own.
fn event(name: &str, id: u64, data: &str) -> String {
    let mut event = format!("event: {name}\nid: {id}\n");
    for line in data.split(['\r', '\n']).filter(|line| !line.is_empty()) {
        event += &format!("data: {line}\n");
    }
    event + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_data_ends_an_event_early() {
        let told = event("lines", 7, "<li>a</li>\n\n\r\nid: 9\n");
        assert_eq!(told, "event: lines\nid: 7\ndata: <li>a</li>\ndata: id: 9\n\n");
    }

    #[test]
    fn the_way_to_what_follows_says_what_is_wanted() {
        let wanted = Wanted { level: "warn".into(), text: "a&b".into(), ..Wanted::default() };
        let address = wanted.address(12);
        assert_eq!(address, "/admin/telemetry/logs/events?level=warn&target=&text=a%26b&after=12");
        assert_eq!(wanted.filter().level, Level::WARN);
        assert_eq!(Wanted::default().filter().level, Level::TRACE);
    }
}
