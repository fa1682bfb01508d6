//! The API's own description (OpenAPI 3.1, made from the handlers) and the page to browse it.

use utoipa::ToSchema;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, OpenApi};
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

/// `/docs` and `/openapi.json`, with no asset from elsewhere.
pub fn docs_page(api: OpenApi) -> SwaggerUi {
    SwaggerUi::new("/docs/{_:.*}")
        .url("/openapi.json", api)
        .config(Config::default().validator_url("none"))
}
