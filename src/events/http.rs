//! The event feed over HTTP.

use std::sync::Arc;

use actix_web::{get, web};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::feed::{Event, read_after};
use crate::db::Db;
use crate::error::Error;
use crate::http::{self, Call, Feed, Params, Problem, Reply, scopes};

/// Adds the routes of this room.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config.service(list_events);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Only events with a greater sequence number; 0 for the beginning.
    #[param(value_type = Option<i64>, minimum = 0)]
    after: Option<String>,
    /// At most this many events, 50 unless said otherwise.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 200)]
    limit: Option<String>,
}

/// Reads events
///
/// Oldest first, by the gap-free sequence. Pass `next_after` as `after` to go on; nothing is
/// missed and nothing comes twice.
#[utoipa::path(
    tag = "events",
    params(ListQuery),
    responses(
        (status = 200, description = "The events after `after`", body = Feed<Event>),
        (status = 401, description = "No valid API key", body = Problem),
        (status = 403, description = "The key lacks the scope `events:read`", body = Problem),
        (status = 422, description = "A parameter is unknown or wrong", body = Problem),
    ),
    security(("api_key" = ["events:read"])),
)]
#[get("/v1/events")]
async fn list_events(
    _call: Call<scopes::EventsRead>,
    params: Params<ListQuery>,
    db: web::Data<Arc<Db>>,
) -> Result<Reply, Error> {
    let query = params.read()?;
    let after = http::read_after(query.after.as_deref())?;
    let limit = http::read_limit(query.limit.as_deref())?;
    let data = db.read(move |conn| read_after(conn, after, limit)).await?;
    let next_after = data.last().map_or(after, |last| last.seq);
    Reply::json(200, &Feed { data, next_after })
}
