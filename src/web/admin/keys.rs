//! API keys: for owners.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, ServiceConfig, get, post, resource};
use askama::Template;

use super::desk::{Desk, Section};
use super::once::once;
use super::staff::{Act, Owners, Pressed, Staff, fresh};
use crate::db::Db;
use crate::error::{Error, Refusal};
use crate::http::{Scope, Text, id_or_not_found};
use crate::identity::{self, KeySummary};
use crate::kernel::KeyId;
use crate::web::frame::Frame;
use crate::web::page::{page, see_other};

/// Registers the pages.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/keys").route(get().to(show)).route(post().to(create)))
        .route("/keys/{id}/revoke", post().to(revoke));
}

/// What came of a form.
#[derive(Default)]
struct Came {
    /// The text of a key that was just made.
    key: Option<String>,
    /// Why none was made.
    notice: Option<String>,
    name: String,
    scopes: Vec<String>,
}

#[derive(Template)]
#[template(path = "admin/keys.html")]
struct KeysPage {
    frame: Frame,
    desk: Desk,
    keys: Vec<KeySummary>,
    scopes: &'static [Scope],
    once: String,
    came: Came,
}

async fn show(staff: Staff<Owners>, db: Data<Arc<Db>>) -> Result<HttpResponse, Error> {
    render(&staff, &db, StatusCode::OK, Came::default()).await
}

async fn render(
    staff: &Staff<Owners>,
    db: &Db,
    status: StatusCode,
    came: Came,
) -> Result<HttpResponse, Error> {
    let mut keys = db.read(identity::list).await?;
    // Those that work first, the newest of them on top.
    keys.reverse();
    keys.sort_by_key(|key| key.revoked_at.is_some());
    let (frame, desk) = staff.surroundings(Section::Keys);
    page(status, &KeysPage { frame, desk, keys, scopes: Scope::ALL, once: fresh(), came })
}

type Fields = Vec<(String, String)>;

/// Makes a key; its text is on the page that answers, and nowhere else.
async fn create(act: Act<Owners, Fields>, db: Data<Arc<Db>>) -> Result<HttpResponse, Error> {
    let of = |name: &str| {
        let named = act.form.iter().filter(move |(field, _)| field == name);
        named.map(|(_, value)| value.trim().to_owned()).collect::<Vec<_>>()
    };
    let (name, scopes) = (of("name").pop().unwrap_or_default(), of("scope"));
    let mut came = Came { name, scopes, ..Came::default() };
    let (name, scopes) = match came.check() {
        Ok(checked) => checked,
        Err(refusal) => {
            let (frame, _) = act.staff.surroundings(Section::Keys);
            came.notice = Some(frame.refused(&refusal));
            return render(&act.staff, &db, StatusCode::UNPROCESSABLE_ENTITY, came).await;
        }
    };
    let (submission, origin) = (act.submission()?, act.staff.origin.clone());
    let made =
        once(&db, &origin, submission, move |tx| identity::create(tx, &name, &scopes)).await?;
    let came = match made {
        Some(key) => Came { key: Some(key.text.expose().clone()), ..Came::default() },
        None => {
            let (frame, _) = act.staff.surroundings(Section::Keys);
            Came { notice: Some(frame.t("desk.keys.already").to_owned()), ..Came::default() }
        }
    };
    render(&act.staff, &db, StatusCode::OK, came).await
}

impl Came {
    fn check(&self) -> Result<(String, Vec<Scope>), Refusal> {
        let wrong = |field: &str, detail: String| Refusal::invalid(field, "invalid", detail);
        let name = Text::<1, 100>::check(self.name.clone())
            .map_err(|detail| wrong("name", format!("The name {detail}.")))?;
        let scopes = self.scopes.iter().map(|scope| scope.parse());
        let scopes: Vec<Scope> =
            scopes.collect::<Result<_, String>>().map_err(|detail| wrong("scope", detail))?;
        if scopes.is_empty() {
            return Err(wrong("scope", "Choose what the key may do.".to_owned()));
        }
        Ok((name.into_string(), scopes))
    }
}

/// Revokes a key for good.
async fn revoke(
    act: Act<Owners, Pressed>,
    id: Path<String>,
    db: Data<Arc<Db>>,
) -> Result<HttpResponse, Error> {
    let id: KeyId = id_or_not_found("key", &id)?;
    db.write(&act.staff.origin, move |tx| {
        let revoked = |key: &KeySummary| key.id == id.to_string() && key.revoked_at.is_some();
        // Pressed twice, it is revoked once.
        match identity::list(tx.conn())?.iter().any(revoked) {
            true => Ok(()),
            false => identity::revoke(tx, id),
        }
    })
    .await?;
    Ok(see_other("/admin/keys"))
}

impl KeysPage {
    fn is_chosen(&self, scope: &Scope) -> bool {
        self.came.scopes.iter().any(|chosen| chosen == scope.as_str())
    }

    /// What a scope lets a key do.
    fn told(&self, scope: &Scope) -> String {
        let name = scope.as_str().replace(':', "_");
        self.frame.t(&format!("desk.scopes.{name}")).to_owned()
    }

    fn has_all(&self, key: &KeySummary) -> bool {
        key.scopes.len() == Scope::ALL.len()
    }
}
