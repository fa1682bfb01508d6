//! The route of this room.

use std::sync::Arc;

use actix_web::get;
use actix_web::web::{Data, Path};
use utoipa_actix_web::service_config::ServiceConfig;

use super::gather::Insight;
use super::view::TelemetryView;
use crate::error::Error;
use crate::http::scopes::Admin;
use crate::http::{Call, Problem, Reply};

/// Registers the route.
pub fn routes(config: &mut ServiceConfig) {
    config.service(read_telemetry);
}

/// Everything about an id
///
/// The id of an order, a payment, a refund, a journal entry, a trace or a request, or an order's
/// number: the order, its traces, its log lines and its journal entries in one answer.
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
    _call: Call<Admin>,
    insight: Data<Arc<Insight>>,
    id: Path<String>,
) -> Result<Reply, Error> {
    Reply::json(200, &insight.about(id.into_inner()).await?)
}
