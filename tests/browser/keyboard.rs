//! Every task at the desk by the keyboard alone: the tabulator, Enter, the space bar and what is
//! typed. Wherever the focus comes, it is seen.

use docket::identity::Role;
use serde_json::json;
use thirtyfour::prelude::*;

use crate::desk::{PASSWORD, comes_to_the_desk, placed, set_up_link};
use crate::driver::Browser;
use crate::in_a_browser;
use crate::support::{TestApp, card};

/// Presses what has the focus.
const ENTER: &str = "\u{e007}";
/// Checks a box.
const SPACE: &str = " ";

/// Goes to each element by the tabulator and types there.
async fn types(browser: &Browser, steps: &[(&str, &str)]) {
    for (selector, keys) in steps {
        browser.tab_to(selector).await;
        browser.press(*keys).await;
    }
}

/// A task: from the page where it begins, by what is typed where, until this is shown.
async fn task(browser: &Browser, page: &str, steps: &[(&str, &str)], shown: &str) {
    browser.go(page).await;
    types(browser, steps).await;
    browser.find(shown).await;
}

/// An order whose money is held: two teas and a coffee.
async fn held(app: &TestApp) -> String {
    placed(app, json!({ "method": "card", "token": "tok_visa", "capture": "manual" })).await
}

/// The steps of an action that is folded up at first.
fn unfolded<'s>(
    summary: &'s str,
    fields: &[(&'s str, &'s str)],
    button: &'s str,
) -> Vec<(&'s str, &'s str)> {
    let mut steps = vec![(summary, ENTER)];
    steps.extend(fields);
    steps.push((button, ENTER));
    steps
}

macro_rules! action {
    ($name:literal $(, $field:literal = $text:literal)*) => {
        unfolded(
            concat!("details:has(form[action$='/", $name, "']) > summary"),
            &[$((concat!("form[action$='/", $name, "'] input[name", $field, "]"), $text)),*],
            concat!("form[action$='/", $name, "'] button"),
        )
    };
}

in_a_browser! {
    async fn orders_are_worked_by_the_keyboard_alone(app: &TestApp, browser: &Browser) {
        let (one, other) = (held(app).await, held(app).await);
        let paid = placed(app, card("tok_visa")).await;
        let order = app.owner().get(&format!("/v1/orders/{one}")).await.expect(200);
        browser.go(&set_up_link(app, Role::Clerk).await).await;
        types(browser, &[("#password", PASSWORD), ("main button", ENTER)]).await;
        browser.find(".me").await;
        types(browser, &[("form[action='/admin/sign-out'] button", ENTER)]).await;
        browser.at("/admin/sign-in").await;
        let sign_in = [("#name", "clerk"), ("#password", PASSWORD), ("main button", ENTER)];
        task(browser, "/admin/sign-in", &sign_in, ".me").await;

        let number = order["number"].as_str().unwrap();
        let row = format!("tbody tr:only-child a[href='/admin/orders/{one}']");
        task(browser, "/admin/orders", &[("#q", number), (".filters button", ENTER)], &row).await;
        let link = format!("a[href='/admin/orders/{one}']");
        let rows = format!("tbody:not(:has(a[href='/admin/orders/{paid}'])) {link}");
        let filter = [("#payment_status", "Held"), (".filters button", ENTER)];
        task(browser, "/admin/orders", &filter, &rows).await;
        types(browser, &[(&link, ENTER)]).await;
        browser.at(&format!("/admin/orders/{one}")).await;

        let [one, other] = [one, other].map(|id| format!("/admin/orders/{id}"));
        for (order, steps) in [
            (&one, action!("capture")),
            (&one, action!("refund", "='amount'" = "1.00", "='reason'" = "a dent")),
            (&one, action!("fulfil", "^='units.'" = "1")),
            (&other, action!("void")),
            (&one, action!("cancel", "='reason'" = "changed their mind")),
        ] {
            task(browser, order, &steps, ".notice.good").await;
        }
        let ends = [(one, "status", "cancelled"), (other, "payment_status", "voided")];
        for (order, axis, state) in ends {
            let order = app.owner().get(&order.replace("/admin", "/v1")).await.expect(200);
            assert_eq!(order[axis], state);
        }
    }

    async fn goods_are_worked_by_the_keyboard_alone(app: &TestApp, browser: &Browser) {
        comes_to_the_desk(app, browser, Role::Clerk).await;
        let product = [("#name", "Green tea"), ("#price", "6.25"), ("main button", ENTER)];
        task(browser, "/admin/product/tea", &product, ".notice.good").await;
        let tea = app.owner().get("/v1/products/tea").await.expect(200);
        assert_eq!((&tea["name"], &tea["prices"][0]["amount"]), (&json!("Green tea"), &json!(625)));

        let shelf = app.data.path().join("shelf.csv");
        std::fs::write(&shelf, "sku,name,price_minor,currency\njam,Jam,399,USD\n").unwrap();
        browser.go("/admin/products/import").await;
        browser.tab_to("#file").await;
        // What the system's own window for files would do.
        let file = browser.driver.active_element().await.unwrap();
        file.send_keys(shelf.to_str().unwrap()).await.unwrap();
        types(browser, &[("main button", ENTER)]).await;
        browser.find("#progress .state.finished").await;

        let scarce = [("#at_most", "5"), ("form:has(#at_most) button", ENTER)];
        let few = "tbody:not(:has(a[href$='/tea'])) a[href='/admin/stock/coffee']";
        task(browser, "/admin/stock", &scarce, few).await;
        types(browser, &[("a[href='/admin/stock/coffee']", ENTER)]).await;
        browser.find("#delta").await;
        let steps = [("#delta", "7"), ("#reason", "delivery"), ("form:has(#delta) button", ENTER)];
        types(browser, &steps).await;
        browser.reads("main", "+7").await;
        assert_eq!(app.stock("coffee").await, (10, 0));
    }

    async fn keys_and_people_are_worked_by_the_keyboard_alone(app: &TestApp, browser: &Browser) {
        comes_to_the_desk(app, browser, Role::Owner).await;
        let scope = "input[value='orders:read']";
        let key = [("#name", "till"), (scope, SPACE), ("main section button", ENTER)];
        task(browser, "/admin/keys", &key, ".secret").await;
        // What cannot be undone asks a second time.
        browser.go("/admin/keys").await;
        assert!(!browser.is_seen("form[action$='/revoke'] button").await);
        let revoke = unfolded(
            "tbody tr:first-child details > summary",
            &[],
            "tbody tr:first-child form[action$='/revoke'] button",
        );
        task(browser, "/admin/keys", &revoke, "tbody tr:has(th):not(:has(form))").await;

        let add = ("main section button", ENTER);
        let person = [("#login", "ada"), ("#name", "Ada"), ("#role", "Aud"), add];
        task(browser, "/admin/staff", &person, ".secret").await;
        assert!(!browser.is_seen("form[action$='/disable'] button").await);
        let disable = unfolded(
            "tbody tr:has([id]):first-child details > summary",
            &[],
            "tbody tr:first-child form[action$='/disable'] button",
        );
        task(browser, "/admin/staff", &disable, "form[action$='/enable']").await;
    }

    async fn the_window_is_worked_by_the_keyboard_alone(app: &TestApp, browser: &Browser) {
        let order = placed(app, card("tok_visa")).await;
        comes_to_the_desk(app, browser, Role::Owner).await;
        let entries = [("#subject", &*format!("order:{order}")), ("#actor", ENTER)];
        task(browser, "/admin/audit", &entries, "tbody a[href^='/admin/audit/0']").await;
        types(browser, &[("tbody a[href^='/admin/audit/0']", ENTER)]).await;
        browser.find("#proof").await;
        while browser.count("#proof .good").await == 0 {
            types(browser, &[("#proof a", ENTER)]).await;
            browser.find("#proof").await;
        }

        browser.downloads_to(app.data.path()).await;
        let find = [("#any-id", &*order), (".find button", ENTER)];
        task(browser, "/admin/telemetry", &find, "ol.spans").await;
        types(browser, &[("ol.spans summary", ENTER)]).await;
        browser.find("ol.spans details[open]").await;
        types(browser, &[("a[download][href$='.json']", ENTER)]).await;
        let downloaded = || {
            let files = std::fs::read_dir(app.data.path()).unwrap();
            let mut names = files.map(|file| file.unwrap().file_name());
            names.any(|name| name.to_string_lossy().starts_with("trace-"))
        };
        for _ in 0..200 {
            if downloaded() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(25)).await;
        }
        assert!(downloaded(), "no file of the trace");

        let filter = [("#level", "info"), ("#text", "no such line"), (".filters button", ENTER)];
        task(browser, "/admin/telemetry/logs", &filter, "[data-none]").await;
        types(browser, &[("[data-pause]", ENTER)]).await;
        browser.find("[data-pause][aria-pressed='true']").await;

        let wanted = "info,docket::no_such=debug";
        let level = [("#filter", wanted), ("form:has(#filter) button", ENTER)];
        task(browser, "/admin/telemetry/health", &level, ".chip.careful").await;
        types(browser, &[("form:has([name='reset']) button", ENTER)]).await;
        browser.find("main:not(:has(.chip.careful)) #filter").await;
    }
}
