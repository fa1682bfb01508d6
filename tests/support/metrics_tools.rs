//! The tools that metrics are held against: Prometheus with its `promtool`, and the strict reader
//! of OpenMetrics in Python's `prometheus_client`.
//!
//! They need not be there (Debian: `prometheus`, `python3-prometheus-client`): a test says so and
//! goes on. `DOCKET_TEST_TOOLS_REQUIRED=1` turns a missing one into a failure.
//!
//! Included with `#[path = "support/metrics_tools.rs"] mod metrics_tools;`.
#![allow(dead_code, reason = "not every test binary that includes this file needs all of it")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// What Prometheus 2.42 asks for.
pub const PROMETHEUS_ACCEPTS: &str = "application/openmetrics-text;version=1.0.0,\
    application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

/// Whether a tool works here.
pub fn has(tool: &str, arguments: &[&str]) -> bool {
    let found = works(tool, arguments);
    if !found {
        missing(tool);
    }
    found
}

/// The first of these that works here; `name` says which one is missing.
pub fn first_of<'a>(name: &str, tools: &[&'a str], arguments: &[&str]) -> Option<&'a str> {
    let found = tools.iter().copied().find(|tool| works(tool, arguments));
    if found.is_none() {
        missing(name);
    }
    found
}

fn works(tool: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(tool);
    command.args(arguments).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn missing(tool: &str) {
    let required = std::env::var_os("DOCKET_TEST_TOOLS_REQUIRED").is_some();
    assert!(!required, "{tool} is not here, but DOCKET_TEST_TOOLS_REQUIRED is set");
    let _ = writeln!(std::io::stderr(), "not checked with {tool}: it is not here");
}

/// Runs a tool over a page.
fn over(page: &str, tool: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(tool);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let page = page.to_owned();
    // A tool that gives up early leaves the rest unread.
    let writer = std::thread::spawn(move || drop(input.write_all(page.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// What `promtool` has to say against a page of the classic format.
pub fn complaints(page: &str) -> String {
    let output = over(page, "promtool", &["check", "metrics"]);
    [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat()
}

/// Reads a page strictly, then says how many families and exemplars it found.
const READ: &str = "
import sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read
families = list(read(sys.stdin.read()))
print(len(families), sum(1 for f in families for s in f.samples if s.exemplar))
";

/// A Python that can read OpenMetrics.
pub struct StrictReader(&'static str);

impl StrictReader {
    /// The Python of the path, or the system's own, which has the package from the distribution.
    pub fn find() -> Option<Self> {
        let can_read = ["-c", "import prometheus_client.openmetrics.parser"];
        let pythons = ["python3", "/usr/bin/python3"];
        first_of("python3 with prometheus_client", &pythons, &can_read).map(Self)
    }

    /// How many families and exemplars a page has; otherwise what is wrong with it.
    pub fn read(&self, page: &str) -> Result<(usize, usize), String> {
        let output = over(page, self.0, &["-c", READ]);
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        let (families, exemplars) = printed.trim().split_once(' ').unwrap();
        Ok((families.parse().unwrap(), exemplars.parse().unwrap()))
    }
}
