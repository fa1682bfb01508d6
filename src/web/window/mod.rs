//! The window into the shop: any id and all that is known of it, the traces of the last while, the
//! latencies with a way from each dot to its trace, the log as it is written, the map of modules,
//! and how the telemetry itself is.
//!
//! Pages draw what the doors of `insight` and `telemetry` tell: SVG whose geometry stands in
//! attributes, in per cent of whatever room there is.

mod about;
mod draw;
mod export;
mod health;
mod latency;
mod line;
mod map;
mod modules;
mod reader;
mod recent;
mod tail;
mod units;
mod waterfall;

use actix_web::web::{ServiceConfig, get, post};

use super::frame::Frame;

/// Registers the pages of the window, under `/admin`. Each handler asks for who looks: a
/// [`Reader`](reader::Reader) is somebody who is signed in.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("/telemetry", get().to(recent::show))
        .route("/telemetry/latency", get().to(latency::show))
        .route("/telemetry/logs", get().to(tail::show))
        .route("/telemetry/logs/events", get().to(tail::events))
        .route("/telemetry/modules", get().to(modules::show))
        .route("/telemetry/health", get().to(health::show))
        .route("/telemetry/log-filter", post().to(health::change_filter))
        .route("/telemetry/traces/{id}.json", get().to(export::otlp))
        .route("/telemetry/traces/{id}.html", get().to(export::page))
        .route("/telemetry/{id}", get().to(about::show));
}

/// The parts of the window, with their addresses.
const TABS: [(&str, &str); 5] = [
    ("recent", "/admin/telemetry"),
    ("latency", "/admin/telemetry/latency"),
    ("tail", "/admin/telemetry/logs"),
    ("modules", "/admin/telemetry/modules"),
    ("health", "/admin/telemetry/health"),
];

/// Words of the window that are found by a name that is not known before it is shown.
impl Frame {
    fn tab(&self, name: &str) -> String {
        self.texts.get(&format!("window.tabs.{name}")).to_owned()
    }

    /// Why a trace is kept.
    fn keep(&self, reason: &str) -> String {
        self.texts.get(&format!("window.keep.{reason}")).to_owned()
    }

    /// Why a trace is not here.
    fn missing(&self, reason: &str) -> String {
        self.texts.get(&format!("window.missing.{reason}")).to_owned()
    }

    /// What an id names.
    fn kind(&self, kind: &str) -> String {
        self.texts.get(&format!("window.kinds.{kind}")).to_owned()
    }

    fn latency(&self, key: &str) -> String {
        self.texts.get(&format!("window.latency.groups.{key}")).to_owned()
    }

    /// A state and what it is the state of.
    fn about_state(&self, of: &str, state: &str) -> String {
        self.texts.with(&format!("window.about.states.{of}"), "state", self.state(state))
    }

    /// A number of what is counted from nothing on.
    fn big(&self, number: &u64) -> String {
        self.number(&i64::try_from(*number).unwrap_or(i64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use crate::telemetry::TraceMissing;
    use crate::web::texts::Texts;

    #[test]
    fn everything_that_has_a_name_has_words() {
        let texts = Texts::of("en");
        let missing = [
            TraceMissing::Off,
            TraceMissing::Running,
            TraceMissing::Earlier,
            TraceMissing::Evicted,
            TraceMissing::Elsewhere,
        ];
        let reasons = missing.map(|reason| format!("missing.{}", reason.as_str()));
        let tabs = super::TABS.map(|(name, _)| format!("tabs.{name}"));
        let kept = super::recent::REASONS.map(|reason| format!("keep.{reason}"));
        let groups = super::latency::SHOWN.map(|(_, key)| format!("latency.groups.{key}"));
        for key in reasons.iter().chain(&tabs).chain(&kept).chain(&groups) {
            assert!(texts.has(&format!("window.{key}")), "{key}");
        }
    }
}
