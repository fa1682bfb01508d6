//! The desk: the pages that the shop is run from.
//!
//! A handler takes [`Staff`] to show something and [`Act`] to change something; what type of roles
//! it names is who may. Invariants: nothing here is answered to who is not signed in but the
//! sign-in and the set-up by a link; nothing is changed without the session's own form token.

mod audit;
mod desk;
mod goods;
mod keys;
mod names;
mod once;
mod orders;
mod password;
mod payments;
mod people;
mod set_up;
mod sign_in;
mod staff;
mod start;

use actix_web::web::{ServiceConfig, get, post, resource};

pub use audit::SealKeys;

use crate::kernel::Token;

pub(super) use desk::{Desk, Section};
pub(super) use staff::{Act, Anyone, Changers, Roles, Staff};

/// Registers the pages of the desk, under `/admin`.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .route("", get().to(start::show))
        .service(
            resource("/sign-in").route(get().to(sign_in::show)).route(post().to(sign_in::submit)),
        )
        .route("/sign-out", post().to(sign_in::sign_out))
        .service(
            resource("/set-up/{token}")
                .route(get().to(set_up::show))
                .route(post().to(set_up::submit)),
        )
        .configure(password::routes)
        .configure(orders::routes)
        .configure(goods::routes)
        .configure(payments::routes)
        .configure(audit::routes)
        .configure(keys::routes)
        .configure(people::routes);
}

/// Whether this is an address of the desk.
pub(super) fn is_desk(path: &str) -> bool {
    path.strip_prefix("/admin").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Where a person sets a password.
pub(super) fn set_up_path(token: &Token) -> String {
    format!("/admin/set-up/{}", token.expose())
}
