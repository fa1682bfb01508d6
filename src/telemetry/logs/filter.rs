//! Which lines are written, by target and level, and the switch that changes it at run time.

use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tracing::subscriber::Interest;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::{Context, Filter};
use tracing_subscriber::reload;

/// Libraries that the exporters and the listeners stand on: at `warn`, unless the filter names
/// them. What they log about sending spans must not become more spans and lines.
const QUIET: [&str; 12] = [
    "actix_http",
    "actix_server",
    "actix_web",
    "opentelemetry",
    "tracing_opentelemetry",
    "h2",
    "hyper",
    "hyper_util",
    "tonic",
    "tower",
    "reqwest",
    "rustls",
];

/// A filter that does not parse, or nothing left that could be filtered.
#[derive(Debug, thiserror::Error)]
pub enum FilterError {
    /// A part of the filter means nothing.
    #[error(
        "`{directive}` in the log filter is neither a level nor target=level \
         (levels: off, error, warn, info, debug, trace)"
    )]
    Malformed {
        /// The part.
        directive: String,
    },
    /// The subscriber is gone or was left broken by a panic.
    #[error("the log filter cannot be changed: {0}")]
    Gone(#[from] reload::Error),
}

/// Passes every span, so that lines can inherit from it, and the events that the targets name.
#[derive(Debug, Clone)]
pub(in crate::telemetry) struct EventFilter(Targets);

impl FromStr for EventFilter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let directives = text.split(',').map(|part| directive(part.trim()));
        let directives = directives.collect::<Result<Vec<_>, _>>()?;
        let default = directives.iter().rfind(|(target, _)| target.is_none());
        let default = default.map_or(LevelFilter::OFF, |(_, level)| *level);
        let quiet = QUIET.map(|target| (target, default.min(LevelFilter::WARN)));
        // What is named later replaces what was named before.
        let named = directives.into_iter().filter_map(|(target, level)| Some((target?, level)));
        Ok(Self(Targets::new().with_default(default).with_targets(quiet).with_targets(named)))
    }
}

fn directive(part: &str) -> Result<(Option<&str>, LevelFilter), FilterError> {
    let malformed = || FilterError::Malformed { directive: part.to_owned() };
    let (target, level) = match part.split_once('=') {
        Some((target, level)) => (Some(target.trim()), level.trim()),
        None => (None, part),
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-:.".contains(&byte);
    let level = Some(level).filter(|level| !level.is_empty());
    let level = level.and_then(|level| level.parse().ok()).ok_or_else(malformed)?;
    let fits = target.is_none_or(|target| !target.is_empty() && target.bytes().all(plain));
    fits.then_some((target, level)).ok_or_else(malformed)
}

impl<S: Subscriber> Filter<S> for EventFilter {
    fn enabled(&self, metadata: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        metadata.is_span() || self.0.would_enable(metadata.target(), metadata.level())
    }

    fn callsite_enabled(&self, metadata: &'static Metadata<'static>) -> Interest {
        let wanted = metadata.is_span() || self.0.would_enable(metadata.target(), metadata.level());
        if wanted { Interest::always() } else { Interest::never() }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let events = self.0.iter().map(|(_, level)| level).max();
        let events = events.max(self.0.default_level());
        // Spans are of level INFO; more of them than that nobody needs to inherit from.
        events.max(Some(LevelFilter::INFO))
    }
}

/// Changes the filter of a running process.
pub struct LevelSwitch {
    initial: String,
    current: Mutex<String>,
    apply: Box<dyn Fn(EventFilter) -> Result<(), reload::Error> + Send + Sync>,
}

impl LevelSwitch {
    /// Whether a text is a filter.
    ///
    /// # Errors
    /// When a part of it means nothing.
    pub fn check(filter: &str) -> Result<(), FilterError> {
        filter.parse::<EventFilter>().map(|_| ())
    }

    /// The filter in force, as it was written.
    #[must_use]
    pub fn current(&self) -> String {
        self.lock().clone()
    }

    /// Puts a filter in force: a level for everything, and levels of targets, separated by commas:
    /// `info,docket::orders=debug`.
    ///
    /// # Errors
    /// When a part of it is neither; the filter in force stays.
    pub fn set(&self, filter: &str) -> Result<(), FilterError> {
        let parsed = filter.parse()?;
        let mut current = self.lock();
        (self.apply)(parsed)?;
        filter.clone_into(&mut current);
        Ok(())
    }

    /// Goes back to the filter of the start.
    ///
    /// # Errors
    /// When there is no subscriber any more.
    pub fn reset(&self) -> Result<(), FilterError> {
        self.set(&self.initial)
    }

    fn lock(&self) -> MutexGuard<'_, String> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A filter to put around the line layer, and its switch.
///
/// # Errors
/// When the text is no filter.
pub(in crate::telemetry) fn switched<S: Subscriber + 'static>(
    filter: &str,
) -> Result<(reload::Layer<EventFilter, S>, LevelSwitch), FilterError> {
    let (layer, handle) = reload::Layer::new(filter.parse::<EventFilter>()?);
    let switch = LevelSwitch {
        initial: filter.to_owned(),
        current: Mutex::new(filter.to_owned()),
        apply: Box::new(move |filter| handle.reload(filter)),
    };
    Ok((layer, switch))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes(filter: &str, target: &str, level: tracing::Level) -> bool {
        filter.parse::<EventFilter>().unwrap().0.would_enable(target, &level)
    }

    #[test]
    fn a_misspelt_filter_is_refused_with_the_part_that_is_wrong() {
        for (filter, wrong) in [
            ("inof", "inof"),
            ("info,docket::orders=debgu", "docket::orders=debgu"),
            ("info,", ""),
            ("", ""),
            ("info,=debug", "=debug"),
            ("info,docket=", "docket="),
            ("info,docket[span]=debug", "docket[span]=debug"),
        ] {
            let error = filter.parse::<EventFilter>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{wrong}` in the log filter")), "{error}");
        }
    }

    #[test]
    fn targets_have_levels_of_their_own_and_exporters_stay_quiet() {
        use tracing::Level;
        let filter = "info, docket::orders=debug, hyper=trace";
        assert!(passes(filter, "docket::orders::place", Level::DEBUG));
        assert!(!passes(filter, "docket::payments", Level::DEBUG));
        assert!(passes(filter, "hyper::client", Level::TRACE));
        assert!(!passes(filter, "opentelemetry_sdk", Level::INFO));
        assert!(passes(filter, "h2::codec", Level::WARN) && !passes(filter, "h2", Level::INFO));
        assert!(!passes("error", "tonic", Level::WARN));
        assert!(passes("warn,opentelemetry=debug", "opentelemetry-otlp", Level::DEBUG));
    }
}
