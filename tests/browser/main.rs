//! The pages in a real browser: Chromium, driven as a person would use it. On a machine without
//! `chromium` and `chromedriver` these tests are left out, unless `DOCKET_TEST_TOOLS_REQUIRED` says
//! otherwise.
#![allow(
    dead_code,
    unused_imports,
    unused_macros,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, and helpers are shared with other tests"
)]

mod accessible;
mod driver;
#[path = "../server/support/mod.rs"]
mod support;

mod desk;
mod keyboard;
mod shop;
mod window;

use driver::Browser;
use support::TestApp;

/// A shop that writes its log, with a shelf to choose from, and a browser in front of it.
async fn shop() -> Option<(TestApp, Browser)> {
    let settings = [
        ("DOCKET_SHOP__NAME", "Corner shop"),
        ("DOCKET_LOGS__ENABLED", "true"),
        ("DOCKET_LOGS__FILTER", "info"),
    ];
    let app = TestApp::on_sqlite_with(&settings).await;
    app.product("tea", 549, 20).await;
    app.product("coffee", 1_499, 3).await;
    app.product("mug", 900, 0).await;
    match Browser::open(&format!("http://{}", app.address())).await {
        Some(browser) => Some((app, browser)),
        None => {
            app.end().await;
            None
        }
    }
}

/// Runs a scenario in front of a shop; afterwards nothing was wrong in the browser, and every
/// invariant of the shop holds.
macro_rules! in_a_browser {
    ($(async fn $name:ident($app:ident: &TestApp, $browser:ident: &Browser) $body:block)+) => {$(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            let Some((shop, window)) = $crate::shop().await else { return };
            {
                let ($app, $browser) = (&shop, &window);
                $body
            }
            window.close().await;
            shop.end().await;
        }
    )+};
}
pub(crate) use in_a_browser;
