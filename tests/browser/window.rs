//! The ways through the window: from a latency to the line of the log that tells of it, to the
//! order, and back.

use docket::identity::Role;
use serde_json::{Value, json};

use crate::desk::comes_to_the_desk;
use crate::driver::Browser;
use crate::in_a_browser;
use crate::support::{TestApp, card, line, order_of};

/// An order that came to nothing: of ordinary ones a share is kept, of those each. The order and
/// its trace.
async fn declined(app: &TestApp) -> (String, String) {
    let body = order_of(json!([line("tea", 2)]), card("tok_chargeDeclined"));
    let declined = app.owner().post("/v1/orders", &body).await.refused(402, "payment_declined");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&declined["order_id"]), text(&declined["trace_id"]))
}

/// Loads a page until it has this: traces end and lines are written after the answer.
async fn until(browser: &Browser, path: &str, selector: &str) {
    for _ in 0..100 {
        browser.go(path).await;
        if browser.count(selector).await > 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("{path} never had {selector}: {}", browser.text("main").await);
}

/// Whether this is to be seen without scrolling.
async fn in_sight(browser: &Browser, selector: &str) -> bool {
    let script = "const at = document.querySelector(arguments[0]).getBoundingClientRect();\
                  return at.height > 0 && at.top >= 0 && at.top < innerHeight";
    let found = browser.driver.execute(script, vec![json!(selector)]).await.unwrap();
    found.json() == &json!(true)
}

in_a_browser! {
    async fn from_a_dot_over_a_line_to_the_order_is_two_clicks(app: &TestApp, browser: &Browser) {
        let (id, trace) = declined(app).await;
        comes_to_the_desk(app, browser, Role::Clerk).await;
        let to_order = format!("#lines .log-line a[href='/admin/orders/{id}']");
        until(browser, &format!("/admin/telemetry/{trace}"), &to_order).await;
        let dot = format!("svg a[href*='{trace}'] circle.exemplar");
        until(browser, "/admin/telemetry/latency", &dot).await;
        // One: the waterfall, and below it what was logged meanwhile.
        browser.click(&dot).await;
        browser.at(&format!("/admin/telemetry/{trace}")).await;
        browser.find(&format!("#t-{trace} ol.spans .span")).await;
        // Two: from a line to the order that it tells of.
        browser.click(&to_order).await;
        browser.at(&format!("/admin/orders/{id}")).await;
    }

    async fn from_an_order_to_a_line_of_its_log_is_two_clicks(app: &TestApp, browser: &Browser) {
        let (id, trace) = declined(app).await;
        comes_to_the_desk(app, browser, Role::Clerk).await;
        let page = format!("/admin/telemetry/{trace}");
        until(browser, &page, ".span .chart a[href^='#line-']").await;
        browser.go(&format!("/admin/orders/{id}")).await;
        // One: from the order to its waterfall.
        browser.click("main header a[href^='/admin/telemetry/']").await;
        browser.at(&page).await;
        // Two: from the mark in a bar to its line.
        browser.click(".span .chart a[href^='#line-'] circle").await;
        assert!(in_sight(browser, "#lines .log-line:target").await);
        // And from the line back to the bar of its span.
        browser.click("#lines .log-line:target a.to-span").await;
        assert!(in_sight(browser, "ol.spans .span:target details[open]").await);
    }
}
