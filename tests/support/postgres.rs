//! PostgreSQL for tests: the server that `DOCKET_TEST_POSTGRES_URL` names, or else a throw-away
//! cluster of this process, when server binaries are on the machine.
//!
//! Included where it is needed, with `#[path = "support/postgres.rs"] mod postgres;`. It says once,
//! on stderr, whether the tests for PostgreSQL ran. `DOCKET_TEST_POSTGRES_REQUIRED=1` turns a
//! missing server into a failure, so that CI cannot skip them unseen.
#![allow(dead_code, reason = "not every test binary that includes this file needs all of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};

/// The address of the server's maintenance database, or `None` when there is no server to be had.
/// The role may create databases.
pub fn server() -> Option<&'static str> {
    static SERVER: LazyLock<Option<String>> = LazyLock::new(find_server);
    SERVER.as_deref()
}

/// The address of a server of this process alone that keeps what it commits, for who measures.
/// Its settings are those that PostgreSQL comes with.
pub fn durable_server() -> Option<&'static str> {
    static SERVER: LazyLock<Option<String>> =
        LazyLock::new(|| start_cluster(SETTINGS).ok().map(|(url, _)| url));
    SERVER.as_deref()
}

/// The address of a new, empty database of this server.
pub fn new_database(server: &str) -> String {
    create_database(server, "")
}

/// The address of a new database with this binary's schema and no rows, for one test alone.
pub fn database() -> Option<String> {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    let server = server()?;
    let template = TEMPLATE.get_or_init(|| migrated_template(server));
    Some(create_database(server, &format!("TEMPLATE {template}")))
}

/// The address of a new database with nothing in it, for tests of the migrations.
pub fn empty_database() -> Option<String> {
    Some(create_database(server()?, ""))
}

fn find_server() -> Option<String> {
    let (server, told) = match std::env::var("DOCKET_TEST_POSTGRES_URL") {
        Ok(url) if !url.is_empty() => {
            drop_leftovers(&url);
            (Some(url), "PostgreSQL: the server of DOCKET_TEST_POSTGRES_URL".to_owned())
        }
        _ => match start_cluster(&format!("{SETTINGS}{QUICK}")) {
            Ok((url, binaries)) => (Some(url), format!("PostgreSQL: {}", binaries.display())),
            Err(reason) => (None, format!("PostgreSQL tests skipped: {reason}")),
        },
    };
    // Past the test harness, which would keep it to itself.
    let _ = writeln!(std::io::stderr(), "{told}");
    let required = std::env::var_os("DOCKET_TEST_POSTGRES_REQUIRED").is_some();
    assert!(server.is_some() || !required, "{told}, but DOCKET_TEST_POSTGRES_REQUIRED is set");
    server
}

// Databases -----------------------------------------------------------------------------------

/// `docket_test_<seconds since 1970>_<process>_<number>`: unique, and old ones can be told.
fn unique_name() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("docket_test_{}_{}_{number}", seconds_now(), std::process::id())
}

#[expect(clippy::disallowed_methods, reason = "names the databases of this run")]
fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn create_database(server: &str, options: &str) -> String {
    let name = unique_name();
    let mut conn = PgConnection::establish(server).unwrap();
    conn.batch_execute(&format!("CREATE DATABASE {name} {options}")).unwrap();
    address(server, &name)
}

fn migrated_template(server: &str) -> String {
    let url = create_database(server, "");
    docket::db::migrate(&url.parse().unwrap()).unwrap();
    let (_, name) = url.split('?').next().unwrap().rsplit_once('/').unwrap();
    name.to_owned()
}

/// The same server, another database.
fn address(server: &str, database: &str) -> String {
    let (place, parameters) = server.split_once('?').unwrap_or((server, ""));
    let (scheme, rest) = place.split_once("://").expect("an address with a scheme");
    let host = rest.split('/').next().unwrap_or(rest);
    let url = format!("{scheme}://{host}/{database}");
    if parameters.is_empty() { url } else { format!("{url}?{parameters}") }
}

#[derive(QueryableByName)]
struct Name {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

/// Removes what earlier runs left on a server that is not ours to throw away.
fn drop_leftovers(server: &str) {
    const HOUR: u64 = 3600;
    let mut conn = PgConnection::establish(server).expect("DOCKET_TEST_POSTGRES_URL is in reach");
    let query = r"SELECT datname::text AS name FROM pg_database
        WHERE datname LIKE 'docket\_test\_%'";
    let found: Vec<Name> = diesel::sql_query(query).load(&mut conn).unwrap();
    for Name { name } in found {
        let made = name.split('_').nth(2).and_then(|seconds| seconds.parse::<u64>().ok());
        if made.is_some_and(|made| made + HOUR < seconds_now()) {
            let _ = conn.batch_execute(&format!("DROP DATABASE IF EXISTS {name}"));
        }
    }
}

// A throw-away cluster ------------------------------------------------------------------------

const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
dynamic_shared_memory_type = mmap
";

/// Safe from nothing but a crash of the tests, and quick for that.
const QUICK: &str = "
max_connections = 400
shared_buffers = '64MB'
fsync = off
synchronous_commit = off
full_page_writes = off
autovacuum = off
";

/// Makes and starts a cluster; answers its address and where its binaries are.
fn start_cluster(settings: &str) -> Result<(String, PathBuf), String> {
    let binaries = server_binaries().ok_or("no server found")?;
    let user = unprivileged_user()?;
    let directory = std::env::temp_dir().join(unique_name());
    std::fs::create_dir(&directory).map_err(|failure| failure.to_string())?;
    let cluster = Cluster { binaries, user, directory };
    cluster.clean_up_at_exit()?;
    cluster.initialise(settings)?;
    let url = cluster.start()?;
    Ok((url, cluster.binaries))
}

/// Where `initdb` and `pg_ctl` are: on the path, or where Debian keeps them, newest first.
fn server_binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path().join("bin")).collect())
        .unwrap_or_default();
    versions.sort();
    std::env::split_paths(&path)
        .chain(versions.into_iter().rev())
        .find(|directory| directory.join("initdb").is_file() && directory.join("pg_ctl").is_file())
}

/// A user to run the server as, by its numbers.
struct User {
    id: String,
    group: String,
}

/// PostgreSQL refuses to run as root: then it runs as `postgres`, or as `nobody`.
fn unprivileged_user() -> Result<Option<User>, String> {
    let me = std::fs::metadata("/proc/self").map(|found| found.uid()).unwrap_or(1);
    if me != 0 {
        return Ok(None);
    }
    let number = |flag: &str, name: &str| {
        let output = Command::new("id").args([flag, name]).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    ["postgres", "nobody"]
        .into_iter()
        .find_map(|name| Some(User { id: number("-u", name)?, group: number("-g", name)? }))
        .map(Some)
        .ok_or_else(|| "it cannot run as root, and there is no other user".into())
}

struct Cluster {
    binaries: PathBuf,
    user: Option<User>,
    directory: PathBuf,
}

impl Cluster {
    fn data(&self) -> PathBuf {
        self.directory.join("data")
    }

    /// A program of the server, run as its user.
    fn command(&self, program: &str) -> Command {
        let program = self.binaries.join(program);
        let Some(User { id, group }) = &self.user else { return Command::new(program) };
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", id, "--regid", group, "--clear-groups", "--"])
            .arg(program)
            .current_dir(&self.directory);
        command
    }

    fn initialise(&self, settings: &str) -> Result<(), String> {
        if let Some(User { id, group }) = &self.user {
            chown(&self.directory, id.parse().ok(), group.parse().ok())
                .map_err(|failure| failure.to_string())?;
        }
        let mut initdb = self.command("initdb");
        initdb.args(["--username=docket", "--auth=trust", "--encoding=UTF8", "--locale=C"]);
        run(initdb.args(["--no-sync", "-D"]).arg(self.data()))?;
        let file = self.data().join("postgresql.auto.conf");
        std::fs::write(file, settings).map_err(|failure| failure.to_string())
    }

    /// Another program may take the port between finding it free and listening on it: three tries.
    fn start(&self) -> Result<String, String> {
        let mut reason = String::new();
        for _ in 0..3 {
            let port = free_port()?;
            let mut pg_ctl = self.command("pg_ctl");
            pg_ctl.args(["start", "-w", "-t", "60", "-o", &format!("-p {port}"), "-D"]);
            pg_ctl.arg(self.data()).arg("-l").arg(self.directory.join("log"));
            match run(&mut pg_ctl) {
                Ok(()) => return Ok(format!("postgres://docket@127.0.0.1:{port}/postgres")),
                Err(failure) => reason = failure,
            }
        }
        Err(reason)
    }

    /// Rust drops no statics, and a killed process runs nothing at all: so a shell waits for the
    /// end of its input, which is ours to hold open, and then cleans up. It has a process group of
    /// its own, for an interrupt at the terminal must not take it along.
    fn clean_up_at_exit(&self) -> Result<(), String> {
        let stop = self.command("pg_ctl");
        let mut shell = Command::new("sh");
        shell.args(["-c", r#"read _; "$@"; rm -rf "$0""#]).arg(&self.directory);
        shell.arg(stop.get_program()).args(stop.get_args());
        shell.args(["stop", "-w", "-m", "immediate", "-D"]).arg(self.data());
        shell.current_dir("/").stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        let watchdog = shell.process_group(0).spawn().map_err(|failure| failure.to_string())?;
        std::mem::forget(watchdog);
        Ok(())
    }
}

fn free_port() -> Result<u16, String> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).map_err(|failure| failure.to_string())?;
    Ok(listener.local_addr().map_err(|failure| failure.to_string())?.port())
}

/// Runs a program to its end. Its output is not ours: a server that inherited that would keep a
/// pipe that somebody reads open.
fn run(command: &mut Command) -> Result<(), String> {
    let program = Path::new(command.get_program()).display().to_string();
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let told = String::from_utf8_lossy(&output.stderr);
            Err(format!("{program} ended with {}: {}", output.status, told.trim()))
        }
        Err(failure) => Err(format!("{program}: {failure}")),
    }
}
