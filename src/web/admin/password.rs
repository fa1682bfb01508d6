//! Changing one's own password.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query, ServiceConfig, get, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::desk::{Desk, Section};
use super::staff::{Act, Anyone, Staff, browser_of, let_in};
use crate::error::{Error, Refusal};
use crate::identity::{PASSWORD_MIN, StaffGate};
use crate::kernel::Secret;
use crate::web::frame::Frame;
use crate::web::page::page;

/// Registers the page, under `/admin`.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(resource("/password").route(get().to(show)).route(post().to(change)));
}

#[derive(Template)]
#[template(path = "admin/password.html")]
struct PasswordPage {
    frame: Frame,
    desk: Desk,
    login: String,
    /// Whether it was just changed.
    done: bool,
    /// What is wrong, with the field at fault.
    wrong: Option<(String, String)>,
}

#[derive(Debug, Deserialize)]
struct Shown {
    done: Option<String>,
}

async fn show(staff: Staff<Anyone>, shown: Query<Shown>) -> Result<HttpResponse, Error> {
    render(&staff, StatusCode::OK, shown.done.is_some(), None)
}

fn render(
    staff: &Staff<Anyone>,
    status: StatusCode,
    done: bool,
    wrong: Option<(String, String)>,
) -> Result<HttpResponse, Error> {
    let (frame, desk) = staff.surroundings(Section::Own);
    let login = staff.person.login.clone();
    page(status, &PasswordPage { frame, desk, login, done, wrong })
}

/// The password of before, and the new one.
#[derive(Debug, Deserialize)]
struct PasswordForm {
    before: Secret<String>,
    password: Secret<String>,
}

async fn change(
    act: Act<Anyone, PasswordForm>,
    gate: Data<Arc<StaffGate>>,
    request: HttpRequest,
) -> Result<HttpResponse, Error> {
    let Act { staff, form: PasswordForm { before, password }, .. } = act;
    let person = staff.person.clone();
    match gate.change_password(&staff.origin, person, before, password, browser_of(&request)).await
    {
        Ok(signed_in) => let_in(&signed_in, "/admin/password?done=1"),
        Err(Error::Refused(refusal)) => {
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::CONFLICT);
            let mut response = render(&staff, status, false, Some(said(&staff, &refusal)))?;
            response.extensions_mut().insert(*refusal);
            Ok(response)
        }
        Err(error) => Err(error),
    }
}

/// What is wrong, and the field at fault: the password of before, or the new one.
fn said(staff: &Staff<Anyone>, refusal: &Refusal) -> (String, String) {
    let (frame, _) = staff.surroundings(Section::Own);
    let field = refusal.errors.first().map_or("before", |error| error.field.as_str());
    (field.to_owned(), frame.refused(refusal))
}

impl PasswordPage {
    fn shortest(&self) -> usize {
        PASSWORD_MIN
    }

    /// What is wrong with a field.
    fn wrong(&self, field: &str) -> Option<&str> {
        let (at, told) = self.wrong.as_ref()?;
        (at == field).then_some(told.as_str())
    }
}
