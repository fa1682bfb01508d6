//! What never leaves the process: redaction by name and by pattern, before any sink.
//!
//! Three nets, one behind the other: `kernel::Secret` for values that are secrets by type,
//! [`is_secret_name`] for fields, [`scrub`] for any text. Every sink (lines, spans, panics) uses
//! the same ones. [`leaks_in`] holds them against lines that have been written.

mod card;
mod count;
mod leaks;
mod named;
mod names;
mod percent;
mod scan;
mod shapes;
mod text;

pub(in crate::telemetry) use card::scrub_number;
pub(in crate::telemetry) use count::counts;
pub(in crate::telemetry) use leaks::leaks_in;
pub(in crate::telemetry) use names::is_secret_name;
pub use scan::scrub;

/// What stands in the place of a secret.
pub(in crate::telemetry) const REDACTED: &str = "[REDACTED]";

/// [`is_secret_name`] for the name of a field that is about to be written: a hit is counted.
pub(in crate::telemetry) fn hides_field(name: &str) -> bool {
    let hidden = is_secret_name(name);
    if hidden {
        count::count(count::Rule::FieldName);
    }
    hidden
}

/// Planted secrets, for the tests of every sink.
#[cfg(test)]
#[path = "../../../tests/support/secrets.rs"]
pub(in crate::telemetry) mod secrets;
#[cfg(test)]
mod tests;
