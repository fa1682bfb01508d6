//! The routes of orders, and those that change their payments.

use std::sync::Arc;

use actix_web::web::{Data, Path};
use actix_web::{get, post};
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::Orders;
use super::fulfil::Parcel;
use super::list::{Filters, time, word};
use super::model::{FulfilmentStatus, OrderPaymentStatus, OrderStatus};
use super::reply::order_reply;
use super::request::PlaceOrder;
use super::view::OrderView;
use crate::error::Error;
use crate::http::scopes::{OrdersRead, OrdersWrite};
use crate::http::{
    Call, Command, Page, Paging, Params, Problem, Reply, Text, id_or_not_found, to_the_end,
};

/// Registers the routes.
pub fn routes(config: &mut ServiceConfig) {
    config
        .service(place_order)
        .service(list_orders)
        .service(read_order)
        .service(cancel_order)
        .service(fulfil_order);
    super::act::routes(config);
}

/// Place an order.
#[utoipa::path(
    tag = "orders",
    params(
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters"),
    ),
    request_body = PlaceOrder,
    security(("api_key" = ["orders:write"])),
    responses(
        (status = 201, description = "It stands", body = OrderView),
        (status = 202, description = "Its outcome is not known yet", body = OrderView),
        (status = 400, body = Problem),
        (status = 401, body = Problem),
        (status = 402, description = "The card was declined", body = Problem),
        (status = 403, body = Problem),
        (status = 409, description = "insufficient_stock, total_mismatch", body = Problem),
        (status = 422, body = Problem),
    )
)]
#[post("/v1/orders")]
async fn place_order(
    command: Command<OrdersWrite, PlaceOrder>,
    orders: Data<Arc<Orders>>,
) -> Result<Reply, Error> {
    let submission = command.submission()?;
    let orders = Arc::clone(&orders);
    to_the_end(async move { orders.place(command.origin, submission, command.body, None).await })
        .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    status: Option<String>,
    payment_status: Option<String>,
    fulfilment_status: Option<String>,
    customer: Option<String>,
    reference: Option<String>,
    created_after: Option<String>,
    created_before: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

impl ListQuery {
    fn filters(&self) -> Result<Filters, Error> {
        let plain = |field: &'static str, text: &Option<String>| -> Result<Option<String>, Error> {
            let check = |text: String| {
                Text::<1, 100>::check(text)
                    .map(Text::into_string)
                    .map_err(|wrong| crate::error::Refusal::invalid(field, "invalid", wrong).into())
            };
            text.clone().map(check).transpose()
        };
        Ok(Filters {
            status: word("status", self.status.as_deref(), OrderStatus::from_word)?,
            payment_status: word(
                "payment_status",
                self.payment_status.as_deref(),
                OrderPaymentStatus::from_word,
            )?,
            fulfilment_status: word(
                "fulfilment_status",
                self.fulfilment_status.as_deref(),
                FulfilmentStatus::from_word,
            )?,
            customer: plain("customer", &self.customer)?,
            reference: plain("reference", &self.reference)?,
            created_after: time("created_after", self.created_after.as_deref())?,
            created_before: time("created_before", self.created_before.as_deref())?,
            ids: None,
        })
    }
}

/// Orders, newest first.
#[utoipa::path(
    tag = "orders",
    params(
        ("status" = Option<OrderStatus>, Query),
        ("payment_status" = Option<OrderPaymentStatus>, Query),
        ("fulfilment_status" = Option<FulfilmentStatus>, Query),
        ("customer" = Option<String>, Query, description = "The customer's reference"),
        ("reference" = Option<String>, Query),
        ("created_after" = Option<String>, Query, description = "RFC 3339, exclusive"),
        ("created_before" = Option<String>, Query, description = "RFC 3339, exclusive"),
        ("limit" = Option<i64>, Query, description = "1 to 200, default 50"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    security(("api_key" = ["orders:read"])),
    responses(
        (status = 200, body = Page<OrderView>),
        (status = 400, body = Problem),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 422, body = Problem),
    )
)]
#[get("/v1/orders")]
async fn list_orders(
    _call: Call<OrdersRead>,
    orders: Data<Arc<Orders>>,
    params: Params<ListQuery>,
) -> Result<Reply, Error> {
    let query = params.read()?;
    let filters = query.filters()?;
    let bound_to = format!("{filters:?}");
    let paging = Paging::read(query.limit.as_deref(), query.cursor.as_deref(), &bound_to)?;
    Reply::json(200, &orders.list(filters, paging).await?)
}

/// An order.
#[utoipa::path(
    tag = "orders",
    params(("id" = String, Path)),
    security(("api_key" = ["orders:read"])),
    responses(
        (status = 200, body = OrderView),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
    )
)]
#[get("/v1/orders/{id}")]
async fn read_order(
    _call: Call<OrdersRead>,
    orders: Data<Arc<Orders>>,
    id: Path<String>,
) -> Result<Reply, Error> {
    let id = id_or_not_found("order", &id)?;
    order_reply(200, &orders.read(id).await?)
}

/// Why an order is cancelled.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CancelRequest {
    /// Kept as the order's `cancel_reason`; `requested` when not said.
    #[schema(value_type = Option<String>, max_length = 100)]
    reason: Option<Text<1, 100>>,
}

/// Cancel an order: its stock goes back, held money is let go, taken money is given back.
#[utoipa::path(
    tag = "orders",
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters"),
        ("If-Match" = Option<String>, Header, description = "the `ETag` that was read"),
    ),
    request_body = CancelRequest,
    security(("api_key" = ["orders:write"])),
    responses(
        (status = 200, body = OrderView),
        (status = 202, description = "Cancelled; the gateway has yet to answer", body = OrderView),
        (status = 400, body = Problem),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, description = "invalid_transition, payment_in_progress", body = Problem),
        (status = 412, body = Problem),
        (status = 422, body = Problem),
    )
)]
#[post("/v1/orders/{id}/cancel")]
async fn cancel_order(
    command: Command<OrdersWrite, CancelRequest>,
    orders: Data<Arc<Orders>>,
    id: Path<String>,
) -> Result<Reply, Error> {
    let id = id_or_not_found("order", &id)?;
    let submission = command.submission()?;
    let reason = command.body.reason.map(Text::into_string);
    let (origin, if_match) = (command.origin, command.if_match);
    let orders = Arc::clone(&orders);
    to_the_end(async move { orders.cancel(origin, submission, id, reason, if_match).await }).await
}

/// What leaves.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FulfilRequest {
    /// Lines with units; everything that is left when not said.
    lines: Option<Vec<FulfilLine>>,
    /// The carrier's name for it.
    #[schema(value_type = Option<String>, max_length = 200)]
    tracking: Option<Text<1, 200>>,
}

/// Units of a line.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FulfilLine {
    #[schema(value_type = String)]
    line_id: Text<1, 64>,
    #[schema(minimum = 1)]
    quantity: i64,
}

/// Record that goods have left.
#[utoipa::path(
    tag = "orders",
    params(
        ("id" = String, Path),
        ("Idempotency-Key" = String, Header, description = "1 to 255 visible ASCII characters"),
        ("If-Match" = Option<String>, Header, description = "the `ETag` that was read"),
    ),
    request_body = FulfilRequest,
    security(("api_key" = ["orders:write"])),
    responses(
        (status = 201, body = OrderView),
        (status = 400, body = Problem),
        (status = 401, body = Problem),
        (status = 403, body = Problem),
        (status = 404, body = Problem),
        (status = 409, body = Problem),
        (status = 412, body = Problem),
        (status = 422, body = Problem),
    )
)]
#[post("/v1/orders/{id}/fulfilments")]
async fn fulfil_order(
    command: Command<OrdersWrite, FulfilRequest>,
    orders: Data<Arc<Orders>>,
    id: Path<String>,
) -> Result<Reply, Error> {
    let id = id_or_not_found("order", &id)?;
    let submission = command.submission()?;
    let FulfilRequest { lines, tracking } = command.body;
    let units = |lines: Vec<FulfilLine>| {
        lines.into_iter().map(|line| (line.line_id.into_string(), line.quantity)).collect()
    };
    let parcel = Parcel { lines: lines.map(units), tracking: tracking.map(Text::into_string) };
    orders.fulfil(command.origin, submission, id, parcel, command.if_match).await
}
