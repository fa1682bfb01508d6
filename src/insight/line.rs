//! A log line for a reader: what every line has, and the rest as pairs.

use serde_json::Value;

use crate::kernel::Timestamp;
use crate::telemetry::LINE_KEYS;

/// A log line.
#[derive(Debug, Clone, Default)]
pub struct LogLine {
    /// When it was written.
    pub at: Option<Timestamp>,
    /// `INFO`, `WARN`, …
    pub severity: String,
    /// What it says.
    pub message: String,
    /// Where in the code it comes from.
    pub target: String,
    /// The trace that it was written in.
    pub trace_id: Option<String>,
    /// The span that it was written in.
    pub span_id: Option<String>,
    /// What else it says, in the order of names.
    pub fields: Vec<(String, String)>,
}

impl LogLine {
    /// A line from the object that it is in the file.
    #[must_use]
    pub fn of(line: &Value) -> Self {
        let word = |key: &str| line[key].as_str().map(str::to_owned);
        let pairs = line.as_object().into_iter().flatten();
        let fields = pairs
            .filter(|(name, _)| !LINE_KEYS.contains(&name.as_str()))
            .map(|(name, value)| (name.clone(), plain(value)));
        Self {
            at: line["timestamp"].as_str().and_then(Timestamp::parse),
            severity: word("severity").unwrap_or_default(),
            message: word("message").unwrap_or_default(),
            target: word("target").unwrap_or_default(),
            trace_id: word("trace_id"),
            span_id: word("span_id"),
            fields: fields.collect(),
        }
    }

    /// A line from its text; one that is no JSON is its own message.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match serde_json::from_str::<Value>(text) {
            Ok(line) if line.is_object() => Self::of(&line),
            _ => Self { message: text.to_owned(), ..Self::default() },
        }
    }

    /// Whether somebody should look at it.
    #[must_use]
    pub fn is_grave(&self) -> bool {
        self.severity == "ERROR" || self.severity == "WARN"
    }
}

/// A value as a person writes it: texts without quotes.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_what_it_says_and_the_rest() {
        let line = LogLine::parse(
            "{\"timestamp\":\"2026-11-23T17:39:12.000001Z\",\"severity\":\"WARN\",\
             \"message\":\"a \\\"b\\\"\",\"service\":\"docket\",\"target\":\"docket::orders\",\
             \"trace_id\":\"aa\",\"span_id\":\"bb\",\"order.id\":\"7\",\"took_us\":12}",
        );
        assert_eq!((line.message.as_str(), line.is_grave()), ("a \"b\"", true));
        assert_eq!(line.at.unwrap().to_string(), "2026-11-23T17:39:12.000001Z");
        let fields = [("order.id".to_owned(), "7".to_owned()), ("took_us".into(), "12".into())];
        assert_eq!(line.fields, fields);
    }

    #[test]
    fn what_is_no_json_is_shown_as_it_is() {
        for text in ["half a li", "7", ""] {
            assert_eq!(LogLine::parse(text).message, text);
        }
    }
}
