//! Where the desk begins.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

use super::desk::{Desk, Section};
use super::staff::{Anyone, Staff};
use crate::error::Error;
use crate::web::frame::Frame;
use crate::web::page::page;

#[derive(Template)]
#[template(path = "admin/home.html")]
struct HomePage {
    frame: Frame,
    desk: Desk,
}

/// Shows what there is.
pub(super) async fn show(staff: Staff<Anyone>) -> Result<HttpResponse, Error> {
    let (frame, desk) = staff.surroundings(Section::Orders);
    page(StatusCode::OK, &HomePage { frame, desk })
}
