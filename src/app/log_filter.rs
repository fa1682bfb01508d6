//! Which log lines are written, changed while the server runs: for a while, and on record.

use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::json;

use crate::audit::{self, Entry, Subject};
use crate::db::Db;
use crate::error::{Error, Refusal};
use crate::http::scopes::Admin;
use crate::http::Call;
use crate::telemetry::LevelSwitch;

const DEFAULT_S: u64 = 900;
const MOST_S: u64 = 24 * 3600;

/// What is wanted, and for how long.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Targets and levels: `info,docket::orders=debug`.
    filter: String,
    /// Seconds after which the configured filter is in force again, 1 to 86,400; 900 when not
    /// said.
    #[serde(default = "default_seconds")]
    for_s: u64,
}

fn default_seconds() -> u64 {
    DEFAULT_S
}

/// The routes of the log filter, for the ops listener.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/log-filter").get(read).put(change).delete(reset),
    );
}

async fn read(switch: web::Data<LevelSwitch>) -> HttpResponse {
    HttpResponse::Ok().json(told(&switch))
}

fn told(switch: &LevelSwitch) -> serde_json::Value {
    json!({
        "filter": switch.current(),
        "configured": switch.configured(),
        "expires_at": switch.expires_at(),
    })
}

/// Refused, or written down, before anything changes.
async fn change(
    call: Call<Admin>,
    body: web::Bytes,
    switch: web::Data<LevelSwitch>,
    db: web::Data<Arc<Db>>,
) -> Result<HttpResponse, Error> {
    let wanted: Wanted = serde_json::from_slice(&body).map_err(|failure| {
        Refusal::invalid("body", "invalid", format!("must be {{\"filter\", \"for_s\"}}: {failure}"))
    })?;
    if !(1..=MOST_S).contains(&wanted.for_s) {
        return Err(Refusal::invalid("for_s", "out_of_range", "must be 1 to 86400").into());
    }
    LevelSwitch::check(&wanted.filter)
        .map_err(|reason| Refusal::invalid("filter", "invalid", reason.to_string()))?;
    record(&call, &db, &switch, Some((&wanted.filter, wanted.for_s))).await?;
    switch
        .set_for(&wanted.filter, Duration::from_secs(wanted.for_s))
        .map_err(|failure| Error::internal("changing the log filter", failure))?;
    tracing::warn!(filter = wanted.filter, for_s = wanted.for_s, "the log filter was changed");
    Ok(HttpResponse::Ok().json(told(&switch)))
}

async fn reset(
    call: Call<Admin>,
    switch: web::Data<LevelSwitch>,
    db: web::Data<Arc<Db>>,
) -> Result<HttpResponse, Error> {
    record(&call, &db, &switch, None).await?;
    switch.reset();
    tracing::warn!(filter = switch.current(), "the log filter is the configured one again");
    Ok(HttpResponse::Ok().json(told(&switch)))
}

async fn record(
    call: &Call<Admin>,
    db: &Db,
    switch: &LevelSwitch,
    wanted: Option<(&str, u64)>,
) -> Result<(), Error> {
    let before = json!({ "filter": switch.current() });
    let after = match wanted {
        Some((filter, for_s)) => json!({ "filter": filter, "for_s": for_s }),
        None => json!({ "filter": switch.configured() }),
    };
    db.write(&call.origin, move |tx| {
        let entry = Entry::new("server.log_filter_changed", Subject::Server)
            .before(&before)?
            .after(&after)?;
        audit::record(tx, entry)
    })
    .await
}
