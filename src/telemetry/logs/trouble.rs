//! What the log itself has trouble with: counted, and said on standard error now and then.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::counts::Counts;
use crate::kernel::Stopwatch;

/// A full disk fails thousands of times a second; one line a minute says it.
const SAID_EVERY: Duration = Duration::from_secs(60);

/// Where the parts of the writer report failures. Nothing here goes through `tracing`: the log
/// cannot tell of itself in itself.
#[derive(Debug)]
pub(super) struct Troubles {
    path: PathBuf,
    counts: Arc<Counts>,
    said: Mutex<Option<Stopwatch>>,
}

impl Troubles {
    pub(super) fn new(path: PathBuf, counts: Arc<Counts>) -> Self {
        Self { path, counts, said: Mutex::new(None) }
    }

    pub(super) fn report(&self, doing: &str, error: &io::Error) {
        self.counts.io_failed();
        if self.may_say() {
            let path = self.path.display();
            let _ = writeln!(io::stderr(), "docket: the log {path}: {doing}: {error}");
        }
    }

    fn may_say(&self) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let due = said.is_none_or(|before| before.elapsed() >= SAID_EVERY);
        if due {
            *said = Some(Stopwatch::start());
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_is_always_counted_and_said_once_a_minute() {
        let counts = Arc::new(Counts::default());
        let troubles = Troubles::new("test.log".into(), Arc::clone(&counts));
        assert!(troubles.may_say());
        (0..3).for_each(|_| troubles.report("writing", &io::ErrorKind::StorageFull.into()));
        assert!(!troubles.may_say());
        assert_eq!(counts.read().io_errors, 3);
    }
}
