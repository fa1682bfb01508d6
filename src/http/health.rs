//! The ops listener: liveness, readiness, version, metrics.

use std::sync::Arc;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use async_trait::async_trait;
use serde_json::{Map, json};

use super::traffic::Traffic;
use crate::error::Error;
use crate::telemetry;
use crate::telemetry::metrics::{self, Format};

/// Really checks what the server needs to work; `app` implements it.
#[async_trait]
pub trait Readiness: Send + Sync {
    /// Each part by name, with what is wrong with it, if anything.
    async fn check(&self) -> Vec<(&'static str, Result<(), String>)>;
}

/// The routes of the ops listener.
pub fn ops_routes(config: &mut web::ServiceConfig) {
    config
        .route("/livez", web::get().to(live))
        .route("/readyz", web::get().to(ready))
        .route("/version", web::get().to(version))
        .route("/metrics", web::get().to(expose));
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "alive" }))
}

async fn ready(
    readiness: web::Data<Arc<dyn Readiness>>,
    traffic: web::Data<Traffic>,
) -> HttpResponse {
    let mut checks = readiness.check().await;
    if traffic.is_stopping() {
        checks.push(("stopping", Err("the server is stopping".into())));
    }
    let ready = checks.iter().all(|(_, check)| check.is_ok());
    let parts: Map<_, _> = checks
        .into_iter()
        .map(|(name, check)| (name.to_owned(), check.err().unwrap_or_else(|| "ok".into()).into()))
        .collect();
    let mut response = if ready { HttpResponse::Ok() } else { HttpResponse::ServiceUnavailable() };
    // For whoever looks: telemetry that gets lost is no reason to turn customers away.
    let mut sinks = Map::new();
    for sink in telemetry::sinks() {
        let told = sinks.entry(sink.name).or_insert_with(|| "ok".into());
        // Of several collectors of one kind, the one in trouble is told.
        if let Some(trouble) = sink.trouble {
            *told = trouble.into();
        }
    }
    let status = if ready { "ready" } else { "not ready" };
    response.json(json!({ "status": status, "checks": parts, "sinks": sinks }))
}

async fn version() -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "name": env!("CARGO_PKG_NAME"),
        "version": env!("CARGO_PKG_VERSION"),
    }))
}

async fn expose(request: HttpRequest) -> Result<HttpResponse, Error> {
    let accept = request.headers().get_all(header::ACCEPT);
    let accept: Vec<&str> = accept.filter_map(|value| value.to_str().ok()).collect();
    let format = Format::accepted(&accept.join(","));
    Ok(HttpResponse::Ok()
        .content_type(format.content_type())
        .insert_header((header::VARY, "Accept"))
        .body(metrics::render(format)?))
}
