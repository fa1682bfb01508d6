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
    found(browser, "axe.run()").await
}

/// What this run of axe-core, whose rules are in the page already, finds.
async fn found(browser: &Browser, run: &str) -> Vec<String> {
    let script = format!("const done = arguments[arguments.length - 1]; {run}.then(done, done);");
    let found = browser.driver.execute_async(&script, Vec::new()).await.unwrap();
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
    for width in [1280, 390] {
        browser.sized(width, 900).await;
        for path in paths {
            browser.themed("light").await;
            browser.go(path).await;
            let mut all = violations(browser, rules).await;
            // Of another theme only the colours are others.
            browser.themed("dark").await;
            all.extend(found(browser, "axe.run({ runOnly: ['color-contrast'] })").await);
            if overflows(browser).await {
                all.push("wider than the window".to_owned());
            }
            faults.extend(all.iter().map(|found| format!("{path}, {width}: {found}")));
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
            "stock/tea", "payments", "audit", "keys", "staff", "password",
        ]
        .map(|page| format!("/admin/{page}"))
        .into();
        paths.extend(["/admin".to_owned(), format!("/admin/orders/{order}")]);
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

    async fn everything_fits_a_phone_in_german(app: &TestApp, browser: &Browser) {
        let order = placed(app, card("tok_visa")).await;
        comes_to_the_desk(app, browser, Role::Owner).await;
        browser.speaks("de-DE").await;
        browser.sized(390, 900).await;
        let order = format!("orders/{order}");
        let desk = [
            "orders", &order, "products", "product/tea", "products/import", "stock?at_most=50",
            "stock/tea", "payments", "audit", "keys", "staff", "password", "telemetry",
            "telemetry/latency", "telemetry/logs", "telemetry/modules", "telemetry/health",
        ];
        let desk = desk.iter().map(|page| format!("/admin/{page}"));
        let shop = ["/", "/products/tea", "/products/mug", "/cart", "/admin"].map(str::to_owned);
        let mut faults = Vec::new();
        for path in desk.chain(shop) {
            browser.go(&path).await;
            browser.find("html[lang='de']").await;
            if overflows(browser).await {
                faults.push(path);
            }
        }
        assert!(faults.is_empty(), "wider than the window: {faults:#?}");
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
