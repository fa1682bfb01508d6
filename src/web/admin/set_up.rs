//! Setting a password by a link that works once.

use std::sync::Arc;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::staff::{browser_of, let_in};
use crate::error::Error;
use crate::http::Form;
use crate::identity::{PASSWORD_MIN, Person, StaffGate, StaffRefusal};
use crate::kernel::{Secret, Token};
use crate::web::frame::Frame;
use crate::web::page::page;
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "admin/set_up.html")]
struct SetUpPage {
    frame: Frame,
    person: Person,
    /// What is wrong with the password.
    wrong: Option<String>,
}

fn token(path: &Path<String>) -> Result<Token, Error> {
    Token::read(path).ok_or_else(|| StaffRefusal::LinkOver.into())
}

/// Shows the form to who has the link.
pub(super) async fn show(
    visitor: Visitor,
    path: Path<String>,
    gate: Data<Arc<StaffGate>>,
) -> Result<HttpResponse, Error> {
    let person = gate.link(&token(&path)?).await?.person;
    page(StatusCode::OK, &SetUpPage { frame: visitor.frame(0), person, wrong: None })
}

/// A new password.
#[derive(Debug, Deserialize)]
pub(super) struct SetUpForm {
    password: Secret<String>,
}

/// Sets the password, and lets the person in.
pub(super) async fn submit(
    visitor: Visitor,
    path: Path<String>,
    request: HttpRequest,
    gate: Data<Arc<StaffGate>>,
    form: Form<SetUpForm>,
) -> Result<HttpResponse, Error> {
    let (token, Form(form)) = (token(&path)?, form);
    match gate.set_password(&visitor.origin, &token, form.password, browser_of(&request)).await {
        Ok(signed_in) => let_in(&signed_in, "/admin"),
        Err(Error::Refused(refusal)) if refusal.status == 422 => {
            let person = gate.link(&token).await?.person;
            let frame = visitor.frame(0);
            let wrong = Some(frame.refused(&refusal));
            let shown = SetUpPage { frame, person, wrong };
            page(StatusCode::UNPROCESSABLE_ENTITY, &shown)
        }
        Err(error) => Err(error),
    }
}

impl SetUpPage {
    fn shortest(&self) -> usize {
        PASSWORD_MIN
    }
}
