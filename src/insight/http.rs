//! The route of this room.

use std::sync::Arc;

use actix_web::get;
use actix_web::web::{Data, Path};
use serde_json::json;
use utoipa_actix_web::service_config::ServiceConfig;

use super::gather::Insight;
use super::view::TelemetryView;
use crate::audit::{Readings, Subject};
use crate::error::Error;
use crate::http::scopes::Admin;
use crate::http::{Call, Problem, Reply};
use crate::telemetry::scrub;

/// Registers the route.
pub fn routes(config: &mut ServiceConfig) {
    config.service(read_telemetry);
}

/// Everything about an id
///
/// The id of an order, a payment, a refund, a journal entry, a trace or a request, or an order's
/// number: the order, its traces, its log lines and its journal entries in one answer. Who looks is
/// on record: once an hour the journal gets a `telemetry.read` for each key and id.
#[utoipa::path(
    tag = "telemetry",
    params(("id" = String, Path, description = "Any id")),
    security(("api_key" = ["admin"])),
    responses(
        (status = 200, description = "What is known", body = TelemetryView),
        (status = 401, description = "No valid API key", body = Problem),
        (status = 403, description = "The key lacks the scope `admin`", body = Problem),
        (status = 404, description = "Nothing is known of such an id", body = Problem),
    )
)]
#[get("/v1/telemetry/{id}")]
async fn read_telemetry(
    call: Call<Admin>,
    insight: Data<Arc<Insight>>,
    readings: Data<Arc<Readings>>,
    id: Path<String>,
) -> Result<Reply, Error> {
    let id = id.into_inner();
    let what = json!({ "id": scrub(&id) });
    let view = insight.about(id).await?;
    readings.note(Subject::Key(call.caller.key_id), "telemetry.read", what);
    Reply::json(200, &view)
}
