//! Running the shop in a browser: what clerks do, what auditors prove, and the ways through the
//! window.

use docket::identity::{self, Role};
use serde_json::{Value, json};
use thirtyfour::prelude::*;

use crate::driver::Browser;
use crate::in_a_browser;
use crate::support::{TestApp, card, line, order_of};

const PASSWORD: &str = "correct horse battery";

/// A new person sets a password by a link, and is at the desk.
pub async fn comes_to_the_desk(app: &TestApp, browser: &Browser, role: Role) {
    let name = role.as_str().to_owned();
    let invite = move |tx: &mut docket::db::WriteTx<'_>| identity::invite(tx, &name, Some(role));
    let invited = app.at_command_line(invite).await;
    browser.go(&format!("/admin/set-up/{}", invited.token.expose())).await;
    browser.fill("#password", PASSWORD).await;
    browser.click("main button").await;
    browser.at("/admin/orders").await;
}

/// An order over two teas, paid as said.
pub async fn placed(app: &TestApp, payment: Value) -> String {
    let body = order_of(json!([line("tea", 2), line("coffee", 1)]), payment);
    let order = app.owner().post("/v1/orders", &body).await.expect(201);
    order["id"].as_str().unwrap().to_owned()
}

/// Opens an action of an order's page, fills it in and sends it.
async fn does(browser: &Browser, action: &str, fields: &[(&str, &str)]) {
    let form = format!("form[action$='/{action}']");
    let summary = format!("details:has({form}) > summary");
    browser.click(&summary).await;
    for (name, text) in fields {
        browser.fill(&format!("{form} input[name='{name}']"), text).await;
    }
    browser.click(&format!("{form} button")).await;
    browser.find(".notice.good").await;
}

in_a_browser! {
    async fn a_clerk_captures_refunds_a_part_and_fulfils_a_part(app: &TestApp, browser: &Browser) {
        comes_to_the_desk(app, browser, Role::Clerk).await;
        let held = json!({ "method": "card", "token": "tok_visa", "capture": "manual" });
        let id = placed(app, held).await;
        browser.go("/admin/orders").await;
        browser.click(&format!("a[href='/admin/orders/{id}']")).await;
        browser.at("/admin/orders/").await;
        does(browser, "capture", &[]).await;
        does(browser, "refund", &[("amount", "5.49"), ("reason", "a dented tin")]).await;
        browser.click("details:has(form[action$='/fulfil']) > summary").await;
        let units = By::Css("form[action$='/fulfil'] input[type='number']");
        let units = browser.driver.find_all(units).await.unwrap();
        for (field, wanted) in units.iter().zip(["1", "0"]) {
            field.clear().await.unwrap();
            field.send_keys(wanted).await.unwrap();
        }
        browser.fill("#tracking", "P-77").await;
        browser.click("form[action$='/fulfil'] button").await;
        browser.reads("#parcels", "P-77").await;
        let order = app.owner().get(&format!("/v1/orders/{id}")).await.expect(200);
        assert_eq!(order["payment_status"], "partially_refunded");
        assert_eq!(order["payments"][0]["amount_refunded"], 549);
        assert_eq!(order["fulfilment_status"], "partially_fulfilled");
    }

    async fn an_auditor_proves_an_entry(app: &TestApp, browser: &Browser) {
        placed(app, card("tok_visa")).await;
        comes_to_the_desk(app, browser, Role::Auditor).await;
        browser.click("a[href='/admin/audit']").await;
        browser.at("/admin/audit").await;
        let entry = browser.driver.find(By::LinkText("order.placed")).await.unwrap();
        entry.click().await.unwrap();
        browser.at("/admin/audit/").await;
        for _ in 0..50 {
            if browser.text("#proof").await.contains("Proved:") {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            browser.go(&browser.path().await).await;
        }
        browser.reads("#proof", "Proved: this entry is as it was when it was sealed").await;
    }

    async fn from_a_dot_to_the_order_and_back_it_is_two_clicks(app: &TestApp, browser: &Browser) {
        // Of ordinary orders a share is kept; one that came to nothing always is.
        let body = order_of(json!([line("tea", 2)]), card("tok_chargeDeclined"));
        let declined = app.owner().post("/v1/orders", &body).await.refused(402, "payment_declined");
        let id = declined["order_id"].as_str().unwrap();
        let trace = declined["trace_id"].as_str().unwrap();
        comes_to_the_desk(app, browser, Role::Clerk).await;
        let dot = format!("svg a[href*='{trace}'] circle.exemplar");
        for _ in 0..100 {
            browser.go("/admin/telemetry/latency").await;
            if browser.count(&dot).await > 0 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        // From the dot to the waterfall.
        browser.click(&dot).await;
        browser.find("ol.spans").await;
        // To the order, and from it back to the waterfall.
        browser.click(&format!(".order-card a[href='/admin/orders/{id}']")).await;
        browser.at(&format!("/admin/orders/{id}")).await;
        browser.click("header a[href^='/admin/telemetry/']").await;
        browser.find("ol.spans").await;
    }

    async fn the_desk_is_worked_by_the_keyboard_alone(app: &TestApp, browser: &Browser) {
        let held = json!({ "method": "card", "token": "tok_visa", "capture": "manual" });
        let id = placed(app, held).await;
        comes_to_the_desk(app, browser, Role::Clerk).await;
        browser.tab_to(&format!("a[href='/admin/orders/{id}']")).await;
        browser.press(Key::Enter + "").await;
        browser.at(&format!("/admin/orders/{id}")).await;
        browser.tab_to("details:has(form[action$='/capture']) > summary").await;
        browser.press(Key::Enter + "").await;
        browser.tab_to("form[action$='/capture'] button").await;
        browser.press(Key::Enter + "").await;
        browser.find(".notice.good").await;
        browser.go("/admin/stock/tea").await;
        browser.tab_to("#delta").await;
        browser.press("7").await;
        browser.tab_to("#reason").await;
        browser.press("delivery").await;
        browser.press(Key::Enter + "").await;
        browser.reads("main", "+7").await;
    }
}
