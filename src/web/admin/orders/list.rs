//! The list of orders.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::{Deserialize, Serialize};

use crate::db::{Conn, Db};
use crate::error::Error;
use crate::http::{Paging, parse_form};
use crate::kernel::OrderId;
use crate::orders::{self, Filters, FulfilmentStatus, OrderPaymentStatus, OrderStatus, OrderView};
use crate::web::admin::desk::{Desk, Section};
use crate::web::admin::staff::{Anyone, Changers, Staff};
use crate::web::frame::Frame;
use crate::web::page::page;

/// Characters of a search that are looked at.
const SEARCH_MAX: usize = 254;

/// What is looked for. What was left out is empty.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(default)]
struct Query {
    q: String,
    status: String,
    payment_status: String,
    fulfilment_status: String,
    cursor: String,
}

/// One axis of states, to choose from.
struct Axis {
    name: &'static str,
    states: Vec<&'static str>,
    chosen: String,
}

impl Axis {
    fn new(name: &'static str, states: impl Iterator<Item = &'static str>, chosen: &str) -> Self {
        Self { name, states: states.collect(), chosen: chosen.to_owned() }
    }

    /// The key of what it is called.
    fn key(&self) -> String {
        format!("desk.orders.{}", self.name)
    }
}

#[derive(Template)]
#[template(path = "admin/orders.html")]
struct OrdersPage {
    frame: Frame,
    desk: Desk,
    query: Query,
    axes: [Axis; 3],
    orders: Vec<OrderView>,
    /// What the buyers are called, of those whose names are known and may be.
    buyers: HashMap<OrderId, String>,
    /// The address of the next page.
    next: Option<String>,
    contacts: bool,
}

/// Shows a page of orders.
pub(super) async fn show(
    staff: Staff<Anyone>,
    request: HttpRequest,
    db: Data<Arc<Db>>,
) -> Result<HttpResponse, Error> {
    let mut query: Query = parse_form(request.query_string().as_bytes()).unwrap_or_default();
    let plain = query.q.trim().chars().filter(|character| !character.is_control());
    query.q = plain.take(SEARCH_MAX).collect();
    let contacts = staff.may::<Changers>();
    let asked = query.clone();
    let (found, buyers) = db
        .read(move |conn| {
            let (filters, paging) = asked.read(conn, contacts)?;
            let found = orders::list(conn, &filters, &paging)?;
            let ids: Vec<OrderId> = found.data.iter().map(|order| order.id).collect();
            let buyers = if contacts { orders::buyers(conn, &ids)? } else { HashMap::new() };
            Ok((found, buyers))
        })
        .await?;
    let next = found.next_cursor.map(|cursor| Query { cursor, ..query.clone() }.address());
    let (frame, desk) = staff.surroundings(Section::Orders);
    let (axes, orders) = (query.axes(), found.data);
    let shown = OrdersPage { frame, desk, query, axes, orders, buyers, next, contacts };
    page(StatusCode::OK, &shown)
}

impl Query {
    fn read(&self, conn: &mut Conn, contacts: bool) -> Result<(Filters, Paging), Error> {
        let mut filters = match self.q.as_str() {
            "" => Filters::default(),
            text => Filters::meant_by(conn, text, contacts)?,
        };
        filters.status = OrderStatus::from_word(&self.status);
        filters.payment_status = OrderPaymentStatus::from_word(&self.payment_status);
        filters.fulfilment_status = FulfilmentStatus::from_word(&self.fulfilment_status);
        let cursor = Some(self.cursor.as_str()).filter(|cursor| !cursor.is_empty());
        let paging = Paging::read(None, cursor, &format!("{filters:?}"))?;
        Ok((filters, paging))
    }

    fn axes(&self) -> [Axis; 3] {
        let status = OrderStatus::ALL.iter().map(|state| state.as_str());
        let payment = OrderPaymentStatus::ALL.iter().map(|state| state.as_str());
        let fulfilment = FulfilmentStatus::ALL.iter().map(|state| state.as_str());
        [
            Axis::new("status", status, &self.status),
            Axis::new("payment_status", payment, &self.payment_status),
            Axis::new("fulfilment_status", fulfilment, &self.fulfilment_status),
        ]
    }

    fn address(&self) -> String {
        let said = serde_urlencoded::to_string(self).unwrap_or_default();
        let kept: Vec<&str> = said.split('&').filter(|pair| !pair.ends_with('=')).collect();
        format!("/admin/orders?{}", kept.join("&"))
    }

    fn is_filtered(&self) -> bool {
        [&self.q, &self.status, &self.payment_status, &self.fulfilment_status]
            .iter()
            .any(|said| !said.is_empty())
    }
}

impl OrdersPage {
    fn units(&self, order: &OrderView) -> i64 {
        order.lines.iter().map(|line| line.quantity).sum()
    }
}
