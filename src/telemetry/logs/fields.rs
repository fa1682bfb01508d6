//! The fields of an event or a span, redacted and rendered as they are visited.

use std::error::Error;
use std::fmt::{self, Write};
use std::ops::Range;

use tracing::field::{Field, Visit};

use super::json;
use crate::telemetry::redact::{self, REDACTED};

/// Bytes of one value in a line, as rendered.
pub(super) const VALUE_BYTES_MAX: usize = 8 * 1_024;
/// Bytes of all fields of an event; with a message and the inherited fields a line stays below
/// 64 kB.
const FIELDS_BYTES_MAX: usize = 48 * 1_024;
/// So much more of a value is looked at, so that a secret is not cut before it is recognised.
const SLACK_BYTES: usize = 256;
const CAUSES_MAX: usize = 8;
/// Keys that every line has of its own; a field of that name gets an underscore in front.
pub const LINE_KEYS: [&str; 10] = [
    "timestamp",
    "severity",
    "message",
    "service",
    "schema_version",
    "module",
    "target",
    "trace_id",
    "span_id",
    "trace_flags",
];
/// Keys that some lines have of their own.
const MORE_KEYS: [&str; 2] = ["sample_rate", "truncated"];
/// A field that keeps its line from being sampled away, and is not written.
pub(super) const ALWAYS: &str = "always";

/// The message and fields of one event: `,"name":value` one after the other, no name twice.
#[derive(Default)]
pub(super) struct Fields {
    pub(super) message: Vec<u8>,
    pub(super) bytes: Vec<u8>,
    pub(super) truncated: bool,
    places: Vec<Place>,
    text: String,
}

/// Where a field stands: its name without the quotes, and all of it with its comma.
#[derive(Clone)]
struct Place {
    name: Range<usize>,
    whole: Range<usize>,
}

impl Fields {
    pub(super) fn clear(&mut self) {
        self.message.clear();
        self.bytes.clear();
        self.places.clear();
        self.truncated = false;
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        self.places.iter().any(|place| &self.bytes[place.name.clone()] == name.as_bytes())
    }

    /// Names and rendered values.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.places.iter().map(|place| {
            let value = place.name.end + "\":".len()..place.whole.end;
            (&self.bytes[place.name.clone()], &self.bytes[value])
        })
    }

    /// Adds a field of the event. A name that was there already is replaced.
    pub(super) fn put(&mut self, field: &Field, value: Value<'_>) {
        if field.name() == ALWAYS && matches!(value, Value::Bool(_)) {
            return;
        }
        if field.name() == "message" {
            self.message.clear();
            self.truncated |= value.render("", &mut self.message, &mut self.text, VALUE_BYTES_MAX);
            return;
        }
        let name = field.name().strip_prefix("r#").unwrap_or(field.name());
        let start = self.bytes.len();
        self.bytes.extend_from_slice(b",\"");
        if LINE_KEYS.contains(&name) || MORE_KEYS.contains(&name) {
            self.bytes.push(b'_');
        }
        self.bytes.extend_from_slice(name.as_bytes());
        let name_place = start + 2..self.bytes.len();
        self.bytes.extend_from_slice(b"\":");
        self.truncated |= value.render(name, &mut self.bytes, &mut self.text, VALUE_BYTES_MAX);
        if self.bytes.len() > FIELDS_BYTES_MAX {
            self.bytes.truncate(start);
            self.truncated = true;
            return;
        }
        self.forget(name_place.clone());
        let end = self.bytes.len();
        self.places.push(Place { name: name_place, whole: start..end });
    }

    /// Blanks an earlier field of the name that stands here: the later one counts.
    fn forget(&mut self, name: Range<usize>) {
        let same = |place: &Place| self.bytes[place.name.clone()] == self.bytes[name.clone()];
        if let Some(index) = self.places.iter().position(same) {
            let place = self.places.remove(index);
            self.bytes[place.whole].fill(b' ');
        }
    }
}

/// Hands every recorded value on, whatever its type.
pub(super) struct Visitor<F>(pub(super) F);

impl<F: FnMut(&Field, Value<'_>)> Visit for Visitor<F> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0(field, Value::Debug(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0(field, Value::Text(value));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.0(field, Value::Bool(value));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.0(field, Value::Unsigned(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        let value = u64::try_from(value).map_or(Value::Negative(value), Value::Unsigned);
        self.0(field, value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.0(field, Value::Float(value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.0(field, Value::Failure(value));
    }
}

/// A value on its way into a line.
pub(super) enum Value<'a> {
    Text(&'a str),
    Bool(bool),
    Unsigned(u64),
    Negative(i64),
    Float(f64),
    Debug(&'a dyn fmt::Debug),
    Failure(&'a (dyn Error + 'static)),
}

impl Value<'_> {
    /// Writes the value as JSON without its secrets and says whether it was cut. A name that gives
    /// a secret away keeps the value from being looked at at all; a yes or no tells nothing.
    pub(super) fn render(
        self,
        name: &str,
        out: &mut Vec<u8>,
        text: &mut String,
        bytes_max: usize,
    ) -> bool {
        if !matches!(self, Self::Bool(_)) && redact::hides_field(name) {
            return json::string(out, REDACTED, bytes_max);
        }
        match self {
            Self::Text(value) => return scrubbed(out, value, bytes_max),
            Self::Debug(value) => {
                return formatted(out, text, bytes_max, |to| write!(to, "{value:?}"));
            }
            Self::Failure(value) => return formatted(out, text, bytes_max, |to| chain(to, value)),
            Self::Unsigned(value) if redact::scrub_number(value) => {
                json::string(out, REDACTED, bytes_max);
            }
            Self::Unsigned(value) => json::integer(out, value),
            Self::Negative(value) => json::integer(out, value),
            Self::Bool(value) => json::integer(out, value),
            Self::Float(value) => json::float(out, value),
        }
        false
    }
}

/// An error and what caused it, outermost first.
fn chain(to: &mut Capped<'_>, error: &(dyn Error + 'static)) -> fmt::Result {
    write!(to, "{error}")?;
    let causes = std::iter::successors(error.source(), |cause| (*cause).source());
    causes.take(CAUSES_MAX).try_for_each(|cause| write!(to, ": {cause}"))
}

fn formatted(
    out: &mut Vec<u8>,
    text: &mut String,
    bytes_max: usize,
    format: impl FnOnce(&mut Capped<'_>) -> fmt::Result,
) -> bool {
    text.clear();
    // A full text stops the formatting with an error; what is there by then is what counts.
    let _ = format(&mut Capped { text, bytes_max: bytes_max + SLACK_BYTES });
    scrubbed(out, text, bytes_max)
}

fn scrubbed(out: &mut Vec<u8>, value: &str, bytes_max: usize) -> bool {
    const CHARACTER_BYTES_MAX: usize = 4;
    let seen = &value[..value.floor_char_boundary(bytes_max + SLACK_BYTES)];
    let clean = redact::scrub(seen);
    if seen.len() + CHARACTER_BYTES_MAX <= bytes_max + SLACK_BYTES {
        return json::string(out, &clean, bytes_max);
    }
    // It was cut, and with it perhaps a secret that is not to be recognised any more.
    let shown = clean.floor_char_boundary(clean.len().saturating_sub(SLACK_BYTES));
    json::string(out, &clean[..shown], bytes_max);
    true
}

/// A text that takes no more than so many bytes.
struct Capped<'a> {
    text: &'a mut String,
    bytes_max: usize,
}

impl fmt::Write for Capped<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        let room = self.bytes_max - self.text.len();
        let end = part.floor_char_boundary(room);
        self.text.push_str(&part[..end]);
        if end < part.len() { Err(fmt::Error) } else { Ok(()) }
    }
}
