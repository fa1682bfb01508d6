//! Which log lines are written, over the ops listener.

use std::sync::Arc;

use actix_web::middleware::from_fn;
use actix_web::{HttpResponse, web};
use tracing_actix_web::TracingLogger;

use crate::error::{Error, Refusal};
use crate::http::scopes::Admin;
use crate::http::{self, Call, RootSpan};
use crate::insight::{LogFilter, WantedFilter};

/// The routes of the log filter, for the ops listener.
pub(super) fn routes(config: &mut web::ServiceConfig) {
    let resource = web::resource("/log-filter")
        .wrap(from_fn(http::answer))
        .wrap(TracingLogger::<RootSpan>::new())
        .wrap(from_fn(http::let_in));
    config.service(
        resource
            .route(web::get().to(read))
            .route(web::put().to(change))
            .route(web::delete().to(reset)),
    );
}

async fn read(_call: Call<Admin>, filter: web::Data<Arc<LogFilter>>) -> HttpResponse {
    HttpResponse::Ok().json(filter.in_force())
}

async fn change(
    call: Call<Admin>,
    body: web::Bytes,
    filter: web::Data<Arc<LogFilter>>,
) -> Result<HttpResponse, Error> {
    let wanted = parse(&body)?;
    Ok(HttpResponse::Ok().json(filter.change(&call.origin, wanted).await?))
}

fn parse(body: &[u8]) -> Result<WantedFilter, Refusal> {
    let shape = "must be like {\"filter\": \"info,docket::orders=debug\", \"for_s\": 600}";
    serde_json::from_slice(body)
        .map_err(|failure| Refusal::invalid("body", "invalid", format!("{shape}: {failure}")))
}

async fn reset(
    call: Call<Admin>,
    filter: web::Data<Arc<LogFilter>>,
) -> Result<HttpResponse, Error> {
    Ok(HttpResponse::Ok().json(filter.reset(&call.origin).await?))
}
