//! Stock: what runs out, how a product's stock came to what it is, and counting it anew.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use askama::Template;
use serde::Deserialize;

use crate::catalog;
use crate::db::Db;
use crate::error::{Error, Refusal};
use crate::http::{Cursor, Page, Paging, Reply, Text};
use crate::idempotency;
use crate::inventory::{self, Level, Movement};
use crate::web::admin::desk::{Desk, Section};
use crate::web::admin::staff::{Act, Anyone, Changers, Staff, fresh};
use crate::web::frame::Frame;
use crate::web::page::{page, see_other};

/// Few units, when nothing else is asked for.
pub(in crate::web::admin) const SCARCE: i64 = 10;
const SHOWN: i64 = 100;

#[derive(Debug, Deserialize)]
pub(super) struct Looking {
    #[serde(default)]
    sku: String,
    at_most: Option<String>,
}

#[derive(Template)]
#[template(path = "admin/goods/scarce.html")]
struct ScarcePage {
    frame: Frame,
    desk: Desk,
    at_most: i64,
    levels: Vec<(Level, String)>,
    is_cut: bool,
}

/// Lists products that run out, the scarcest first; a SKU leads to its own page.
pub(super) async fn list(
    staff: Staff<Anyone>,
    looking: Query<Looking>,
    db: Data<Arc<Db>>,
) -> Result<HttpResponse, Error> {
    let sku = looking.sku.trim();
    if let Ok(sku) = sku.parse::<catalog::Sku>() {
        return Ok(see_other(&format!("/admin/stock/{sku}")));
    }
    let asked = looking.at_most.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let at_most = asked.map_or(Ok(SCARCE), |text| text.parse().map_err(|_| number()))?;
    let levels = db
        .read(move |conn| {
            let levels = inventory::scarce(conn, at_most, SHOWN)?;
            let skus: Vec<&str> = levels.iter().map(|level| level.sku.as_str()).collect();
            let names = catalog::names(conn, &skus)?;
            Ok(named(levels, names))
        })
        .await?;
    let is_cut = levels.len() as i64 == SHOWN;
    let (frame, desk) = staff.surroundings(Section::Stock);
    page(StatusCode::OK, &ScarcePage { frame, desk, at_most, levels, is_cut })
}

fn number() -> Refusal {
    Refusal::invalid("at_most", "invalid", "write a whole number")
}

fn named(levels: Vec<Level>, names: HashMap<String, String>) -> Vec<(Level, String)> {
    let name = |level: &Level| names.get(&level.sku).cloned().unwrap_or_default();
    levels.into_iter().map(|level| (level.clone(), name(&level))).collect()
}

/// A change of stock by hand, as the form has it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct AdjustForm {
    delta: String,
    reason: String,
}

#[derive(Template)]
#[template(path = "admin/goods/stock.html")]
struct StockPage {
    frame: Frame,
    desk: Desk,
    level: Level,
    name: String,
    movements: Vec<Movement>,
    next: Option<String>,
    form: AdjustForm,
    once: String,
    wrong: HashMap<&'static str, String>,
    may_change: bool,
}

impl StockPage {
    fn wrong(&self, field: &str) -> Option<&String> {
        self.wrong.get(field)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Place {
    cursor: Option<String>,
}

/// Shows the stock of a product.
pub(super) async fn show(
    staff: Staff<Anyone>,
    sku: Path<String>,
    place: Query<Place>,
    db: Data<Arc<Db>>,
) -> Result<HttpResponse, Error> {
    let cursor = place.into_inner().cursor;
    let asked = Asked { sku: sku.into_inner(), cursor, form: AdjustForm::default() };
    render(&staff, &db, asked, HashMap::new(), StatusCode::OK).await
}

struct Asked {
    sku: String,
    cursor: Option<String>,
    form: AdjustForm,
}

async fn render<R: crate::web::admin::staff::Roles>(
    staff: &Staff<R>,
    db: &Db,
    asked: Asked,
    wrong: HashMap<&'static str, String>,
    status: StatusCode,
) -> Result<HttpResponse, Error> {
    let Asked { sku, cursor, form } = asked;
    let paging = Paging::read(None, cursor.as_deref(), &format!("desk movements of {sku}"))?;
    let wanted = paging.clone();
    let (level, name, rows) = db
        .read(move |conn| {
            let level = inventory::level(conn, &sku)?;
            let names = catalog::names(conn, &[&sku])?;
            let name = names.into_values().next().unwrap_or_default();
            Ok((level, name, inventory::movements(conn, &sku, &wanted)?))
        })
        .await?;
    let place = |row: &Movement| Cursor { created_at: row.created_at, id: row.id.clone() };
    let Page { data: movements, next_cursor } = paging.page(rows, place);
    let next = next_cursor.map(|cursor| format!("/admin/stock/{}?cursor={cursor}", level.sku));
    let (frame, desk) = staff.surroundings(Section::Stock);
    let may_change = staff.may::<Changers>();
    let once = fresh();
    let shown =
        StockPage { frame, desk, level, name, movements, next, form, once, wrong, may_change };
    page(status, &shown)
}

/// Adds units or takes them away. Sent twice, it is done once.
pub(super) async fn adjust(
    act: Act<Changers, AdjustForm>,
    sku: Path<String>,
    db: Data<Arc<Db>>,
) -> Result<HttpResponse, Error> {
    let (sku, form) = (sku.into_inner(), act.form.clone());
    let submission = act.submission()?;
    let (frame, _) = act.staff.surroundings(Section::Stock);
    let (delta, reason) = match form.read(&frame) {
        Ok(read) => read,
        Err(wrong) => {
            let asked = Asked { sku, cursor: None, form };
            return render(&act.staff, &db, asked, wrong, StatusCode::UNPROCESSABLE_ENTITY).await;
        }
    };
    let product = sku.clone();
    let done = db
        .write(&act.staff.origin, move |tx| {
            idempotency::once(tx, &submission, |tx| {
                Reply::json(201, &inventory::adjust(tx, &product, delta, reason.clone())?)
            })
        })
        .await;
    match done {
        Ok(_) => Ok(see_other(&format!("/admin/stock/{sku}"))),
        Err(Error::Refused(refusal)) if refusal.status != 404 => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::CONFLICT);
            let wrong = HashMap::from([("delta", frame.refused(&refusal))]);
            let asked = Asked { sku, cursor: None, form };
            render(&act.staff, &db, asked, wrong, status).await
        }
        Err(error) => Err(error),
    }
}

impl AdjustForm {
    fn read(&self, frame: &Frame) -> Result<(i64, String), HashMap<&'static str, String>> {
        let mut wrong = HashMap::new();
        let delta = self.delta.trim().trim_start_matches('+').parse::<i64>();
        if delta.is_err() {
            wrong.insert("delta", frame.wrong("delta", "invalid"));
        }
        let reason = Text::<1, 200>::check(self.reason.trim().to_owned());
        match (delta, reason) {
            (Ok(delta), Ok(reason)) => Ok((delta, reason.into_string())),
            (_, reason) => {
                if reason.is_err() {
                    wrong.insert("reason", frame.wrong("reason", "invalid"));
                }
                Err(wrong)
            }
        }
    }
}
