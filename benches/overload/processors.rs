//! Who works on which processor: the server on one, what is outside of it on another.

use std::process::{Command, Stdio};

/// The server's.
pub const SERVER: usize = 0;
/// The clients'.
pub const CLIENTS: usize = 1;

/// Whether there are two to be given away.
pub fn enough() -> bool {
    std::thread::available_parallelism().is_ok_and(|processors| processors.get() >= 2)
}

/// From now on this thread, and every thread and process that it starts, works on that processor.
pub fn keep_to(processor: usize) {
    let status = Command::new("taskset")
        .args(["-cp", &processor.to_string(), &std::process::id().to_string()])
        .stdout(Stdio::null())
        .status();
    assert!(status.expect("taskset of util-linux").success());
}
