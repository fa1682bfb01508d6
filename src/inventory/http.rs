//! The routes of stock.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{get, post};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::adjust::adjust;
use super::error::InventoryRefusal;
use super::model::{Adjustment, Level, Movement};
use super::stock;
use crate::catalog::Sku;
use crate::db::Db;
use crate::error::Error;
use crate::http::scopes::{InventoryRead, InventoryWrite};
use crate::http::{Call, Command, Cursor, Page, Paging, Params, Problem, Reply, Text};
use crate::idempotency;

/// Registers the routes.
pub fn routes(config: &mut ServiceConfig) {
    config.service(read_level).service(adjust_level).service(list_movements);
}

/// The stock of a product.
#[utoipa::path(
    tag = "inventory",
    params(("sku" = String, Path)),
    security(("api_key" = ["inventory:read"])),
    responses(
        (status = 200, body = Level),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
    )
)]
#[get("/v1/inventory/{sku}")]
async fn read_level(
    _call: Call<InventoryRead>,
    db: Data<Arc<Db>>,
    sku: Path<String>,
) -> Result<Reply, Error> {
    let sku = known_sku(&sku)?;
    let level = db.read(move |conn| stock::level(conn, &sku)).await?;
    Reply::json(200, &level)
}

/// What is not a SKU names no product, and never gets to the database.
fn known_sku(text: &str) -> Result<String, InventoryRefusal> {
    let sku: Sku = text.parse().map_err(|_| InventoryRefusal::UnknownSku)?;
    Ok(sku.to_string())
}

/// A change of stock by hand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AdjustRequest {
    /// Units that come (positive) or go (negative); not 0.
    delta: i64,
    /// Why, in free words.
    #[schema(value_type = String, min_length = 1, max_length = 200)]
    reason: Text<1, 200>,
}

/// Adjust the stock of a product.
#[utoipa::path(
    tag = "inventory",
    params(
        ("sku" = String, Path),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters"),
    ),
    request_body = AdjustRequest,
    security(("api_key" = ["inventory:write"])),
    responses(
        (status = 201, body = Adjustment),
        (status = 400, body = Problem),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
        (status = 422, body = Problem),
    )
)]
#[post("/v1/inventory/{sku}/adjustments")]
async fn adjust_level(
    command: Command<InventoryWrite, AdjustRequest>,
    db: Data<Arc<Db>>,
    sku: Path<String>,
) -> Result<Reply, Error> {
    let submission = command.submission()?;
    let AdjustRequest { delta, reason } = command.body;
    let (sku, reason) = (known_sku(&sku)?, reason.into_string());
    db.write(&command.origin, move |tx| {
        idempotency::once(tx, &submission, |tx| {
            Reply::json(201, &adjust(tx, &sku, delta, reason.clone())?)
        })
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    limit: Option<String>,
    cursor: Option<String>,
}

/// The posted movements of a product's stock, newest first.
#[utoipa::path(
    tag = "inventory",
    params(
        ("sku" = String, Path),
        ("limit" = Option<i64>, Query, description = "1 to 200, default 50"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    security(("api_key" = ["inventory:read"])),
    responses(
        (status = 200, body = Page<Movement>),
        (status = 400, body = Problem),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 422, body = Problem),
    )
)]
#[get("/v1/inventory/{sku}/movements")]
async fn list_movements(
    _call: Call<InventoryRead>,
    db: Data<Arc<Db>>,
    sku: Path<String>,
    params: Params<ListQuery>,
) -> Result<Reply, Error> {
    let sku = known_sku(&sku)?;
    let query = params.read()?;
    let filters = format!("movements of {sku}");
    let paging = Paging::read(query.limit.as_deref(), query.cursor.as_deref(), &filters)?;
    let wanted = paging.clone();
    let rows = db
        .read(move |conn| {
            stock::level(conn, &sku)?;
            stock::movements(conn, &sku, &wanted)
        })
        .await?;
    let place = |row: &Movement| Cursor { created_at: row.created_at, id: row.id.clone() };
    Reply::json(200, &paging.page(rows, place))
}
