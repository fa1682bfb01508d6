//! A panic is a line like any other, without the secrets of its message.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write;
use std::panic::PanicHookInfo;

use tracing::error;

use crate::telemetry::redact;

/// From now on a panic is told as one `ERROR` line and as one line on standard error. Stays in
/// force for the life of the process.
pub(in crate::telemetry) fn tell_panics() {
    std::panic::set_hook(Box::new(tell));
}

/// Must not panic itself: that would abort the process. Standard error comes first, because it
/// needs nothing that the panic could have broken.
fn tell(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    let message = panic.payload_as_str().unwrap_or("a payload that is no text");
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    let clean = redact::scrub(message).replace(['\n', '\r'], " ");
    let _ = writeln!(std::io::stderr(), "docket: thread {thread} panicked at {place}: {clean}");
    let backtrace = Backtrace::capture();
    let backtrace = match backtrace.status() {
        BacktraceStatus::Captured => Some(tracing::field::display(&backtrace)),
        _ => None,
    };
    error!(target: "docket::panic", thread, location = place, backtrace, "panicked: {message}");
}
