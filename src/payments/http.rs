//! The reading route of payments; what changes a payment also changes its order, and is there.

use std::sync::Arc;

use actix_web::get;
use actix_web::web::{Data, Path};
use utoipa_actix_web::service_config::ServiceConfig;

use super::error::PaymentRefusal;
use super::model::PaymentView;
use super::store;
use crate::db::Db;
use crate::error::Error;
use crate::http::scopes::PaymentsRead;
use crate::http::{Call, Problem, Reply, id_or_not_found};

/// Registers the route.
pub fn routes(config: &mut ServiceConfig) {
    config.service(read_payment);
}

/// A payment.
#[utoipa::path(
    tag = "payments",
    params(("id" = String, Path)),
    security(("api_key" = ["payments:read"])),
    responses(
        (status = 200, body = PaymentView),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
    )
)]
#[get("/v1/payments/{id}")]
async fn read_payment(
    _call: Call<PaymentsRead>,
    db: Data<Arc<Db>>,
    id: Path<String>,
) -> Result<Reply, Error> {
    let id = id_or_not_found("payment", &id)?;
    let payment = db
        .read(move |conn| store::payment(conn, id)?.ok_or_else(|| PaymentRefusal::Unknown.into()))
        .await?;
    Ok(Reply::json(200, &PaymentView::from(&payment))?.etag(payment.version()))
}
