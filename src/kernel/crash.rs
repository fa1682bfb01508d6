//! Crash points: named steps at which a test lets the process die as if by power loss. Panic
//! points: steps at which it lets a request go wrong.

/// Aborts the process when `DOCKET_CRASH_AT` names this step (`name` or `name:N` for the Nth pass).
///
/// Only with the feature `crash-points`, which no release build has; otherwise it is empty.
#[cfg(feature = "crash-points")]
pub fn crash_point(name: &str) {
    use std::sync::atomic::{AtomicU64, Ordering};
    static PASSES: AtomicU64 = AtomicU64::new(0);

    let Ok(wanted) = std::env::var("DOCKET_CRASH_AT") else {
        return;
    };
    let (step, nth) = wanted.split_once(':').unwrap_or((wanted.as_str(), "1"));
    if step != name {
        return;
    }
    let pass = PASSES.fetch_add(1, Ordering::SeqCst) + 1;
    if nth.parse() == Ok(pass) {
        std::process::abort();
    }
}

/// Aborts nothing: this build has no crash points.
#[cfg(not(feature = "crash-points"))]
pub fn crash_point(_name: &str) {}

/// Panics with `detail`, which comes from a client, when that names this step and
/// `DOCKET_PANIC_POINTS` is set.
///
/// Only with the feature `crash-points`; otherwise it is empty.
#[cfg(feature = "crash-points")]
#[expect(clippy::panic, reason = "it is what it is for")]
pub fn panic_point(name: &str, detail: &[u8]) {
    if std::env::var_os("DOCKET_PANIC_POINTS").is_none() {
        return;
    }
    let detail = String::from_utf8_lossy(detail);
    if detail.contains(name) {
        panic!("at {detail}");
    }
}

/// Panics never: this build has no panic points.
#[cfg(not(feature = "crash-points"))]
pub fn panic_point(_name: &str, _detail: &[u8]) {}
