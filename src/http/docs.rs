//! The API's own description (OpenAPI 3.1, made from the handlers) and the page to browse it.

use actix_web::http::StatusCode;
use utoipa::ToSchema;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    ComponentsBuilder, Content, InfoBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder,
};
use utoipa_swagger_ui::{Config, SwaggerUi};

/// A refusal (RFC 9457). `code` is stable; `errors` names the fields at fault.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the document that problem.rs writes")]
pub struct Problem {
    /// `urn:docket:problem:` and the code.
    r#type: String,
    title: String,
    status: u16,
    detail: String,
    code: String,
    request_id: Option<String>,
    trace_id: Option<String>,
    errors: Vec<ProblemError>,
}

/// One field at fault.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the document that problem.rs writes")]
pub struct ProblemError {
    /// Where: `lines[3].quantity`.
    field: String,
    code: String,
    detail: String,
}

/// Completes what the handlers say of themselves.
pub fn describe(api: &mut OpenApi) {
    api.info = InfoBuilder::new()
        .title("docket")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(
            "The order server in one binary. Amounts are integers in minor units. Every POST \
             carries an `Idempotency-Key`; every refusal is an RFC 9457 problem document.",
        ))
        .build();
    for item in api.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete];
        operations.into_iter().flatten().for_each(describe_answers);
    }
    let bearer = SecurityScheme::Http(
        HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("An API key; `docket keys create` makes one."))
            .build(),
    );
    let components = api.components.take().unwrap_or_else(|| ComponentsBuilder::new().build());
    let builder: ComponentsBuilder = components.into();
    api.components = Some(builder.security_scheme("api_key", bearer).build());
}

/// Adds what is refused before a handler gets to see the request. Every refusal is a problem
/// document, and every answer says what it is.
fn describe_answers(operation: &mut Operation) {
    let more: &[u16] = match operation.request_body {
        Some(_) => &[400, 408, 413, 415, 503],
        None => &[408, 503],
    };
    let answers = &mut operation.responses.responses;
    for status in more {
        answers.entry(status.to_string()).or_insert_with(|| RefOr::T(Response::new("")));
    }
    for (status, answer) in answers {
        let status = status.parse().ok().and_then(|status| StatusCode::from_u16(status).ok());
        if let (Some(status), RefOr::T(answer)) = (status, answer) {
            describe_answer(status, answer);
        }
    }
}

fn describe_answer(status: StatusCode, answer: &mut Response) {
    if answer.description.is_empty() {
        answer.description = status.canonical_reason().unwrap_or_default().to_owned();
    }
    if status.is_client_error() || status.is_server_error() {
        let problem = Content::new(Some(Ref::from_schema_name("Problem")));
        *answer = ResponseBuilder::new()
            .description(answer.description.clone())
            .content("application/problem+json", problem)
            .build();
    }
}

/// `/docs` and `/openapi.json`, with no asset from elsewhere.
pub fn docs_page(api: OpenApi) -> SwaggerUi {
    SwaggerUi::new("/docs/{_:.*}")
        .url("/openapi.json", api)
        .config(Config::default().validator_url("none"))
}
