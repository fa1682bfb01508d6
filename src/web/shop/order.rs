//! The page of an order, for who has its secret address.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use askama::Template;

use crate::db::{Conn, Db};
use crate::error::{Error, Refusal};
use crate::orders::{self, FulfilmentStatus, OrderPaymentStatus, OrderStatus, OrderView};
use crate::payments::Method;
use crate::web::frame::Frame;
use crate::web::page::page;
use crate::web::visitor::{Visitor, cart_units};

#[derive(Template)]
#[template(path = "shop/order.html")]
struct OrderPage {
    frame: Frame,
    link: String,
    order: OrderView,
    steps: Vec<Step>,
}

/// A step of an order's life, as its buyer sees it.
struct Step {
    name: &'static str,
    state: &'static str,
}

/// The order behind a secret address.
///
/// # Errors
/// 404 when there is none.
pub(super) fn linked(conn: &mut Conn, link: &str) -> Result<OrderView, Error> {
    let missing = || Refusal::not_found("order");
    let id = orders::linked_order(conn, link)?.ok_or_else(missing)?;
    orders::find(conn, id)?.ok_or_else(|| missing().into())
}

/// Shows an order.
pub(super) async fn show(
    visitor: Visitor,
    link: Path<String>,
    db: Data<Arc<Db>>,
) -> Result<HttpResponse, Error> {
    let (link, secret) = (link.into_inner(), visitor.secret.clone());
    let asked = link.clone();
    let (order, units) = db
        .read(move |conn| Ok((linked(conn, &asked)?, cart_units(conn, secret.as_ref())?)))
        .await?;
    let steps = steps(&order);
    page(StatusCode::OK, &OrderPage { frame: visitor.frame(units), link, order, steps })
}

impl OrderPage {
    fn is_pending(&self) -> bool {
        self.order.status == OrderStatus::Pending
    }

    fn is_cancelled(&self) -> bool {
        self.order.status == OrderStatus::Cancelled
    }

    fn is_by_invoice(&self) -> bool {
        let unpaid = self.order.payment_status == OrderPaymentStatus::Unpaid;
        unpaid && self.order.payments.iter().any(|payment| payment.method == Method::Manual)
    }

    fn is_over(&self) -> bool {
        matches!(self.order.status, OrderStatus::Cancelled | OrderStatus::Completed)
    }
}

/// Placed, paid, sent: what is done, what is next.
fn steps(order: &OrderView) -> Vec<Step> {
    let paid = matches!(
        order.payment_status,
        OrderPaymentStatus::Paid | OrderPaymentStatus::PartiallyRefunded
    );
    let sent = order.fulfilment_status == FulfilmentStatus::Fulfilled;
    let state = |done: bool, next: bool| match (done, next) {
        (true, _) => "done",
        (false, true) => "next",
        (false, false) => "later",
    };
    let placed = order.status != OrderStatus::Pending;
    vec![
        Step { name: "placed", state: state(placed, true) },
        Step { name: "paid", state: state(paid, placed) },
        Step { name: "sent", state: state(sent, paid) },
    ]
}
