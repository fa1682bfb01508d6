//! The routes that change a payment, and with it its order.

use std::sync::Arc;

use actix_web::post;
use actix_web::web::{Data, Path};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::error::Error;
use crate::http::scopes::PaymentsWrite;
use crate::http::{Command, Problem, Reply, Text, id_or_not_found, to_the_end};
use crate::kernel::Amount;
use crate::orders::Orders;
use crate::payments::{Ask, OperationKind, PaymentView, RefundView};

/// Registers the routes.
pub(in crate::orders) fn routes(config: &mut ServiceConfig) {
    config.service(capture_payment).service(void_payment).service(refund_payment);
}

/// How much is captured.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CaptureRequest {
    /// All that is left when not said.
    amount: Option<Amount>,
}

/// Capture held money; for a manual payment, record money that was received.
#[utoipa::path(
    tag = "payments",
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters"),
        ("If-Match" = Option<String>, Header, description = "the `ETag` that was read"),
    ),
    request_body = CaptureRequest,
    security(("api_key" = ["payments:write"])),
    responses(
        (status = 200, body = PaymentView),
        (status = 202, description = "The gateway has yet to answer", body = PaymentView),
        (status = 400, body = Problem),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
        (status = 412, body = Problem),
        (status = 422, body = Problem),
    )
)]
#[post("/v1/payments/{id}/capture")]
async fn capture_payment(
    command: Command<PaymentsWrite, CaptureRequest>,
    orders: Data<Arc<Orders>>,
    id: Path<String>,
) -> Result<Reply, Error> {
    let amount = command.body.amount;
    act(command, orders, &id, OperationKind::Capture, amount, None).await
}

/// Nothing to say.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct VoidRequest {}

/// Let go all held money that was not captured.
#[utoipa::path(
    tag = "payments",
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters"),
        ("If-Match" = Option<String>, Header, description = "the `ETag` that was read"),
    ),
    request_body = VoidRequest,
    security(("api_key" = ["payments:write"])),
    responses(
        (status = 200, body = PaymentView),
        (status = 202, description = "The gateway has yet to answer", body = PaymentView),
        (status = 400, body = Problem),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
        (status = 412, body = Problem),
        (status = 422, body = Problem),
    )
)]
#[post("/v1/payments/{id}/void")]
async fn void_payment(
    command: Command<PaymentsWrite, VoidRequest>,
    orders: Data<Arc<Orders>>,
    id: Path<String>,
) -> Result<Reply, Error> {
    act(command, orders, &id, OperationKind::Void, None, None).await
}

/// How much is given back, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefundRequest {
    /// All that is left when not said.
    amount: Option<Amount>,
    /// In free words.
    #[schema(value_type = Option<String>, max_length = 200)]
    reason: Option<Text<1, 200>>,
}

/// Give captured money back, all or a part.
#[utoipa::path(
    tag = "payments",
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters"),
        ("If-Match" = Option<String>, Header, description = "the `ETag` that was read"),
    ),
    request_body = RefundRequest,
    security(("api_key" = ["payments:write"])),
    responses(
        (status = 201, body = RefundView),
        (status = 202, description = "The gateway has yet to answer", body = RefundView),
        (status = 400, body = Problem),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
        (status = 412, body = Problem),
        (status = 422, body = Problem),
    )
)]
#[post("/v1/payments/{id}/refunds")]
async fn refund_payment(
    command: Command<PaymentsWrite, RefundRequest>,
    orders: Data<Arc<Orders>>,
    id: Path<String>,
) -> Result<Reply, Error> {
    let amount = command.body.amount;
    let reason = command.body.reason.clone().map(Text::into_string);
    act(command, orders, &id, OperationKind::Refund, amount, reason).await
}

async fn act<B>(
    command: Command<PaymentsWrite, B>,
    orders: Data<Arc<Orders>>,
    id: &str,
    kind: OperationKind,
    amount: Option<Amount>,
    reason: Option<String>,
) -> Result<Reply, Error> {
    let id = id_or_not_found("payment", id)?;
    let submission = command.submission()?;
    let ask = Ask { kind, amount, reason, if_match: command.if_match, claim: None };
    let (orders, origin) = (Arc::clone(&orders), command.origin);
    to_the_end(async move { orders.act_on_payment(origin, submission, id, ask).await }).await
}
