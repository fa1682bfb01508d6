//! The composition root: configuration → database → modules → routes → workers → graceful stop.

mod background;
mod invariants;
mod listen;
mod log_filter;
mod readiness;

use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::App;
use actix_web::dev::ServerHandle;
use tokio::signal::unix::{SignalKind, signal};
use utoipa::openapi::OpenApi;
use utoipa_actix_web::AppExt;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::audit::{Readings, SealKey, Sealer};
use crate::config::Config;
use crate::db::{DatabaseUrl, Db, DbOptions};
use crate::error::Error;
use crate::http::{Authenticate, Limits, Readiness, Traffic};
use crate::identity::{self, KeyGate, StaffGate};
use crate::insight::{self, Insight, LogFilter};
use crate::jobs::{self, Holder, Workers};
use crate::kernel::{Actor, Clock, Origin, Secret, Token};
use crate::orders::{Orders, Terms};
use crate::payments::{Gateways, ManualGateway, TestGateway};
use crate::telemetry::{self, LevelSwitch, TelemetryGuard};
use crate::web::{Pictures, SealKeys, ShopSettings};
use crate::{audit, catalog, db, events, http, inventory, orders, payments};

use background::SealingTurn;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A large file takes long on a slow line.
const UPLOAD_TIMEOUT: Duration = Duration::from_secs(600);
const FIRST_KEY_LEASE: Duration = Duration::from_secs(5);
/// A job that reads for longer than this is not waited for when the server stops.
const WORKERS_PATIENCE: Duration = Duration::from_millis(1_500);

/// How long the end of the telemetry takes at most: a collector may be silent.
const TELEMETRY_END: Duration = Duration::from_millis(1_500);

const DISK_FAILED: &str = "the disk failed while changes were made durable, and nothing more can \
    be written safely: look at the disk, then start docket again (nothing acknowledged is lost)";

/// What the routes work with.
#[derive(Clone)]
struct Rooms {
    db: Arc<Db>,
    orders: Arc<Orders>,
    insight: Arc<Insight>,
    readings: Arc<Readings>,
    gate: Arc<dyn Authenticate>,
    staff: Arc<StaffGate>,
    readiness: Arc<dyn Readiness>,
    log_filter: Arc<LogFilter>,
    limits: Limits,
    traffic: Traffic,
    shop: Arc<ShopSettings>,
    pictures: Pictures,
    seal_keys: SealKeys,
}

/// What the first start of a shop makes, so that somebody can get in.
#[derive(Debug, Default)]
pub struct FirstStart {
    /// A key with all scopes.
    pub key: Option<Secret<String>>,
    /// The secret part of the link by which the owner sets a password.
    pub desk: Option<Token>,
}

/// A server that runs.
pub struct Running {
    /// Where the API and the pages are.
    pub main: SocketAddr,
    /// Where metrics and health are.
    pub ops: SocketAddr,
    /// What this first start made, to be shown once.
    pub first: FirstStart,
    rooms: Rooms,
    sealer: Arc<Sealer>,
    turn: SealingTurn,
    workers: Workers,
    handles: [ServerHandle; 2],
    shutdown: Duration,
    _lock: Option<std::fs::File>,
}

/// The database options that a configuration asks for.
///
/// # Errors
/// When the address is not one.
pub fn db_options(config: &Config) -> Result<DbOptions, Failure> {
    let url: DatabaseUrl = config.database.url(&config.data_dir)?.parse()?;
    Ok(DbOptions {
        url,
        readers: config.database.readers,
        writers: config.database.writers,
        queue: config.database.queue,
        batch: config.database.batch,
        checkpoint_pages: config.database.checkpoint_pages.into(),
        wait: config.database.wait(),
    })
}

/// Starts the server, inside telemetry that is running; `level` is what it changes of that.
///
/// # Errors
/// Whatever stands in the way, in words for the person who starts it.
pub async fn start(
    config: &Config,
    clock: Clock,
    demo: bool,
    level: Arc<LevelSwitch>,
) -> Result<Running, Failure> {
    let options = db_options(config)?;
    std::fs::create_dir_all(&config.data_dir).map_err(|reason| {
        format!("cannot create the data directory {}: {reason}", config.data_dir.display())
    })?;
    let lock = lock(&options.url)?;
    let url = options.url.clone();
    tokio::task::spawn_blocking(move || {
        db::rewrite_log(&url)?;
        db::migrate(&url)
    })
    .await??;
    let db = Arc::new(Db::open(&options, clock)?);
    let seal_key = SealKey::load_or_create(&config.data_dir)?;
    let turn = SealingTurn::of_this_process(db.dialect());
    let sealer = Arc::new(Sealer::new(Arc::clone(&db), seal_key, &config.data_dir, turn.guard())?);
    let rooms = rooms(config, &db, level);
    let (main, main_at) = listen::main(config, &rooms)?;
    let (ops, ops_at) = listen::ops(config, &rooms)?;
    // They are shown once: nothing that can fail comes between making and showing them.
    let first = set_up(&db, config, demo).await?;
    let handles = [main.handle(), ops.handle()];
    tokio::spawn(main);
    tokio::spawn(ops);
    let workers = Workers::start(background::jobs(&db, &rooms.orders, &sealer, &rooms.readings));
    tracing::info!(main = %main_at, ops = %ops_at, database = %options.url, "docket serves");
    Ok(Running {
        main: main_at,
        ops: ops_at,
        first,
        rooms,
        sealer,
        turn,
        workers,
        handles,
        shutdown: Duration::from_secs(config.server.shutdown_timeout_s),
        _lock: lock,
    })
}

impl Running {
    /// Stops: refuses new requests, finishes the running ones, drains the lanes, seals the journal.
    pub async fn stop(self) {
        tracing::info!("docket stops");
        self.rooms.traffic.stop();
        let drained = async {
            while self.rooms.traffic.running() > 0 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        if tokio::time::timeout(self.shutdown, drained).await.is_err() {
            tracing::warn!(running = self.rooms.traffic.running(), "requests were cut short");
        }
        for handle in &self.handles {
            handle.stop(true).await;
        }
        self.workers.stop(WORKERS_PATIENCE).await;
        background::record_the_rest(&self.rooms.readings).await;
        background::seal_the_rest(&self.sealer).await;
        self.turn.give_up(&self.rooms.db).await;
        self.rooms.db.close().await;
        tracing::info!("docket has stopped");
    }
}

/// Closes the database of a command, after sealing what it wrote: no server may be there to do it.
///
/// # Errors
/// When the key for sealing or the file of checkpoints cannot be read or written.
pub async fn seal_and_close(db: Db, config: &Config) -> Result<(), Failure> {
    let db = Arc::new(db);
    let key = SealKey::load_or_create(&config.data_dir)?;
    let turn = SealingTurn::of_this_process(db.dialect());
    let sealer = Sealer::new(Arc::clone(&db), key, &config.data_dir, turn.guard())?;
    background::seal_the_rest(&sealer).await;
    turn.give_up(&db).await;
    db.close().await;
    Ok(())
}

/// Serves until the process is told to stop (SIGTERM, SIGINT).
///
/// # Errors
/// Whatever stands in the way of starting; a disk that fails.
pub async fn serve(config: Config, demo: bool) -> Result<(), Failure> {
    let telemetry = telemetry::start(&config)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    let running = start(&config, Clock::System, demo, telemetry.level_switch()).await?;
    announce(&running, &config)?;
    let ended = tokio::select! {
        told = until_told_to_stop(&telemetry) => told.map_err(Failure::from),
        () = running.rooms.db.disk_failed() => Err(DISK_FAILED.into()),
    };
    running.stop().await;
    tokio::task::spawn_blocking(move || telemetry.end(TELEMETRY_END)).await?;
    ended
}

/// SIGTERM and SIGINT stop the server; SIGHUP has the log file opened anew.
async fn until_told_to_stop(telemetry: &TelemetryGuard) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(()),
            interrupted = tokio::signal::ctrl_c() => return interrupted,
            _ = hang_up.recv() => telemetry.reopen_logs(),
        }
    }
}

/// What a person who starts the server wants to know.
fn announce(running: &Running, config: &Config) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "docket {}", env!("CARGO_PKG_VERSION"))?;
    writeln!(out, "  shop     http://{}/", running.main)?;
    writeln!(out, "  API      http://{}/v1   (browse it at http://{0}/docs)", running.main)?;
    writeln!(out, "  metrics  http://{}/metrics", running.ops)?;
    writeln!(out, "  data     {}", config.data_dir.display())?;
    match &running.first.desk {
        Some(link) => {
            let address = crate::web::set_up_address(&running.main.to_string(), link);
            writeln!(out, "  desk     {address}   (shown this once)")?;
        }
        None => writeln!(out, "  desk     http://{}/admin", running.main)?,
    }
    if let Some(key) = &running.first.key {
        writeln!(out, "  API key  {}   (shown this once)", key.expose())?;
    }
    out.flush()
}

/// Two servers on one SQLite file would each hold a writer lane.
fn lock(url: &DatabaseUrl) -> Result<Option<std::fs::File>, Failure> {
    let DatabaseUrl::Sqlite(database) = url else { return Ok(None) };
    if let Some(directory) = database.parent() {
        std::fs::create_dir_all(directory)?;
    }
    let file = std::fs::File::create(database.with_extension("serve-lock"))?;
    file.try_lock()
        .map_err(|_| format!("another docket serves from {}: stop it first", database.display()))?;
    Ok(Some(file))
}

/// Keys, the owner of the desk, and the demo catalogue.
async fn set_up(db: &Db, config: &Config, demo: bool) -> Result<FirstStart, Error> {
    let bootstrap = config.auth.bootstrap_api_key().cloned();
    db.write(&Origin::of(Actor::System), move |tx| {
        if demo {
            inventory::load_demo(tx)?;
        }
        if let Some(key) = &bootstrap {
            identity::ensure(tx, "bootstrap", key)?;
        }
        // Of two copies that start at once, one makes what is shown.
        if !jobs::hold(tx, "first key", &Holder::this_process(), FIRST_KEY_LEASE)? {
            return Ok(FirstStart::default());
        }
        let desk = identity::first_owner(tx)?;
        if bootstrap.is_some() || identity::any_key(tx.conn())? {
            return Ok(FirstStart { key: None, desk });
        }
        let key = identity::create(tx, "first start", http::Scope::ALL)?;
        Ok(FirstStart { key: Some(key.text), desk })
    })
    .await
}

fn rooms(config: &Config, db: &Arc<Db>, level: Arc<LevelSwitch>) -> Rooms {
    let gateways = Gateways::new(
        vec![Arc::new(TestGateway::new(Arc::clone(db))), Arc::new(ManualGateway)],
        config.payments.gateway_timeout(),
    );
    let terms =
        Terms { hold: config.payments.hold(), manual_deadline: config.payments.manual_deadline() };
    Rooms {
        db: Arc::clone(db),
        orders: Arc::new(Orders::new(Arc::clone(db), Arc::new(gateways), terms)),
        insight: Arc::new(Insight::new(Arc::clone(db), config.data_dir.join("logs"))),
        readings: Arc::new(Readings::new(Arc::clone(db))),
        gate: Arc::new(KeyGate::new(Arc::clone(db))),
        staff: Arc::new(StaffGate::new(Arc::clone(db))),
        readiness: Arc::new(readiness::Checks::new(Arc::clone(db))),
        log_filter: Arc::new(LogFilter::new(Arc::clone(db), level)),
        limits: Limits {
            request_timeout: Duration::from_secs(config.server.request_timeout_s),
            upload: (crate::web::UPLOADS, UPLOAD_TIMEOUT),
            body_timeout: Duration::from_secs(config.server.body_timeout_s),
            body_bytes: config.server.body_limit_bytes,
            requests: config.server.requests_max,
        },
        traffic: Traffic::default(),
        shop: Arc::new(ShopSettings {
            name: config.shop.name.clone(),
            currency: config.shop.currency,
            invoice: config.shop.invoice,
        }),
        pictures: Pictures::new(config.data_dir.join("pictures")),
        seal_keys: SealKeys(config.data_dir.clone()),
    }
}

/// Every route of the API.
fn routes(config: &mut ServiceConfig) {
    orders::routes(config);
    payments::routes(config);
    catalog::routes(config);
    inventory::routes(config);
    audit::routes(config);
    events::routes(config);
    insight::routes(config);
}

/// The API's description, made from its handlers.
#[must_use]
pub fn api() -> OpenApi {
    let (_, mut api) = App::new().into_utoipa_app().configure(routes).split_for_parts();
    http::describe(&mut api);
    api
}
