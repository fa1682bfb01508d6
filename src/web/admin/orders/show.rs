//! One order: what it is, how it stands, what happened to it, and the forms of what can be done.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::timeline::{Event, timeline};
use crate::audit;
use crate::db::{Conn, Db};
use crate::error::{Error, Refusal};
use crate::http::{id_or_not_found, parse_form};
use crate::kernel::{Amount, OrderId, PaymentId};
use crate::orders::{self, Contact, FulfilmentStatus, OrderStatus, OrderView};
use crate::payments::{self, Method, OperationView, Payment};
use crate::web::admin::desk::{Desk, Section};
use crate::web::admin::names::Names;
use crate::web::admin::staff::{Anyone, Changers, Roles, Staff, fresh};
use crate::web::frame::Frame;
use crate::web::page::page;

/// Entries of a timeline.
const ENTRIES: i64 = 500;

/// What the database knows of an order.
pub(super) struct Known {
    order: OrderView,
    contact: Option<Contact>,
    payments: Vec<Shown>,
    timeline: Vec<Event>,
    names: Names,
    link: Option<String>,
}

/// A payment with what was asked for about it.
struct Shown {
    payment: Payment,
    operations: Vec<OperationView>,
}

/// What was wrong with a form that was sent.
#[derive(Default)]
pub(super) struct Wrong {
    /// Which one: `refund-` and the payment.
    pub(super) form: String,
    /// Why it was refused.
    pub(super) refusal: Option<Refusal>,
    /// What was filled in.
    pub(super) said: HashMap<String, String>,
}

#[derive(Template)]
#[template(path = "admin/order.html")]
struct OrderPage {
    frame: Frame,
    desk: Desk,
    known: Known,
    /// Whether the person may change anything, and see who ordered.
    may_change: bool,
    once: String,
    wrong: Wrong,
    /// What was just done.
    done: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Query {
    done: String,
}

/// What can have been done: the last part of the keys `desk.done.…`.
const DONE: [&str; 6] = ["capture", "void", "refund", "cancel", "fulfil", "pending"];

/// Shows an order.
pub(super) async fn show(
    staff: Staff<Anyone>,
    id: Path<String>,
    request: HttpRequest,
    db: Data<Arc<Db>>,
) -> Result<HttpResponse, Error> {
    let id = id_or_not_found("order", &id)?;
    let asked: Query = parse_form(request.query_string().as_bytes()).unwrap_or_default();
    let done = DONE.contains(&asked.done.as_str()).then_some(asked.done);
    render(&staff, &db, id, StatusCode::OK, Wrong::default(), done).await
}

/// The page of an order, as it stands now.
pub(super) async fn render<R: Roles>(
    staff: &Staff<R>,
    db: &Db,
    id: OrderId,
    status: StatusCode,
    wrong: Wrong,
    done: Option<String>,
) -> Result<HttpResponse, Error> {
    let may_change = staff.may::<Changers>();
    let known = db.read(move |conn| Known::of(conn, id, may_change)).await?;
    let (frame, desk) = staff.surroundings(Section::Orders);
    let once = fresh();
    page(status, &OrderPage { frame, desk, known, may_change, once, wrong, done })
}

impl Known {
    fn of(conn: &mut Conn, id: OrderId, contacts: bool) -> Result<Self, Error> {
        let order = orders::find(conn, id)?.ok_or_else(|| Refusal::not_found("order"))?;
        let payments = payments::of_order(conn, id)?;
        let ids: Vec<PaymentId> = payments.iter().map(|payment| payment.id).collect();
        let operations = payments::operations_of(conn, &ids)?;
        let mut subjects = vec![format!("order:{id}")];
        subjects.extend(ids.iter().map(|id| format!("payment:{id}")));
        let entries = audit::about(conn, &subjects, ENTRIES)?;
        Ok(Self {
            order,
            contact: if contacts { orders::contact(conn, id)? } else { None },
            payments: payments.into_iter().map(|payment| shown(payment, &operations)).collect(),
            timeline: timeline(entries),
            names: Names::read(conn)?,
            link: orders::link_of(conn, id)?,
        })
    }
}

fn shown(payment: Payment, operations: &[OperationView]) -> Shown {
    let about = |operation: &&OperationView| operation.payment_id == payment.id;
    let operations = operations.iter().filter(about).cloned().collect();
    Shown { payment, operations }
}

impl Shown {
    fn is_manual(&self) -> bool {
        self.payment.method == Method::Manual
    }

    /// What can be captured, as a form has it.
    fn capturable(&self) -> Option<String> {
        self.in_units(self.payment.capturable())
    }

    /// What can be refunded, as a form has it.
    fn refundable(&self) -> Option<String> {
        self.in_units(self.payment.refundable())
    }

    fn in_units(&self, amount: Amount) -> Option<String> {
        (!amount.is_zero()).then(|| amount.to_units(self.payment.currency))
    }
}

impl OrderPage {
    fn order(&self) -> &OrderView {
        &self.known.order
    }

    fn may_be_cancelled(&self) -> bool {
        let order = self.order();
        // What has left altogether is not called back by cancelling.
        let gone = order.fulfilment_status == FulfilmentStatus::Fulfilled;
        let may = order.status.may_become(OrderStatus::Cancelled);
        order.status != OrderStatus::Pending && !gone && may
    }

    fn may_be_fulfilled(&self) -> bool {
        let left = |line: &orders::LineView| line.quantity_fulfilled < line.quantity;
        self.order().status == OrderStatus::Confirmed && self.order().lines.iter().any(left)
    }

    /// Where the forms of a payment go.
    fn to_payment(&self, payment: &Payment, action: &str) -> String {
        format!("/admin/orders/{}/payments/{}/{action}", self.order().id, payment.id)
    }

    fn is_wrong(&self, form: &str) -> bool {
        self.wrong.form == form
    }

    fn form_of(&self, action: &str, payment: &Payment) -> String {
        format!("{action}-{}", payment.id)
    }

    /// What stands in a field: what was filled in, or what stands there at first.
    fn filled(&self, form: &str, field: &str, first: &str) -> String {
        let said = self.wrong.said.get(field).filter(|_| self.is_wrong(form));
        said.map_or(first, String::as_str).to_owned()
    }

    /// Why the form was refused: of an amount, how much there is.
    fn refusal(&self) -> String {
        let Some(refusal) = &self.wrong.refusal else { return String::new() };
        let currency = self.order().currency;
        match refusal.members.get("available").and_then(serde_json::Value::as_i64) {
            Some(most) => {
                self.frame.tw("desk.order.at_most", "amount", self.frame.minor(&most, &currency))
            }
            None => self.frame.refused(refusal),
        }
    }

    fn unfulfilled(&self, line: &orders::LineView) -> i64 {
        line.quantity - line.quantity_fulfilled
    }

    /// What a line of a parcel is called.
    fn name_of<'p>(&'p self, line_id: &str) -> &'p str {
        let line = self.order().lines.iter().find(|line| line.id == line_id);
        line.map_or("", |line| line.name.as_str())
    }

    /// What was done, in words; the kind itself where there are none.
    fn told(&self, kind: &str) -> String {
        let key = format!("desk.happened.{}", kind.replace('.', "_"));
        if self.frame.texts.has(&key) { self.frame.t(&key).to_owned() } else { kind.to_owned() }
    }

    /// What an operation is called.
    fn operation(&self, operation: &OperationView) -> String {
        self.frame.t(&format!("desk.operations.{}", operation.kind.as_str())).to_owned()
    }

    /// How something came out.
    fn outcome(&self, outcome: &str) -> String {
        self.frame.t(&format!("desk.outcomes.{outcome}")).to_owned()
    }

    /// Who did something, in words.
    fn by(&self, event: &Event) -> String {
        self.known.names.by(&self.frame, &event.actor)
    }

    fn units_field(&self, line: &orders::LineView) -> String {
        format!("units.{}", line.id)
    }

    /// All that is left is offered at first.
    fn units_filled(&self, field: &str, line: &orders::LineView) -> String {
        self.filled("fulfil", field, &self.unfulfilled(line).to_string())
    }

    /// Whether a form about this payment was refused that is not there any more.
    fn is_lost(&self, shown: &Shown) -> bool {
        let (capturable, refundable) = (shown.capturable(), shown.refundable());
        let gone = |action, left: &Option<String>| {
            left.is_none() && self.is_wrong(&self.form_of(action, &shown.payment))
        };
        gone("capture", &capturable) || gone("void", &capturable) || gone("refund", &refundable)
    }

    fn done_key(&self, done: &str) -> String {
        format!("desk.done.{done}")
    }

    fn axis(&self, name: &str) -> String {
        self.frame.t(&format!("desk.orders.{name}")).to_owned()
    }
}
