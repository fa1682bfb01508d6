//! Crash points: named steps at which a test lets the process die as if by power loss.

/// Aborts the process when `DOCKET_CRASH_AT` names this step (`name` or `name:N` for the Nth
/// pass); with `name:N:panic` only the work at hand dies.
///
/// Only with the feature `crash-points`, which no release build has; otherwise it is empty.
#[cfg(feature = "crash-points")]
pub fn crash_point(name: &str) {
    use std::sync::atomic::{AtomicU64, Ordering};
    static PASSES: AtomicU64 = AtomicU64::new(0);

    let Ok(wanted) = std::env::var("DOCKET_CRASH_AT") else {
        return;
    };
    let mut words = wanted.split(':');
    if words.next() != Some(name) {
        return;
    }
    let pass = PASSES.fetch_add(1, Ordering::SeqCst) + 1;
    if words.next().unwrap_or("1").parse() == Ok(pass) {
        assert!(words.next() != Some("panic"), "the crash point {name}");
        std::process::abort();
    }
}

/// Aborts nothing: this build has no crash points.
#[cfg(not(feature = "crash-points"))]
pub fn crash_point(_name: &str) {}
