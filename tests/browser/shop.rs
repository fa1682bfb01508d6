//! Ordering in a browser, with JavaScript and without, with the mouse and with the keyboard.

use thirtyfour::prelude::*;

use crate::driver::Browser;
use crate::in_a_browser;
use crate::support::TestApp;

/// Puts a product into the cart and goes to the checkout.
async fn to_the_checkout(browser: &Browser, sku: &str) {
    browser.go(&format!("/products/{sku}")).await;
    browser.click("main form button").await;
    browser.find(".cart-link .badge").await;
    browser.go("/cart").await;
    browser.click("a[href='/checkout']").await;
    browser.at("/checkout").await;
}

async fn fill_in(browser: &Browser, payment: &str) {
    browser.fill("#email", "buyer@example.com").await;
    browser.fill("#name", "A Buyer").await;
    browser.click(&format!("input[value='{payment}']")).await;
}

async fn confirmed(app: &TestApp) -> usize {
    let page = app.owner().get("/v1/orders?status=confirmed").await.expect(200);
    page["data"].as_array().unwrap().len()
}

in_a_browser! {
    async fn an_order_is_placed(app: &TestApp, browser: &Browser) {
        browser.go("/").await;
        browser.fill("#q", "coff").await;
        browser.reads("#results h1", "coff").await;
        assert_eq!(browser.count(".card").await, 1);
        browser.click(".card a").await;
        browser.at("/products/coffee").await;
        browser.reads("main", "Only 3 left").await;
        to_the_checkout(browser, "coffee").await;
        fill_in(browser, "tok_visa").await;
        browser.click("button.wide").await;
        browser.at("/orders/").await;
        browser.reads(".notice", "Your order is in").await;
        assert_eq!(confirmed(app).await, 1);
        browser.driver.back().await.unwrap();
        browser.driver.forward().await.unwrap();
        browser.at("/orders/").await;
        assert_eq!(confirmed(app).await, 1);
    }

    async fn an_order_is_placed_without_scripts(app: &TestApp, browser: &Browser) {
        browser.without_scripts().await;
        browser.go("/").await;
        browser.fill("#q", "tea").await;
        browser.click(".search button").await;
        browser.at("/?q=tea").await;
        browser.click(".card button").await;
        browser.at("/cart").await;
        browser.click("a[href='/checkout']").await;
        fill_in(browser, "manual").await;
        browser.click("button.wide").await;
        browser.at("/orders/").await;
        browser.reads("main", "Unpaid").await;
        assert_eq!(confirmed(app).await, 1);
    }

    async fn a_declined_card_is_followed_by_a_better_one(app: &TestApp, browser: &Browser) {
        to_the_checkout(browser, "tea").await;
        fill_in(browser, "tok_chargeDeclined").await;
        browser.click("button.wide").await;
        browser.reads(".notice", "declined").await;
        browser.click("input[value='tok_visa']").await;
        browser.click("button.wide").await;
        browser.at("/orders/").await;
        assert_eq!(confirmed(app).await, 1);
    }

    async fn a_price_and_a_stock_that_change_on_the_way_are_told(app: &TestApp, browser: &Browser) {
        to_the_checkout(browser, "tea").await;
        fill_in(browser, "tok_visa").await;
        app.product("tea", 600, 0).await;
        browser.click("button.wide").await;
        browser.reads(".notice", "Prices have changed").await;
        browser.reads(".summary", "$6.00").await;
        let body = serde_json::json!({ "delta": -20, "reason": "broken" });
        app.owner().post("/v1/inventory/tea/adjustments", &body).await.expect(201);
        browser.click("button.wide").await;
        browser.reads(".wrong", "out of stock").await;
        assert_eq!(confirmed(app).await, 0);
    }

    async fn two_tabs_finish_one_cart_once(app: &TestApp, browser: &Browser) {
        to_the_checkout(browser, "tea").await;
        fill_in(browser, "tok_visa").await;
        let first = browser.driver.window().await.unwrap();
        let second = browser.driver.new_tab().await.unwrap();
        browser.driver.switch_to_window(second).await.unwrap();
        browser.go("/checkout").await;
        fill_in(browser, "manual").await;
        browser.click("button.wide").await;
        browser.at("/orders/").await;
        let order = browser.path().await;
        browser.driver.switch_to_window(first).await.unwrap();
        browser.click("button.wide").await;
        browser.at("/orders/").await;
        assert_eq!(browser.path().await, order);
        assert_eq!(confirmed(app).await, 1);
    }

    async fn an_orders_page_follows_what_happens_to_it(app: &TestApp, browser: &Browser) {
        to_the_checkout(browser, "tea").await;
        fill_in(browser, "tok_timeout").await;
        browser.click("button.wide").await;
        browser.at("/orders/").await;
        browser.reads(".notice", "asking the bank").await;
        app.pass(std::time::Duration::from_secs(60));
        browser.reads(".notice", "Your order is in").await;
        let order = app.owner().get("/v1/orders").await.expect(200)["data"][0]["id"].clone();
        let path = format!("/v1/orders/{}/fulfilments", order.as_str().unwrap());
        app.owner().post(&path, &serde_json::json!({ "tracking": "P-1" })).await.expect(201);
        browser.reads("main", "Parcel P-1").await;
    }

    async fn an_order_is_placed_by_the_keyboard_alone(app: &TestApp, browser: &Browser) {
        browser.go("/").await;
        browser.press(Key::Tab + "").await;
        browser.press(Key::Enter + "").await;
        browser.tab_to(".card button").await;
        browser.press(Key::Enter + "").await;
        browser.find(".cart-link .badge").await;
        browser.go("/cart").await;
        browser.tab_to("a[href='/checkout']").await;
        browser.press(Key::Enter + "").await;
        browser.at("/checkout").await;
        browser.tab_to("#email").await;
        browser.press("buyer@example.com").await;
        browser.tab_to("#name").await;
        browser.press("A Buyer").await;
        browser.tab_to("input[name='payment']").await;
        browser.press(Key::Space + "").await;
        browser.tab_to("button.wide").await;
        browser.press(Key::Enter + "").await;
        browser.at("/orders/").await;
        assert_eq!(confirmed(app).await, 1);
    }
}
