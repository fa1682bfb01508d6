//! A real server on a free port with a database of its own, and clients that use its API only.

mod app;
mod client;
mod desk;
mod held;
#[path = "../../support/postgres.rs"]
mod postgres;
mod raw;
mod visitor;

pub use app::{KEY, TestApp};
pub use client::{Answer, Client, card, fresh_key, line, order_of};
pub use desk::PASSWORD;
pub use raw::{Wire, exchange};
pub use visitor::{Visitor, between};

/// Runs a scenario on SQLite and, when there is a server, on PostgreSQL. Afterwards the server is
/// stopped and every invariant must hold. `with [("DOCKET_…", "…")];` in front sets settings.
macro_rules! both {
    (
        with $settings:tt;
        $($(#[$attribute:meta])* async fn $name:ident($app:ident: &TestApp) $body:block)+
    ) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;

            async fn scenario($app: &TestApp) $body

            $(#[$attribute])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                let app = TestApp::on_sqlite_with(&$settings).await;
                scenario(&app).await;
                app.end().await;
            }

            $(#[$attribute])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                if let Some(app) = TestApp::on_postgres_with(&$settings).await {
                    scenario(&app).await;
                    app.end().await;
                }
            }
        }
    )+};
    ($($scenarios:tt)+) => { $crate::support::both! { with []; $($scenarios)+ } };
}
pub(crate) use both;
