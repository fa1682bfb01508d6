//! Payments, newest first.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Query, ServiceConfig, get};
use askama::Template;
use serde::Deserialize;

use super::desk::{Desk, Section};
use super::staff::{Anyone, Staff};
use crate::db::Db;
use crate::error::Error;
use crate::http::id_or_not_found;
use crate::kernel::{OrderId, PaymentId};
use crate::orders;
use crate::payments::{self, Payment};
use crate::web::frame::Frame;
use crate::web::page::page;

const SHOWN: usize = 50;

#[derive(Debug, Deserialize)]
struct Place {
    before: Option<String>,
}

#[derive(Template)]
#[template(path = "admin/payments.html")]
struct PaymentsPage {
    frame: Frame,
    desk: Desk,
    payments: Vec<Payment>,
    numbers: HashMap<OrderId, String>,
    next: Option<PaymentId>,
}

impl PaymentsPage {
    fn number(&self, order: &OrderId) -> &str {
        self.numbers.get(order).map_or("", String::as_str)
    }
}

/// Registers the page, under `/admin`.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/payments", get().to(show));
}

async fn show(
    staff: Staff<Anyone>,
    place: Query<Place>,
    db: Data<Arc<Db>>,
) -> Result<HttpResponse, Error> {
    let before = place.before.as_deref().map(|id| id_or_not_found("page", id)).transpose()?;
    let (mut payments, numbers) = db
        .read(move |conn| {
            let payments = payments::newest(conn, before, SHOWN as i64 + 1)?;
            let orders: Vec<OrderId> = payments.iter().map(|payment| payment.order_id).collect();
            Ok((payments, orders::numbers(conn, &orders)?))
        })
        .await?;
    let more = payments.len() > SHOWN;
    payments.truncate(SHOWN);
    let next = payments.last().filter(|_| more).map(|payment| payment.id);
    let (frame, desk) = staff.surroundings(Section::Payments);
    page(StatusCode::OK, &PaymentsPage { frame, desk, payments, numbers, next })
}
