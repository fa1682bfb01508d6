//! The same event as one line for a person: `12:03:01 INFO  orders: message key=value`.

use std::io::{IsTerminal, Write};
use std::sync::Arc;

use tracing::{Level, Metadata};

use super::fields::Fields;
use super::inherited::Inherited;
use super::json::Moment;
use super::layer::LineSink;

const DIM: &[u8] = b"\x1b[2m";
const PLAIN: &[u8] = b"\x1b[0m";

/// Where readable lines go.
pub(in crate::telemetry) struct Terminal {
    /// Takes the lines.
    pub(super) sink: Arc<dyn LineSink>,
    /// Whether lines are coloured.
    pub(super) colours: bool,
}

impl Terminal {
    /// Standard error: coloured when it is a terminal and `NO_COLOR` is not set.
    pub(in crate::telemetry) fn stderr() -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { sink: Arc::new(Stderr), colours: !plain && std::io::stderr().is_terminal() }
    }

    /// Renders an event whose parts are JSON already: nothing in them can end the line.
    pub(super) fn render(
        &self,
        out: &mut Vec<u8>,
        metadata: &Metadata<'_>,
        moment: &Moment,
        (fields, inherited): (&Fields, &Inherited),
    ) {
        moment.time_of_day(out);
        out.push(b' ');
        self.painted(out, colour(metadata.level()), |out| {
            let _ = write!(out, "{:5}", metadata.level().as_str());
        });
        out.push(b' ');
        out.extend_from_slice(short(metadata.target()).as_bytes());
        out.extend_from_slice(b": ");
        unquote(out, &fields.message);
        for (name, value) in fields.iter() {
            self.pair(out, name, value);
        }
        for (name, value) in inherited.iter().filter(|(name, _)| !fields.contains(name)) {
            self.pair(out, name.as_bytes(), value);
        }
        out.push(b'\n');
    }

    fn pair(&self, out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
        out.push(b' ');
        self.painted(out, DIM, |out| {
            out.extend_from_slice(name);
            out.push(b'=');
        });
        match value {
            [b'"', inner @ .., b'"'] if is_simple(inner) => out.extend_from_slice(inner),
            value => out.extend_from_slice(value),
        }
    }

    fn painted(&self, out: &mut Vec<u8>, colour: &[u8], write: impl FnOnce(&mut Vec<u8>)) {
        if self.colours {
            out.extend_from_slice(colour);
        }
        write(out);
        if self.colours {
            out.extend_from_slice(PLAIN);
        }
    }
}

fn colour(level: &Level) -> &'static [u8] {
    match *level {
        Level::ERROR => b"\x1b[31m",
        Level::WARN => b"\x1b[33m",
        Level::INFO => b"\x1b[32m",
        _ => DIM,
    }
}

/// `docket::orders::place` is `orders` to a person.
fn short(target: &str) -> &str {
    let inside = target.strip_prefix("docket::").unwrap_or(target);
    inside.split("::").next().unwrap_or(inside)
}

/// Whether a value is read without quotes.
fn is_simple(value: &[u8]) -> bool {
    !value.is_empty() && !value.iter().any(|byte| matches!(byte, b' ' | b'\\' | b'='))
}

/// A message without its quotes; only quotes and backslashes lose their escapes.
fn unquote(out: &mut Vec<u8>, message: &[u8]) {
    let inner = message.get(1..message.len().saturating_sub(1)).unwrap_or_default();
    let mut bytes = inner.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match bytes.next_if(|next| byte == b'\\' && matches!(next, b'"' | b'\\')) {
            Some(escaped) => out.push(escaped),
            None => out.push(byte),
        }
    }
}

struct Stderr;

impl LineSink for Stderr {
    fn push(&self, _level: Level, line: &[u8]) {
        // A closed terminal is nothing that could be told to anybody.
        let _ = std::io::stderr().lock().write_all(line);
    }
}
