//! The stylesheet, the scripts and the icon: in the binary, each at an address that changes with
//! its content, so that a browser keeps it for good.

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::web::{Path, ServiceConfig, get};
use actix_web::{HttpResponse, web};
use sha2::{Digest, Sha256};

use crate::error::{Error, Refusal};

struct Asset {
    name: &'static str,
    kind: &'static str,
    bytes: &'static [u8],
}

macro_rules! asset {
    ($name:literal, $kind:literal) => {
        Asset {
            name: $name,
            kind: $kind,
            bytes: include_bytes!(concat!("../../templates/assets/", $name)),
        }
    };
}

const ASSETS: &[Asset] = &[
    asset!("docket.css", "text/css; charset=utf-8"),
    asset!("shop.js", "text/javascript; charset=utf-8"),
    asset!("window.css", "text/css; charset=utf-8"),
    asset!("window.js", "text/javascript; charset=utf-8"),
    asset!("desk.css", "text/css; charset=utf-8"),
    asset!("desk.js", "text/javascript; charset=utf-8"),
    asset!("icon.svg", "image/svg+xml"),
];

/// Of everything, so that pages and assets of one binary belong together.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut digest = Sha256::new();
    ASSETS.iter().for_each(|asset| digest.update(asset.bytes));
    hex::encode(&digest.finalize()[..6])
});

/// The address of an asset.
pub(super) fn address(name: &str) -> String {
    format!("/assets/{}/{name}", *VERSION)
}

/// An asset that is text, for what must be whole without this server.
pub(super) fn text(name: &str) -> &'static str {
    let found = ASSETS.iter().find(|asset| asset.name == name);
    found.and_then(|asset| std::str::from_utf8(asset.bytes).ok()).unwrap_or_default()
}

/// Registers the assets.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.route("/assets/{version}/{name}", get().to(asset));
}

/// One of another version is answered as well: a page that was loaded before an upgrade asks for
/// it, and must not keep what it gets.
async fn asset(path: Path<(String, String)>) -> Result<HttpResponse, Error> {
    let (version, name) = path.into_inner();
    let found = ASSETS.iter().find(|asset| asset.name == name);
    let asset = found.ok_or_else(|| Refusal::not_found("file"))?;
    let kept = if version == *VERSION { "public, max-age=31536000, immutable" } else { "no-store" };
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, asset.kind))
        .insert_header((header::CACHE_CONTROL, kept))
        .body(web::Bytes::from_static(asset.bytes)))
}
