//! What is done about an order. Each form goes through the very use case that the API goes through,
//! under a key of its own: pressed twice it is done once.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use serde::Deserialize;

use super::show::{Wrong, render};
use crate::db::Db;
use crate::error::{Error, Refusal};
use crate::http::{Reply, Text, id_or_not_found, to_the_end};
use crate::kernel::{Amount, OrderId, PaymentId};
use crate::orders::{Orders, Parcel};
use crate::payments::{self, Ask, OperationKind, Payment};
use crate::web::admin::staff::{Act, Changers, Staff};
use crate::web::page::see_other;

/// The fields of a form, by name.
type Fields = HashMap<String, String>;

/// What is asked of a payment.
#[derive(Debug, Default, Deserialize)]
pub(super) struct MoneyForm {
    /// The version that the person has seen.
    seen: i64,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    reason: String,
}

/// Captures a payment (or records money that was received), lets held money go, or gives money
/// back: the last part of the address says which.
pub(super) async fn money(
    act: Act<Changers, MoneyForm>,
    path: Path<(String, String, String)>,
    db: Data<Arc<Db>>,
    orders: Data<Arc<Orders>>,
) -> Result<HttpResponse, Error> {
    let (order, payment, kind) = path.into_inner();
    let asked = [OperationKind::Capture, OperationKind::Void, OperationKind::Refund];
    let kind = asked.into_iter().find(|known| known.as_str() == kind);
    let kind = kind.ok_or_else(|| Refusal::not_found("page"))?;
    let order: OrderId = id_or_not_found("order", &order)?;
    let payment = payment_of(&db, order, id_or_not_found("payment", &payment)?).await?;
    let submission = act.submission()?;
    let done = match act.form.ask(kind, &payment) {
        Ok(ask) => {
            let (orders, origin) = (Arc::clone(&orders), act.staff.origin.clone());
            let work =
                async move { orders.act_on_payment(origin, submission, payment.id, ask).await };
            to_the_end(work).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    let form = format!("{}-{}", kind.as_str(), payment.id);
    let said = [("amount", act.form.amount), ("reason", act.form.reason)];
    let said = said.map(|(name, text)| (name.to_owned(), text)).into();
    shown(&act.staff, &db, order, Sent { action: kind.as_str(), form, said }, done).await
}

async fn payment_of(db: &Db, order: OrderId, id: PaymentId) -> Result<Payment, Error> {
    let found = db.read(move |conn| payments::payment(conn, id)).await?;
    let payment = found.filter(|payment| payment.order_id == order);
    payment.ok_or_else(|| Refusal::not_found("payment").into())
}

impl MoneyForm {
    fn ask(&self, kind: OperationKind, payment: &Payment) -> Result<Ask, Refusal> {
        let amount = match kind {
            OperationKind::Void => None,
            _ => Some(
                Amount::in_units(&self.amount, payment.currency)
                    .map_err(|wrong| Refusal::invalid("amount", "invalid", wrong.to_string()))?,
            ),
        };
        let reason = said::<200>("reason", &self.reason)?;
        Ok(Ask { kind, amount, reason, if_match: Some(self.seen), claim: None })
    }
}

/// What a field says, if anything.
fn said<const MAX: usize>(field: &str, text: &str) -> Result<Option<String>, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let checked = Text::<1, MAX>::check(text.to_owned());
    checked
        .map(|text| Some(text.into_string()))
        .map_err(|wrong| Refusal::invalid(field, "invalid", wrong))
}

/// Why an order is cancelled.
#[derive(Debug, Deserialize)]
pub(super) struct CancelForm {
    seen: i64,
    #[serde(default)]
    reason: String,
}

/// Cancels an order.
pub(super) async fn cancel(
    act: Act<Changers, CancelForm>,
    id: Path<String>,
    db: Data<Arc<Db>>,
    orders: Data<Arc<Orders>>,
) -> Result<HttpResponse, Error> {
    let id: OrderId = id_or_not_found("order", &id)?;
    let submission = act.submission()?;
    let done = match said::<100>("reason", &act.form.reason) {
        Ok(reason) => {
            let (orders, origin) = (Arc::clone(&orders), act.staff.origin.clone());
            let seen = Some(act.form.seen);
            to_the_end(async move { orders.cancel(origin, submission, id, reason, seen).await })
                .await
        }
        Err(refusal) => Err(refusal.into()),
    };
    let said = HashMap::from([("reason".to_owned(), act.form.reason)]);
    let sent = Sent { action: "cancel", form: "cancel".to_owned(), said };
    shown(&act.staff, &db, id, sent, done).await
}

/// Records that goods have left: units by line, in fields `units.` and the line.
pub(super) async fn fulfil(
    act: Act<Changers, Fields>,
    id: Path<String>,
    db: Data<Arc<Db>>,
    orders: Data<Arc<Orders>>,
) -> Result<HttpResponse, Error> {
    let id: OrderId = id_or_not_found("order", &id)?;
    let submission = act.submission()?;
    let done = match parcel(&act.form) {
        Ok((parcel, seen)) => {
            let origin = act.staff.origin.clone();
            orders.fulfil(origin, submission, id, parcel, Some(seen)).await
        }
        Err(refusal) => Err(refusal.into()),
    };
    let sent = Sent { action: "fulfil", form: "fulfil".to_owned(), said: act.form };
    shown(&act.staff, &db, id, sent, done).await
}

fn parcel(fields: &Fields) -> Result<(Parcel, i64), Refusal> {
    let field = |name: &str| fields.get(name).map_or("", String::as_str).trim();
    let wrong = |name: &str| Refusal::invalid(name, "invalid", "must be a whole number");
    let seen = field("seen").parse().map_err(|_| wrong("seen"))?;
    let mut lines = Vec::new();
    for (name, units) in fields {
        let Some(line) = name.strip_prefix("units.") else { continue };
        let units = match units.trim() {
            "" => 0,
            units => units.parse().map_err(|_| wrong(name))?,
        };
        if units != 0 {
            lines.push((line.to_owned(), units));
        }
    }
    lines.sort();
    let tracking = said::<200>("tracking", field("tracking"))?;
    Ok((Parcel { lines: Some(lines), tracking }, seen))
}

/// A form that was sent.
struct Sent {
    action: &'static str,
    form: String,
    said: Fields,
}

/// After a form: the order as it stands, or the form again with what speaks against it.
async fn shown(
    staff: &Staff<Changers>,
    db: &Db,
    order: OrderId,
    sent: Sent,
    done: Result<Reply, Error>,
) -> Result<HttpResponse, Error> {
    let at = |done: &str| Ok(see_other(&format!("/admin/orders/{order}?done={done}")));
    match done {
        Ok(reply) if reply.status == 202 => at("pending"),
        Ok(_) => at(sent.action),
        Err(Error::Refused(refusal)) if refusal.status == 404 => Err(Error::Refused(refusal)),
        // The first of two clicks is still at work.
        Err(Error::Refused(refusal)) if refusal.code == "idempotency_key_in_use" => at("pending"),
        Err(Error::Refused(refusal)) => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::CONFLICT);
            let Sent { form, said, .. } = sent;
            let wrong = Wrong { form, refusal: Some(*refusal), said };
            render(staff, db, order, status, wrong, None).await
        }
        Err(error) => Err(error),
    }
}
