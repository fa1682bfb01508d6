//! Every page by the rules of axe-core, in both themes, wide and narrow. The rules are looked for
//! where `npm install --prefix target/tools axe-core` puts them.

use std::path::Path;

use docket::identity::Role;
use serde_json::{Value, json};

use crate::desk::{comes_to_the_desk, placed};
use crate::driver::Browser;
use crate::in_a_browser;
use crate::support::{TestApp, card};

fn rules() -> Option<String> {
    let file = Path::new("target/tools/node_modules/axe-core/axe.min.js");
    let rules = std::fs::read_to_string(file).ok();
    if rules.is_none() {
        let required = std::env::var_os("DOCKET_TEST_TOOLS_REQUIRED").is_some();
        assert!(!required, "{} is missing", file.display());
        eprintln!("left out: {} is missing", file.display());
    }
    rules
}

/// What axe-core finds wrong with the page that is shown.
async fn violations(browser: &Browser, rules: &str) -> Vec<String> {
    browser.run(rules).await;
    let script = "const done = arguments[arguments.length - 1]; axe.run().then(done, done);";
    let found = browser.driver.execute_async(script, Vec::new()).await.unwrap();
    let found = found.json()["violations"].as_array().cloned().unwrap_or_default();
    let told = |one: &Value| format!("{}: {}", one["id"], one["nodes"][0]["target"]);
    found.iter().map(told).collect()
}

/// Whether something reaches beyond the side of the window.
async fn overflows(browser: &Browser) -> bool {
    browser.run("return document.documentElement.scrollWidth > innerWidth").await == json!(true)
}

async fn look_at(browser: &Browser, rules: &str, paths: &[String]) {
    let mut faults = Vec::new();
    for (theme, width) in [("light", 1280), ("dark", 1280), ("light", 390), ("dark", 390)] {
        browser.themed(theme).await;
        browser.sized(width, 900).await;
        for path in paths {
            browser.go(path).await;
            let found = violations(browser, rules).await;
            faults.extend(found.iter().map(|found| format!("{path}, {theme}, {width}: {found}")));
            if overflows(browser).await {
                faults.push(format!("{path}, {theme}, {width}: wider than the window"));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

in_a_browser! {
    async fn the_shop_is_accessible_to_everybody(_app: &TestApp, browser: &Browser) {
        let Some(rules) = rules() else { return };
        let empty = ["/", "/?q=nothing", "/products/tea", "/products/mug", "/cart", "/nothing"];
        let empty: Vec<String> = empty.map(str::to_owned).into();
        look_at(browser, &rules, &empty).await;
        browser.go("/products/coffee").await;
        browser.click("main form button").await;
        browser.find(".cart-link .badge").await;
        look_at(browser, &rules, &["/cart".to_owned(), "/checkout".to_owned()]).await;
        browser.fill("#email", "buyer@example.com").await;
        browser.fill("#name", "A Buyer").await;
        browser.click("input[value='tok_visa']").await;
        browser.click("button.wide").await;
        browser.at("/orders/").await;
        let order = browser.path().await;
        look_at(browser, &rules, &[order, "/cart".to_owned()]).await;
    }

    async fn the_desk_is_accessible_to_everybody(app: &TestApp, browser: &Browser) {
        let Some(rules) = rules() else { return };
        look_at(browser, &rules, &["/admin/sign-in".to_owned()]).await;
        let order = placed(app, card("tok_visa")).await;
        comes_to_the_desk(app, browser, Role::Owner).await;
        let entry = app.owner().get("/v1/audit").await.expect(200)["data"][0]["id"].clone();
        let mut paths: Vec<String> = [
            "orders", "products", "product", "product/tea", "products/import", "stock?at_most=50",
            "stock/tea", "payments", "audit", "keys", "staff",
        ]
        .map(|page| format!("/admin/{page}"))
        .into();
        paths.push(format!("/admin/orders/{order}"));
        paths.push(format!("/admin/audit/{}", entry.as_str().unwrap()));
        look_at(browser, &rules, &paths).await;
    }

    async fn the_window_is_accessible_to_everybody(app: &TestApp, browser: &Browser) {
        let Some(rules) = rules() else { return };
        let order = placed(app, card("tok_visa")).await;
        comes_to_the_desk(app, browser, Role::Owner).await;
        let mut paths: Vec<String> = ["", "/latency", "/logs", "/modules", "/health"]
            .map(|page| format!("/admin/telemetry{page}"))
            .into();
        paths.push(format!("/admin/telemetry/{order}"));
        look_at(browser, &rules, &paths).await;
    }

    async fn a_planted_fault_is_found(_app: &TestApp, browser: &Browser) {
        let Some(rules) = rules() else { return };
        browser.go("/").await;
        browser.run("document.querySelector('label[for=q]').remove()").await;
        browser.run("document.getElementById('q').removeAttribute('placeholder')").await;
        assert!(violations(browser, &rules).await.iter().any(|found| found.contains("label")));
        let wide = "document.querySelector('main').innerHTML = '<p>' + 'wide'.repeat(999) + '</p>'";
        browser.run(wide).await;
        assert!(overflows(browser).await);
    }
}
