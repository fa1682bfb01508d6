//! Which log lines are written, changed while the server runs: for a while, and on record.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};
use tracing_actix_web::TracingLogger;

use crate::audit::{self, Entry, Subject};
use crate::db::Db;
use crate::error::{Error, Refusal};
use crate::http::scopes::Admin;
use crate::http::{self, Call, RootSpan};
use crate::kernel::{Actor, Clock, Origin, Timestamp};
use crate::telemetry::LevelSwitch;

const DEFAULT_S: u64 = 900;
const MOST_S: u64 = 24 * 3600;

/// The filter in force, and until when it is.
pub(super) struct LogFilter {
    switch: Arc<LevelSwitch>,
    configured: String,
    /// `None` while the configured filter is in force. A later change makes an earlier one's end
    /// void.
    expires_at: Mutex<Option<Timestamp>>,
}

/// What is wanted, and for how long.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// A level, and levels of targets: `info,docket::orders=debug`.
    filter: String,
    /// Seconds after which the configured filter is in force again, 1 to 86,400.
    #[serde(default = "default_seconds")]
    for_s: u64,
}

fn default_seconds() -> u64 {
    DEFAULT_S
}

impl LogFilter {
    pub(super) fn new(switch: Arc<LevelSwitch>) -> Self {
        let configured = switch.current();
        Self { switch, configured, expires_at: Mutex::default() }
    }

    fn told(&self) -> Value {
        json!({
            "filter": self.switch.current(),
            "configured": self.configured,
            "expires_at": self.expiry(),
        })
    }

    fn expiry(&self) -> Option<Timestamp> {
        *self.expires_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, filter: &str, expires_at: Option<Timestamp>) -> Result<(), Error> {
        let mut place = self.expires_at.lock().unwrap_or_else(PoisonError::into_inner);
        self.switch
            .set(filter)
            .map_err(|failure| Error::internal("changing the log filter", failure))?;
        *place = expires_at;
        Ok(())
    }

    /// Goes back to the configured filter after `time`, unless it was changed again meanwhile.
    async fn expire(self: Arc<Self>, db: Arc<Db>, time: Duration, expires_at: Timestamp) {
        tokio::time::sleep(time).await;
        if self.expiry() != Some(expires_at) {
            return;
        }
        let before = json!({ "filter": self.switch.current() });
        let after = json!({ "filter": self.configured, "reason": "expired" });
        if let Err(error) = self.put(&self.configured, None) {
            tracing::warn!(error = %error, "the log filter did not expire");
        }
        tracing::info!(filter = self.configured, "the log filter has expired");
        if let Err(error) = record(&Origin::of(Actor::System), &db, before, after).await {
            tracing::warn!(error = %error, "that the log filter expired is not in the journal");
        }
    }
}

/// The routes of the log filter, for the ops listener.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    let resource = web::resource("/log-filter")
        .wrap(from_fn(http::answer))
        .wrap(TracingLogger::<RootSpan>::new())
        .wrap(from_fn(http::let_in));
    config.service(
        resource
            .route(web::get().to(read))
            .route(web::put().to(change))
            .route(web::delete().to(reset)),
    );
}

async fn read(_call: Call<Admin>, filter: web::Data<Arc<LogFilter>>) -> HttpResponse {
    HttpResponse::Ok().json(filter.told())
}

/// Checked, then written down, then done: nobody changes what is logged without a trace of it.
async fn change(
    call: Call<Admin>,
    body: web::Bytes,
    filter: web::Data<Arc<LogFilter>>,
    db: web::Data<Arc<Db>>,
) -> Result<HttpResponse, Error> {
    let wanted = check(&body)?;
    let after = json!({ "filter": wanted.filter, "for_s": wanted.for_s });
    record(&call.origin, &db, json!({ "filter": filter.switch.current() }), after).await?;
    let time = Duration::from_secs(wanted.for_s);
    let expires_at = Clock::System.now().after(time);
    // Said under the filter before: the new one may be silent.
    tracing::info!(filter = wanted.filter, for_s = wanted.for_s, "the log filter is changed");
    filter.put(&wanted.filter, Some(expires_at))?;
    let end = Arc::clone(filter.get_ref()).expire(Arc::clone(&db), time, expires_at);
    tokio::spawn(end);
    Ok(HttpResponse::Ok().json(filter.told()))
}

fn check(body: &[u8]) -> Result<Wanted, Refusal> {
    let shape = "must be like {\"filter\": \"info,docket::orders=debug\", \"for_s\": 600}";
    let wanted: Wanted = serde_json::from_slice(body)
        .map_err(|failure| Refusal::invalid("body", "invalid", format!("{shape}: {failure}")))?;
    if !(1..=MOST_S).contains(&wanted.for_s) {
        return Err(Refusal::invalid("for_s", "out_of_range", "must be 1 to 86400 seconds"));
    }
    LevelSwitch::check(&wanted.filter)
        .map_err(|reason| Refusal::invalid("filter", "invalid", reason.to_string()))?;
    Ok(wanted)
}

async fn reset(
    call: Call<Admin>,
    filter: web::Data<Arc<LogFilter>>,
    db: web::Data<Arc<Db>>,
) -> Result<HttpResponse, Error> {
    let before = json!({ "filter": filter.switch.current() });
    record(&call.origin, &db, before, json!({ "filter": filter.configured })).await?;
    filter.put(&filter.configured, None)?;
    Ok(HttpResponse::Ok().json(filter.told()))
}

async fn record(origin: &Origin, db: &Db, before: Value, after: Value) -> Result<(), Error> {
    db.write(origin, move |tx| {
        let entry = Entry::new("server.log_filter_changed", Subject::Server)
            .before(&before)?
            .after(&after)?;
        audit::record(tx, entry)
    })
    .await
}
