//! Who works at the desk: for owners.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, ServiceConfig, get, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::desk::{Desk, Section};
use super::once::once;
use super::set_up_path;
use super::staff::{Act, Owners, Pressed, Staff, fresh};
use crate::db::{Db, WriteTx};
use crate::error::{Error, Refusal};
use crate::http::id_or_not_found;
use crate::identity::{self, Invited, LINK_HOURS, Person, Role};
use crate::kernel::StaffId;
use crate::web::frame::Frame;
use crate::web::page::{page, see_other};

/// Registers the pages.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/staff").route(get().to(show)).route(post().to(add)))
        .route("/staff/{id}/role", post().to(change_role))
        .route("/staff/{id}/disable", post().to(disable))
        .route("/staff/{id}/enable", post().to(enable))
        .route("/staff/{id}/link", post().to(new_link));
}

/// What came of a form.
#[derive(Default)]
struct Came {
    /// A link that was just made, and for whom.
    link: Option<(String, String)>,
    /// Why nothing was done.
    notice: Option<String>,
    /// What was filled in for a new person.
    said: AddForm,
}

#[derive(Template)]
#[template(path = "admin/staff.html")]
struct StaffPage {
    frame: Frame,
    desk: Desk,
    people: Vec<Person>,
    /// Who looks at the page.
    me: StaffId,
    roles: [Role; 3],
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
    let people = db.read(identity::people).await?;
    let (frame, desk) = staff.surroundings(Section::Staff);
    let (me, roles, once) = (staff.person.id, Role::ALL, fresh());
    page(status, &StaffPage { frame, desk, people, me, roles, once, came })
}

/// A person to be added.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct AddForm {
    login: String,
    name: String,
    role: String,
}

fn role(word: &str) -> Result<Role, Refusal> {
    let unknown = || Refusal::invalid("role", "invalid", "choose a role");
    Role::from_word(word).ok_or_else(unknown)
}

/// Adds a person; the link is on the page that answers, and nowhere else.
async fn add(
    act: Act<Owners, AddForm>,
    request: HttpRequest,
    db: Data<Arc<Db>>,
) -> Result<HttpResponse, Error> {
    let AddForm { login, name, role: word } = act.form.clone();
    let add = move |tx: &mut WriteTx<'_>| identity::add_person(tx, &login, &name, role(&word)?);
    let submission = act.submission()?;
    let added = once(&db, &act.staff.origin, submission, add).await;
    linked(&act.staff, &db, &request, added, act.form).await
}

/// Makes a new link for a person.
async fn new_link(
    act: Act<Owners, Pressed>,
    id: Path<String>,
    request: HttpRequest,
    db: Data<Arc<Db>>,
) -> Result<HttpResponse, Error> {
    let id: StaffId = id_or_not_found("person", &id)?;
    let submission = act.submission()?;
    let made = move |tx: &mut WriteTx<'_>| identity::new_link(tx, id);
    let made = once(&db, &act.staff.origin, submission, made).await;
    linked(&act.staff, &db, &request, made, AddForm::default()).await
}

/// The page with the link, or with why there is none.
async fn linked(
    staff: &Staff<Owners>,
    db: &Db,
    request: &HttpRequest,
    made: Result<Option<Invited>, Error>,
    said: AddForm,
) -> Result<HttpResponse, Error> {
    match made {
        Ok(Some(invited)) => {
            let link = here(request, &set_up_path(&invited.token));
            let came = Came { link: Some((invited.login, link)), ..Came::default() };
            render(staff, db, StatusCode::OK, came).await
        }
        Ok(None) => {
            let (frame, _) = staff.surroundings(Section::Staff);
            let notice = Some(frame.t("desk.staff.already").to_owned());
            render(staff, db, StatusCode::OK, Came { notice, ..Came::default() }).await
        }
        Err(error) => refused(staff, db, error, said).await,
    }
}

/// The whole address of a path, as the person's browser reaches it.
fn here(request: &HttpRequest, path: &str) -> String {
    let asked = request.connection_info();
    format!("{}://{}{path}", asked.scheme(), asked.host())
}

/// The page with what speaks against a form; what is not a refusal stays what it is.
async fn refused(
    staff: &Staff<Owners>,
    db: &Db,
    error: Error,
    said: AddForm,
) -> Result<HttpResponse, Error> {
    match error {
        Error::Refused(refusal) if refusal.status != 404 => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::CONFLICT);
            let (frame, _) = staff.surroundings(Section::Staff);
            let notice = Some(frame.refused(&refusal));
            render(staff, db, status, Came { link: None, notice, said }).await
        }
        error => Err(error),
    }
}

/// Which role a person is to have.
#[derive(Debug, Deserialize)]
pub(super) struct RoleForm {
    role: String,
}

async fn change_role(
    act: Act<Owners, RoleForm>,
    id: Path<String>,
    db: Data<Arc<Db>>,
) -> Result<HttpResponse, Error> {
    let (id, role) = (id_or_not_found("person", &id)?, role(&act.form.role)?);
    change(&act.staff, &db, move |tx| identity::change_role(tx, id, role)).await
}

async fn disable(
    act: Act<Owners, Pressed>,
    id: Path<String>,
    db: Data<Arc<Db>>,
) -> Result<HttpResponse, Error> {
    let id = id_or_not_found("person", &id)?;
    change(&act.staff, &db, move |tx| identity::disable(tx, id)).await
}

async fn enable(
    act: Act<Owners, Pressed>,
    id: Path<String>,
    db: Data<Arc<Db>>,
) -> Result<HttpResponse, Error> {
    let id = id_or_not_found("person", &id)?;
    change(&act.staff, &db, move |tx| identity::enable(tx, id)).await
}

async fn change(
    staff: &Staff<Owners>,
    db: &Db,
    work: impl Fn(&mut WriteTx<'_>) -> Result<(), Error> + Send + 'static,
) -> Result<HttpResponse, Error> {
    match db.write(&staff.origin, work).await {
        Ok(()) => Ok(see_other("/admin/staff")),
        Err(error) => refused(staff, db, error, AddForm::default()).await,
    }
}

impl StaffPage {
    fn role_key(&self, role: &Role) -> String {
        format!("desk.roles.{}", role.as_str())
    }

    fn hours(&self) -> u64 {
        LINK_HOURS
    }
}
