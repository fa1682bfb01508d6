//! docket as somebody meets it: the first start, and commands in the wrong folder.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

/// For the next line of a server that starts.
const PATIENCE: Duration = Duration::from_secs(20);

fn docket(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
    command
        .args(["--config", concat!(env!("CARGO_MANIFEST_DIR"), "/config/test.toml")])
        .args(arguments)
        .env_remove("DOCKET_AUTH__BOOTSTRAP_API_KEY")
        .env("DOCKET_DATA_DIR", data)
        .stdin(Stdio::null());
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The banner of a server that runs, and the server.
struct Started {
    banner: Vec<String>,
    child: Child,
}

impl Started {
    fn new(data: &Path) -> Self {
        let mut child = docket(data, &["serve"]).stdout(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let out = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        // The key is the last line, and of later starts the desk. Where they are missing, nothing
        // comes until the patience ends.
        let mut banner: Vec<String> = Vec::new();
        let is_last = |line: &String| line.contains("API key") || line.ends_with("/admin");
        while !banner.last().is_some_and(is_last) {
            let Ok(line) = lines.recv_timeout(PATIENCE) else { break };
            banner.push(line);
        }
        Self { banner, child }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_start_that_fails_for_a_taken_port_does_not_cost_the_first_key() {
    let data = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    for name in ["DOCKET_SERVER__PORT", "DOCKET_OPS__PORT"] {
        let refused = docket(data.path(), &["serve"]).env(name, &port).output().unwrap();
        assert!(!refused.status.success());
        assert!(said(&refused).contains(&format!("choose another with {name}")), "{refused:?}");
    }
    let started = Started::new(data.path());
    assert!(started.banner.iter().any(|line| line.contains("dk_")), "{:?}", started.banner);
}

#[test]
fn later_starts_tell_where_the_desk_is_and_no_secrets() {
    let data = tempfile::tempdir().unwrap();
    let first = Started::new(data.path()).banner.join("\n");
    assert!(first.contains("/admin/set-up/"), "{first}");
    let second = Started::new(data.path()).banner.join("\n");
    assert!(second.contains("  desk     http://127.0.0.1:") && second.ends_with("/admin"));
    assert!(!second.contains("set-up") && !second.contains("dk_"), "{second}");
}

#[test]
fn what_looks_at_a_database_says_when_there_is_none() {
    let data = tempfile::tempdir().unwrap();
    let file = data.path().join("copy.db");
    let entry = "01938f2e-7a51-7c3e-b3a5-0d6f3a2b9c11";
    for arguments in [
        &["check"][..],
        &["audit", "verify"],
        &["audit", "export"],
        &["audit", "prove", entry],
        &["customers", "erase", "household-900"],
        &["backup", file.to_str().unwrap()],
    ] {
        let output = docket(data.path(), arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(said(&output).contains("there is no database"), "{arguments:?}: {output:?}");
        assert_eq!(std::fs::read_dir(data.path()).unwrap().count(), 0, "{arguments:?}");
    }
}

#[test]
fn what_is_in_the_data_directory_is_not_for_everybody() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let started = Started::new(&data);
    assert!(!started.banner.is_empty());
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data) & 0o027, 0, "{:o}", mode(&data));
    for entry in
        std::fs::read_dir(&data).unwrap().chain(std::fs::read_dir(data.join("logs")).unwrap())
    {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path) & 0o027, 0, "{}: {:o}", path.display(), mode(&path));
    }
}
