//! Where the desk begins: what waits for somebody.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::Data;
use askama::Template;

use super::desk::{Desk, Section};
use super::goods::SCARCE;
use super::staff::{Anyone, Staff};
use crate::db::{Conn, Db};
use crate::error::Error;
use crate::inventory;
use crate::orders::{self, Filters, FulfilmentStatus, OrderPaymentStatus, OrderStatus};
use crate::telemetry;
use crate::web::frame::Frame;
use crate::web::page::page;

/// So much is counted at most: nobody works faster, and a long history costs nothing.
const COUNTED: i64 = 100;

#[derive(Template)]
#[template(path = "admin/start.html")]
struct StartPage {
    frame: Frame,
    desk: Desk,
    waiting: Vec<Waiting>,
}

/// Something that waits, and where it is.
struct Waiting {
    /// The last part of the keys `desk.waiting.…`.
    name: &'static str,
    count: i64,
    address: String,
}

/// Shows what waits.
pub(super) async fn show(staff: Staff<Anyone>, db: Data<Arc<Db>>) -> Result<HttpResponse, Error> {
    let mut waiting = db.read(in_database).await?;
    let troubled = telemetry::sinks().iter().filter(|sink| sink.trouble.is_some()).count();
    waiting.push(Waiting {
        name: "sinks",
        count: i64::try_from(troubled).unwrap_or(i64::MAX),
        address: "/admin/telemetry/health".to_owned(),
    });
    let (frame, desk) = staff.surroundings(Section::Start);
    page(StatusCode::OK, &StartPage { frame, desk, waiting })
}

fn in_database(conn: &mut Conn) -> Result<Vec<Waiting>, Error> {
    let (send, rest) = (FulfilmentStatus::Unfulfilled, FulfilmentStatus::PartiallyFulfilled);
    let (held, unpaid) = (OrderPaymentStatus::Authorized, OrderPaymentStatus::Unpaid);
    let lists = [
        ("send", confirmed(None, Some(send))),
        ("rest", confirmed(None, Some(rest))),
        ("capture", confirmed(Some(held), None)),
        ("unpaid", confirmed(Some(unpaid), None)),
    ];
    let mut waiting = Vec::new();
    for (name, filters) in lists {
        let count = orders::count(conn, &filters, COUNTED)?;
        waiting.push(Waiting { name, count, address: orders_address(&filters) });
    }
    let scarce = inventory::scarce(conn, SCARCE, COUNTED)?.len();
    waiting.push(Waiting {
        name: "scarce",
        count: i64::try_from(scarce).unwrap_or(COUNTED),
        address: format!("/admin/stock?at_most={SCARCE}"),
    });
    Ok(waiting)
}

fn confirmed(money: Option<OrderPaymentStatus>, goods: Option<FulfilmentStatus>) -> Filters {
    let mut filters = Filters::default();
    filters.status = Some(OrderStatus::Confirmed);
    filters.payment_status = money;
    filters.fulfilment_status = goods;
    filters
}

/// The list of these orders.
fn orders_address(filters: &Filters) -> String {
    let axes = [
        ("status", filters.status.map(OrderStatus::as_str)),
        ("payment_status", filters.payment_status.map(OrderPaymentStatus::as_str)),
        ("fulfilment_status", filters.fulfilment_status.map(FulfilmentStatus::as_str)),
    ];
    let said = axes.iter().filter_map(|(name, state)| Some(format!("{name}={}", (*state)?)));
    format!("/admin/orders?{}", said.collect::<Vec<_>>().join("&"))
}

impl StartPage {
    /// How many there are, as far as was counted.
    fn shown(&self, waiting: &Waiting) -> String {
        match waiting.count >= COUNTED {
            true => format!("{}+", self.frame.number(&(COUNTED - 1))),
            false => self.frame.number(&waiting.count),
        }
    }

    fn named(&self, waiting: &Waiting) -> String {
        self.frame.t(&format!("desk.waiting.{}", waiting.name)).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::texts::Texts;

    #[test]
    fn what_waits_has_a_name() {
        for name in ["send", "rest", "capture", "unpaid", "scarce", "sinks"] {
            assert!(Texts::of("en").has(&format!("desk.waiting.{name}")), "{name}");
        }
    }

    #[test]
    fn a_list_is_asked_for_by_its_states() {
        let filters = confirmed(Some(OrderPaymentStatus::Authorized), None);
        let address = "/admin/orders?status=confirmed&payment_status=authorized";
        assert_eq!(orders_address(&filters), address);
    }
}
