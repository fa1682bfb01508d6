//! docket as people run it: a process of its own, started, killed, stopped and started again on
//! the same data.
//!
//! Included with `#[path = "support/process.rs"] mod process;` beside `mod postgres`.
#![allow(
    dead_code,
    unused_macros,
    unused_imports,
    reason = "not every test binary that includes this file needs all of it"
)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use docket::db::{DatabaseUrl, Db, DbOptions};
use docket::kernel::{Clock, Stopwatch};
use tempfile::TempDir;

use crate::postgres;

/// All scopes, from the start.
pub const KEY: &str = "key-of-the-test-with-all-scopes";

const START_MOST: Duration = Duration::from_secs(60);
const STOP_MOST: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(10);

/// A data directory: one that goes away with its home, or one that stays.
pub struct DataDirectory {
    path: PathBuf,
    _passing: Option<TempDir>,
}

impl DataDirectory {
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// What outlives a process: its data directory and its database.
pub struct Home {
    /// The data directory.
    pub data: DataDirectory,
    /// The address of the database, unless it is SQLite in the data directory.
    pub postgres: Option<String>,
}

impl Home {
    pub fn on_sqlite() -> Self {
        let passing = tempfile::tempdir().unwrap();
        let path = passing.path().to_owned();
        Self { data: DataDirectory { path, _passing: Some(passing) }, postgres: None }
    }

    /// On SQLite in a folder that stays, whatever is there already.
    pub fn in_folder(folder: &Path) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let path = folder.canonicalize().unwrap();
        Self { data: DataDirectory { path, _passing: None }, postgres: None }
    }

    /// The database file of a home on SQLite.
    pub fn database_file(&self) -> PathBuf {
        self.data.path().join("docket.db")
    }

    /// `None` when there is no server to be had.
    pub async fn on_postgres() -> Option<Self> {
        let url = tokio::task::spawn_blocking(postgres::database).await.unwrap()?;
        Some(Self { postgres: Some(url), ..Self::on_sqlite() })
    }

    /// Another machine's: the same PostgreSQL database, a data directory of its own.
    pub fn of_another_copy(&self) -> Self {
        Self { postgres: self.postgres.clone(), ..Self::on_sqlite() }
    }

    /// A command of the real binary, which knows nothing of the tests' own environment.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_docket"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("DOCKET_") {
                command.env_remove(name);
            }
        }
        command
            .args(["--config", concat!(env!("CARGO_MANIFEST_DIR"), "/config/test.toml")])
            .args(arguments)
            .current_dir(self.data.path())
            .env("DOCKET_DATA_DIR", self.data.path())
            .env("DOCKET_AUTH__BOOTSTRAP_API_KEY", KEY)
            .stdin(Stdio::null());
        if let Some(url) = &self.postgres {
            command.env("DOCKET_DATABASE__URL", url);
        }
        command
    }

    /// Runs a command that must succeed; answers what it printed.
    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> String {
        succeeded(&self.command(arguments).output().unwrap())
    }

    /// Starts the server with these settings more; answers once it listens.
    #[track_caller]
    pub fn start(&self, settings: &[(&str, &str)]) -> Server {
        self.start_telling(settings, Stdio::inherit())
    }

    /// The same, with its standard error going somewhere.
    #[track_caller]
    pub fn start_telling(&self, settings: &[(&str, &str)], errors: Stdio) -> Server {
        let started = self.try_start(settings, errors);
        started.unwrap_or_else(|status| panic!("the server ended at its start: {status}"))
    }

    /// The same for a server that may refuse to start: how it ended.
    #[track_caller]
    pub fn try_start(
        &self,
        settings: &[(&str, &str)],
        errors: Stdio,
    ) -> Result<Server, ExitStatus> {
        let mut command = self.command(&["serve"]);
        command.envs(settings.iter().copied()).stdout(Stdio::piped()).stderr(errors);
        let mut child = command.spawn().unwrap();
        let lines = lines_of(&mut child);
        let mut server = Server { child, api: String::new(), ops: String::new() };
        let took = Stopwatch::start();
        while server.ops.is_empty() {
            match lines.recv_timeout(START_MOST.saturating_sub(took.elapsed())) {
                Ok(line) => server.note(&line),
                Err(RecvTimeoutError::Timeout) => panic!("the server did not start in time"),
                Err(RecvTimeoutError::Disconnected) => return Err(server.child.wait().unwrap()),
            }
        }
        Ok(server)
    }

    /// The database itself, as a command beside the server has it.
    pub fn database(&self) -> Db {
        let url = match &self.postgres {
            Some(url) => DatabaseUrl::Postgres(url.clone()),
            None => DatabaseUrl::Sqlite(self.database_file()),
        };
        Db::open(&DbOptions { readers: 1, writers: 1, ..DbOptions::new(url) }, Clock::System)
            .unwrap()
    }

    /// No server runs here any more: every invariant holds, and the journal is whole to its end.
    #[track_caller]
    pub fn is_sound(&self) {
        self.run(&["check"]);
        self.run(&["audit", "verify", "--exact"]);
    }
}

/// What a command printed, when it succeeded.
#[track_caller]
pub fn succeeded(output: &Output) -> String {
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{printed}\n{complained}", output.status);
    printed
}

/// The lines that a process prints, read to their end whether anyone listens or not.
fn lines_of(child: &mut Child) -> Receiver<String> {
    let output = BufReader::new(child.stdout.take().unwrap());
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in output.lines().map_while(Result::ok) {
            let _ = sender.send(line);
        }
    });
    lines
}

/// A server that runs until it is dropped.
pub struct Server {
    child: Child,
    /// Where the API is, like `http://127.0.0.1:8080`.
    pub api: String,
    /// Where metrics and health are.
    pub ops: String,
}

impl Server {
    /// Takes an address from a line of what the server prints at its start.
    fn note(&mut self, line: &str) {
        let address = |path: &str| {
            let from = line.find("http://")?;
            let to = line[from..].find(path)?;
            Some(line[from..from + to].to_owned())
        };
        match line.split_whitespace().next() {
            Some("API") if self.api.is_empty() => self.api = address("/v1").unwrap(),
            Some("metrics") => self.ops = address("/metrics").unwrap(),
            _ => {}
        }
    }

    /// The process, for who looks at it from outside.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Dies as if by power loss (SIGKILL).
    pub fn kill(self) {
        drop(self);
    }

    /// Asks it to stop (SIGTERM).
    pub fn ask_to_stop(&self) {
        let kill = format!("kill -TERM {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// How it ended, within `most`.
    #[track_caller]
    pub fn end(&mut self, most: Duration) -> ExitStatus {
        let waited = Stopwatch::start();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(waited.elapsed() < most, "the server still runs after {most:?}");
            std::thread::sleep(PAUSE);
        }
    }

    /// Stops it as a service manager does.
    #[track_caller]
    pub fn stop(mut self) {
        self.ask_to_stop();
        let status = self.end(STOP_MOST);
        assert!(status.success(), "{status}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs a scenario at a home on SQLite and, when there is a server, at one on PostgreSQL.
macro_rules! on_both {
    ($($(#[$attribute:meta])* async fn $name:ident($home:ident: $of:ty) $body:block)+) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn scenario($home: $of) $body

            $(#[$attribute])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                scenario(Home::on_sqlite()).await;
            }

            $(#[$attribute])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                if let Some(home) = Home::on_postgres().await {
                    scenario(home).await;
                }
            }
        }
    )+};
}
pub(crate) use on_both;
