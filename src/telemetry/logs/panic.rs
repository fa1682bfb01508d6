//! A panic is a line like any other, without the secrets of its message.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write;
use std::panic::PanicHookInfo;

use tracing::error;

use super::queue::WRITER_THREAD;
use crate::telemetry::redact;

/// Lines about panics; standard error has had its own by then.
pub(super) const TARGET: &str = "docket::panic";

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
    if thread == WRITER_THREAD {
        // A line about it would lead the writer to the same panic again.
        return;
    }
    let backtrace = Backtrace::capture();
    let backtrace = match backtrace.status() {
        BacktraceStatus::Captured => Some(tracing::field::display(&backtrace)),
        _ => None,
    };
    error!(target: TARGET, thread, location = place, backtrace, "panicked: {message}");
}

#[cfg(test)]
mod tests {
    use std::fmt;
    use std::process::Command;
    use std::sync::Arc;

    use tracing::{Level, info};
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::kernel::Clock;
    use crate::telemetry::logs::layer::{LineLayer, LineOptions, LineSink};

    const SECRET: &str = "4111111111111111";

    struct Stdout;

    impl LineSink for Stdout {
        fn push(&self, _level: Level, line: &[u8]) {
            std::io::stdout().lock().write_all(line).unwrap();
        }
    }

    struct Chatty;

    impl fmt::Debug for Chatty {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            info!(inner = 1, "from within");
            f.write_str("chatty")
        }
    }

    /// What needs a process of its own: the global subscriber and the panic hook.
    #[test]
    #[ignore = "run by the test below, in a process of its own"]
    fn child() {
        let options =
            LineOptions { service: "docket".into(), clock: Clock::System, sample_ratio: 1.0 };
        let lines = LineLayer::new(options, Some(Arc::new(Stdout)), None);
        tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines))
            .unwrap();
        tell_panics();
        info!(before = 1, chatty = ?Chatty, after = 2, "outside");
        let dies = || panic!("no charge\nfor {SECRET}");
        let died = std::thread::Builder::new().name("worker".into()).spawn(dies).unwrap().join();
        assert!(died.is_err());
    }

    #[test]
    fn a_panic_is_told_twice_and_without_its_secrets() {
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "telemetry::logs::panic::tests::child", "--ignored", "--nocapture"])
            .env("RUST_BACKTRACE", "1")
            .output()
            .unwrap();
        let (out, err) =
            (String::from_utf8_lossy(&child.stdout), String::from_utf8_lossy(&child.stderr));
        assert!(child.status.success() && !out.contains(SECRET) && !err.contains(SECRET), "{out}");
        assert!(err.contains("docket: thread worker panicked at src/telemetry/logs/panic.rs:"));
        assert!(err.contains("no charge for [REDACTED]\n"), "{err}");
        let lines: Vec<serde_json::Value> =
            out.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
        let told = lines.iter().find(|line| line["target"] == "docket::panic").unwrap();
        assert_eq!(told["message"], "panicked: no charge\nfor [REDACTED]");
        assert_eq!((&told["severity"], &told["thread"]), (&"ERROR".into(), &"worker".into()));
        assert!(told["location"].is_string() && told["backtrace"].as_str().unwrap().len() > 100);
        let outside = lines.iter().find(|line| line["message"] == "outside").unwrap();
        assert_eq!((&outside["chatty"], &outside["before"]), (&"chatty".into(), &1.into()));
        assert!(lines.iter().any(|line| line["message"] == "from within"));
    }
}
