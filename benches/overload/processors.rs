//! Who works on which processor: the server on one, what is outside of it on another.

use std::process::{Command, Stdio};

/// The server's.
pub const SERVER: usize = 0;
/// The clients'.
pub const CLIENTS: usize = 1;

/// From now on this thread, and every thread and process that it starts, works on that processor.
pub fn keep_to(processor: usize) {
    let status = Command::new("taskset")
        .args(["-cp", &processor.to_string(), &std::process::id().to_string()])
        .stdout(Stdio::null())
        .status();
    assert!(status.expect("taskset of util-linux").success());
}
