//! Signing in and out.

use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::staff::{Act, Anyone, Pressed, browser_of, let_in, token_of, with_cookie};
use crate::error::{Error, Refusal};
use crate::http::{Form, parse_form};
use crate::identity::StaffGate;
use crate::kernel::Secret;
use crate::web::cookie;
use crate::web::frame::Frame;
use crate::web::page::{page, see_other};
use crate::web::visitor::Visitor;

#[derive(Template)]
#[template(path = "admin/sign_in.html")]
struct SignInPage {
    frame: Frame,
    name: String,
    next: String,
    /// Why the person was not let in.
    notice: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct Next {
    next: String,
}

/// Shows the form.
pub(super) async fn show(visitor: Visitor, request: HttpRequest) -> Result<HttpResponse, Error> {
    let asked: Next = parse_form(request.query_string().as_bytes()).unwrap_or_default();
    let next = local(&asked.next).to_owned();
    let shown = SignInPage { frame: visitor.frame(0), name: String::new(), next, notice: None };
    page(StatusCode::OK, &shown)
}

/// Who somebody says to be.
#[derive(Debug, Deserialize)]
pub(super) struct SignInForm {
    name: String,
    password: Secret<String>,
    #[serde(default)]
    next: String,
}

/// Lets a person in.
pub(super) async fn submit(
    visitor: Visitor,
    request: HttpRequest,
    gate: Data<Arc<StaffGate>>,
    form: Form<SignInForm>,
) -> Result<HttpResponse, Error> {
    let Form(SignInForm { name, password, next }) = form;
    let next = local(&next).to_owned();
    match gate.sign_in(&visitor.origin, &name, password, browser_of(&request)).await {
        Ok(signed_in) => let_in(&signed_in, &next),
        Err(Error::Refused(refusal)) if matches!(refusal.status, 401 | 429) => {
            again(&visitor, name, next, &refusal)
        }
        Err(error) => Err(error),
    }
}

fn again(
    visitor: &Visitor,
    name: String,
    next: String,
    refusal: &Refusal,
) -> Result<HttpResponse, Error> {
    let frame = visitor.frame(0);
    let notice = Some(frame.refused(refusal));
    let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::UNAUTHORIZED);
    let mut response = page(status, &SignInPage { frame, name, next, notice })?;
    if let Some(seconds) = refusal.retry_after_s {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response.extensions_mut().insert(refusal.clone());
    Ok(response)
}

/// Ends the session.
pub(super) async fn sign_out(
    act: Act<Anyone, Pressed>,
    request: HttpRequest,
    gate: Data<Arc<StaffGate>>,
) -> Result<HttpResponse, Error> {
    if let Some(token) = token_of(&request) {
        gate.sign_out(&token, &act.staff.origin).await?;
    }
    with_cookie(see_other("/admin/sign-in"), &cookie::forget(cookie::DESK))
}

/// Where a person goes after signing in: to a page of the desk, never elsewhere.
fn local(next: &str) -> &str {
    let plain = next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let path = next.split(['?', '#']).next().unwrap_or_default();
    if plain && super::is_desk(path) { next } else { "/admin" }
}

#[cfg(test)]
mod tests {
    use super::local;

    #[test]
    fn only_a_page_of_the_desk_comes_next() {
        for next in ["/admin", "/admin/orders?status=paid", "/admin/orders/1#notes"] {
            assert_eq!(local(next), next);
        }
        for next in [
            "",
            "//elsewhere.example/admin",
            "https://elsewhere.example/",
            "/administrator",
            "/admin\\..",
            "/admin/\r\nSet-Cookie: x=y",
            "/cart",
        ] {
            assert_eq!(local(next), "/admin", "{next}");
        }
    }
}
