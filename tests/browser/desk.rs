//! Running the shop in a browser: what clerks do and what auditors prove.

use docket::identity::{self, Role};
use serde_json::{Value, json};
use thirtyfour::prelude::*;

use crate::driver::Browser;
use crate::in_a_browser;
use crate::support::{TestApp, card, line, order_of};

pub const PASSWORD: &str = "correct horse battery";

/// Where a new person of this role, and of its name, sets a password.
pub async fn set_up_link(app: &TestApp, role: Role) -> String {
    let name = role.as_str().to_owned();
    let invite = move |tx: &mut docket::db::WriteTx<'_>| identity::invite(tx, &name, Some(role));
    let invited = app.at_command_line(invite).await;
    format!("/admin/set-up/{}", invited.token.expose())
}

/// A new person sets a password by a link, and is at the desk.
pub async fn comes_to_the_desk(app: &TestApp, browser: &Browser, role: Role) {
    browser.go(&set_up_link(app, role).await).await;
    browser.fill("#password", PASSWORD).await;
    browser.click("main button").await;
    browser.find(".me").await;
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
    assert!(!browser.path().await.contains('?'), "what was done is told once");
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
}
