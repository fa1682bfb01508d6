//! A form that a page sent: bounded like every body, read whole.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest};
use serde::de::DeserializeOwned;

use super::command;
use super::problem::of_status;
use crate::error::{Error, Refusal};

/// The fields of a form (`application/x-www-form-urlencoded`).
#[derive(Debug)]
pub struct Form<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Form<T> {
    type Error = Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Error>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move { Ok(Self(parse_form(&read_form(&request, payload).await?)?)) })
    }
}

/// The bytes of a form: bounded like every body.
///
/// # Errors
/// 415 when it is not a form, 413 and 408 past the limits.
pub async fn read_form(request: &HttpRequest, payload: Payload) -> Result<Vec<u8>, Refusal> {
    require_form(request)?;
    command::read(request, payload).await
}

/// The fields of a form.
///
/// # Errors
/// 422 when they are not of this shape.
pub fn parse_form<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_urlencoded::from_bytes(body).map_err(|failure| {
        Refusal::new(422, "validation", format!("The form cannot be read: {failure}."))
    })
}

fn require_form(request: &HttpRequest) -> Result<(), Refusal> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let essence = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Ok(());
    }
    Err(of_status(415))
}

/// A page of another site must not act for who has this one open: browsers say where a request
/// comes from (Fetch Metadata's `Sec-Fetch-Site`, or `Origin`), and one that says nothing is
/// refused.
///
/// # Errors
/// 403 `cross_site`.
pub fn same_site(request: &HttpRequest) -> Result<(), Refusal> {
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let ours = match (header("sec-fetch-site"), header("origin")) {
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(origin)) => {
            let host = origin.split_once("://").map(|(_, host)| host);
            host.is_some() && host == header("host")
        }
        (None, None) => false,
    };
    if ours {
        return Ok(());
    }
    let detail = "This was not sent from a page of this shop; open the page itself and try again.";
    Err(Refusal::new(403, "cross_site", detail))
}
