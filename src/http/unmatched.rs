//! Requests that no handler takes: an unknown address is 404, a wrong method 405 with `Allow`.

use std::collections::BTreeSet;
use std::str::FromStr;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use utoipa::openapi::OpenApi;

use super::problem::of_status;
use crate::error::Refusal;

/// The addresses of the API with their methods, from its description.
#[derive(Debug, Clone, Default)]
pub struct RouteTable(Vec<(Vec<Option<String>>, BTreeSet<&'static str>)>);

impl RouteTable {
    /// Reads the table from the API's description.
    #[must_use]
    pub fn of(api: &OpenApi) -> Self {
        let routes = api.paths.paths.iter().map(|(pattern, item)| {
            let methods = [
                ("GET", item.get.is_some()),
                ("PUT", item.put.is_some()),
                ("POST", item.post.is_some()),
                ("DELETE", item.delete.is_some()),
            ];
            let known = methods.into_iter().filter(|(_, there)| *there).map(|(method, _)| method);
            (segments(pattern), known.collect())
        });
        Self(routes.collect())
    }

    fn methods(&self, path: &str) -> BTreeSet<&'static str> {
        let path: Vec<&str> = path.split('/').collect();
        let matches = |pattern: &[Option<String>]| {
            pattern.len() == path.len()
                && pattern.iter().zip(&path).all(|(expected, found)| {
                    expected.as_deref().map_or(!found.is_empty(), |text| text == *found)
                })
        };
        let found = self.0.iter().filter(|(pattern, _)| matches(pattern));
        found.flat_map(|(_, methods)| methods.iter().copied()).collect()
    }
}

/// `None` stands for a parameter.
fn segments(pattern: &str) -> Vec<Option<String>> {
    let fixed = |segment: &str| (!segment.starts_with('{')).then(|| segment.to_owned());
    pattern.split('/').map(fixed).collect()
}

/// The default service.
pub async fn refuse_unmatched(request: HttpRequest, table: web::Data<RouteTable>) -> HttpResponse {
    let methods = table.methods(request.path());
    let refusal = of_status(if methods.is_empty() { 404 } else { 405 });
    let status = if methods.is_empty() {
        actix_web::http::StatusCode::NOT_FOUND
    } else {
        actix_web::http::StatusCode::METHOD_NOT_ALLOWED
    };
    let mut response = HttpResponse::build(status);
    if !methods.is_empty() {
        let allow: Vec<_> = methods.into_iter().collect();
        response.insert_header((header::ALLOW, allow.join(", ")));
    }
    let mut response = response.finish();
    response.extensions_mut().insert(refusal);
    response
}

/// Reads an identifier from the address; a malformed one names nothing.
///
/// # Errors
/// 404.
pub fn id_or_not_found<Id: FromStr>(what: &str, text: &str) -> Result<Id, Refusal> {
    text.parse().map_err(|_| Refusal::not_found(what))
}
