//! The server under test.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use docket::app::{self, Running};
use docket::config::Config;
use docket::db::{DatabaseUrl, Db, DbOptions, WriteTx};
use docket::error::Error;
use docket::kernel::{Actor, Clock, Origin};
use docket::telemetry::{self, LevelSwitch, TelemetryGuard};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::client::Client;
use super::postgres;
use super::visitor::Visitor;

/// All scopes, from the start.
pub const KEY: &str = "key-of-the-test-with-all-scopes";

/// Telemetry is a matter of the whole process: one for all its tests, which keeps every trace. Its
/// log, where tests want one, is the process's as well, and stands in the folder of every server.
fn level_of_telemetry(config: &Config) -> Arc<LevelSwitch> {
    static STARTED: OnceLock<(TelemetryGuard, TempDir)> = OnceLock::new();
    let (guard, folder) = STARTED.get_or_init(|| {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let config = Config { data_dir: folder.path().to_owned(), ..config.clone() };
        (telemetry::start(&config).unwrap(), folder)
    });
    if config.logs.enabled {
        let logs = config.data_dir.join("logs");
        std::fs::create_dir_all(&logs).unwrap();
        let log = folder.path().join("logs/docket.log");
        std::os::unix::fs::symlink(log, logs.join("docket.log")).unwrap();
    }
    guard.level_switch()
}

/// A running server.
pub struct TestApp {
    running: Running,
    shift: Arc<AtomicI64>,
    options: DbOptions,
    /// Its data directory.
    pub data: TempDir,
    client: Client,
}

impl TestApp {
    /// On a SQLite file of its own, with these settings (`DOCKET_SECTION__KEY`).
    pub async fn on_sqlite_with(settings: &[(&str, &str)]) -> Self {
        Self::start(None, settings).await
    }

    /// On a PostgreSQL database of its own, with these settings; `None` when there is no server to
    /// be had.
    pub async fn on_postgres_with(settings: &[(&str, &str)]) -> Option<Self> {
        let url = tokio::task::spawn_blocking(postgres::database).await.unwrap()?;
        Some(Self::start(Some(url), settings).await)
    }

    async fn start(url: Option<String>, settings: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut variables = vec![
            ("DOCKET_DATA_DIR".to_owned(), data.path().display().to_string()),
            ("DOCKET_AUTH__BOOTSTRAP_API_KEY".to_owned(), KEY.to_owned()),
            ("DOCKET_DATABASE__READERS".to_owned(), "2".to_owned()),
            ("DOCKET_DATABASE__WRITERS".to_owned(), "4".to_owned()),
            ("DOCKET_PAYMENTS__GATEWAY_TIMEOUT_MS".to_owned(), "2000".to_owned()),
            ("DOCKET_LOGS__ENABLED".to_owned(), "false".to_owned()),
        ];
        variables.extend(url.map(|url| ("DOCKET_DATABASE__URL".to_owned(), url)));
        variables.extend(settings.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/config/test.toml");
        let config = Config::load(Some(file.as_ref()), variables).unwrap();
        let shift = Arc::new(AtomicI64::new(0));
        let options = app::db_options(&config).unwrap();
        let clock = Clock::Shifted(Arc::clone(&shift));
        let running = app::start(&config, clock, false, level_of_telemetry(&config)).await.unwrap();
        let client = Client::new(format!("http://{}", running.main), Some(KEY));
        Self { running, shift, options, data, client }
    }

    /// The owner of the shop: a client with all scopes.
    pub fn owner(&self) -> &Client {
        &self.client
    }

    /// A client with another key, or none.
    pub fn client_with(&self, key: Option<&str>) -> Client {
        Client::new(format!("http://{}", self.running.main), key)
    }

    /// A visitor of the shop, new to it.
    pub fn visitor(&self) -> Visitor {
        Visitor::new(format!("http://{}", self.running.main))
    }

    /// What this start made for the owner of the desk.
    pub fn first(&self) -> &app::FirstStart {
        &self.running.first
    }

    /// A client of the ops listener.
    pub fn ops(&self) -> Client {
        self.ops_with(None)
    }

    /// A client of the ops listener with a key, for what that asks for one.
    pub fn ops_with(&self, key: Option<&str>) -> Client {
        Client::new(format!("http://{}", self.running.ops), key)
    }

    /// Where the API is.
    pub fn address(&self) -> std::net::SocketAddr {
        self.running.main
    }

    /// What its database is opened by: the file, or the whole address.
    #[allow(dead_code, reason = "only the tests of query plans ask for it")]
    pub fn database_address(&self) -> String {
        match &self.options.url {
            DatabaseUrl::Sqlite(file) => file.display().to_string(),
            DatabaseUrl::Postgres(url) => url.clone(),
        }
    }

    /// The database itself, as a command beside the server has it.
    pub fn database(&self) -> Arc<Db> {
        Arc::new(Db::open(&self.options, Clock::Shifted(Arc::clone(&self.shift))).unwrap())
    }

    /// Changes the database as a person at the command line does.
    pub async fn at_command_line<T: Send + 'static>(
        &self,
        work: impl Fn(&mut WriteTx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> T {
        let db = self.database();
        let done = db.write(&Origin::of(Actor::CommandLine), work).await.unwrap();
        db.close().await;
        done
    }

    /// Lets time pass for the server.
    pub fn pass(&self, time: Duration) {
        let micros = i64::try_from(time.as_micros()).unwrap();
        self.shift.fetch_add(micros, Ordering::SeqCst);
    }

    /// Puts a product with stock on the shelf.
    pub async fn product(&self, sku: &str, price: i64, stock: i64) {
        let body = json!({ "name": format!("Product {sku}"), "price": price, "currency": "USD" });
        let put = self.owner().put(&format!("/v1/products/{sku}"), &body).await;
        assert!(put.status == 200 || put.status == 201, "{put:?}");
        if stock > 0 {
            let body = json!({ "delta": stock, "reason": "delivery" });
            let path = format!("/v1/inventory/{sku}/adjustments");
            self.owner().post(&path, &body).await.expect(201);
        }
    }

    /// The stock of a product: on hand and reserved.
    pub async fn stock(&self, sku: &str) -> (i64, i64) {
        let level = self.owner().get(&format!("/v1/inventory/{sku}")).await.expect(200);
        (level["on_hand"].as_i64().unwrap(), level["reserved"].as_i64().unwrap())
    }

    /// Asks again until the answer is the awaited one; fails after 20 s.
    pub async fn eventually(&self, path: &str, awaited: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..400 {
            let answer = self.owner().get(path).await;
            if answer.status == 200 && awaited(&answer.json()) {
                return answer.json();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{path} never became what was awaited: {:?}", self.owner().get(path).await);
    }

    /// What `docket check` finds now.
    pub async fn findings(&self) -> Vec<String> {
        let db = self.database();
        let now = db.clock().now();
        let found = db.read(move |conn| docket::check::run(conn, now)).await.unwrap();
        db.close().await;
        found.into_iter().map(|finding| format!("{finding:?}")).collect()
    }

    /// Stops the server; every invariant must hold.
    pub async fn end(self) {
        let options = self.options.clone();
        let clock = Clock::Shifted(Arc::clone(&self.shift));
        self.running.stop().await;
        let db = Db::open(&options, clock).unwrap();
        let now = db.clock().now();
        let findings = db.read(move |conn| docket::check::run(conn, now)).await.unwrap();
        db.close().await;
        assert!(findings.is_empty(), "broken invariants: {findings:#?}");
    }
}
