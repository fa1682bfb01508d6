//! The catalogue: products, prices, search.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, TestApp, both};

const TEA: &str = "/v1/products/tea";

fn tea(price: i64) -> Value {
    json!({ "name": "Green Tea", "price": price, "currency": "USD", "brand": "Leaf & Co" })
}

async fn put_if(app: &TestApp, tag: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("if-match", tag)];
    app.owner().send(Method::PUT, TEA, &headers, Some(body.to_string().into_bytes())).await
}

/// The SKUs that a search finds, page by page.
async fn found(app: &TestApp, query: &str) -> Vec<String> {
    let (mut skus, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.owner().get(&format!("/v1/products?{query}{cursor}")).await.expect(200);
        let rows = page["data"].as_array().unwrap();
        skus.extend(rows.iter().map(|row| row["sku"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_cursor"].as_str() else { return skus };
        cursor = format!("&cursor={next}");
    }
}

both! {
    async fn a_product_is_created_and_replaced(app: &TestApp) {
        app.owner().get(TEA).await.refused(404, "not_found");
        let created = app.owner().put(TEA, &tea(500)).await;
        let product = created.expect(201);
        assert_eq!((created.header("location"), created.header("etag")), (TEA, "\"1\""));
        assert_eq!((&product["sku"], &product["price"], &product["version"]), (&json!("tea"), &json!(500), &json!(1)));
        assert_eq!(product["department"], Value::Null);
        let read = app.owner().get(TEA).await;
        assert_eq!(read.expect(200), product);
        assert_eq!(read.header("etag"), "\"1\"");

        let replaced = app.owner().put(TEA, &json!({ "name": "Tea", "price": 450, "currency": "USD" })).await;
        let product = replaced.expect(200);
        assert_eq!((replaced.header("location"), replaced.header("etag")), ("", "\"2\""));
        assert_eq!((&product["name"], &product["price"], &product["brand"]), (&json!("Tea"), &json!(450), &Value::Null));
        assert_eq!(product["created_at"], read.json()["created_at"]);
    }

    async fn the_same_again_changes_nothing(app: &TestApp) {
        app.owner().put(TEA, &tea(500)).await.expect(201);
        let again = app.owner().put(TEA, &tea(500)).await;
        assert_eq!((again.expect(200)["version"].clone(), again.header("etag")), (json!(1), "\"1\""));
        let path = "/v1/audit?subject=product:tea";
        app.eventually(path, |page| page["data"].as_array().unwrap().len() == 1).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let page = app.owner().get(path).await.expect(200);
        assert_eq!(page["data"].as_array().unwrap().len(), 1);
    }

    async fn a_change_is_made_only_to_the_version_that_was_read(app: &TestApp) {
        put_if(app, "\"1\"", &tea(500)).await.refused(412, "version_mismatch");
        app.owner().get(TEA).await.refused(404, "not_found");
        app.owner().put(TEA, &tea(500)).await.expect(201);
        put_if(app, "\"1\"", &tea(450)).await.expect(200);
        let refused = put_if(app, "\"1\"", &tea(400)).await.refused(412, "version_mismatch");
        assert_eq!(refused["current_version"], 2);
        put_if(app, "*", &tea(400)).await.expect(200);
        assert_eq!(app.owner().get(TEA).await.expect(200)["price"], 400);
    }

    async fn of_two_changes_at_once_one_is_told_of_the_other(app: &TestApp) {
        app.owner().put(TEA, &tea(500)).await.expect(201);
        let (low, high) = (tea(400), tea(600));
        let (one, other) = tokio::join!(put_if(app, "\"1\"", &low), put_if(app, "\"1\"", &high));
        let mut statuses = [one.status, other.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 412], "{one:?} {other:?}");
        assert_eq!(app.owner().get(TEA).await.expect(200)["version"], 2);
    }

    async fn a_product_has_one_price_in_each_currency(app: &TestApp) {
        app.owner().put(TEA, &tea(500)).await.expect(201);
        let mut euro = tea(450);
        euro["currency"] = json!("EUR");
        let product = app.owner().put(TEA, &euro).await.expect(200);
        assert_eq!((&product["price"], &product["currency"]), (&json!(450), &json!("EUR")));
        let prices = json!([{ "currency": "EUR", "amount": 450 }, { "currency": "USD", "amount": 500 }]);
        assert_eq!(product["prices"], prices);
        for (currency, price) in [("USD", json!(500)), ("EUR", json!(450)), ("GBP", Value::Null)] {
            let path = format!("{TEA}?currency={currency}");
            let read = app.owner().get(&path).await.expect(200);
            assert_eq!((&read["price"], &read["currency"]), (&price, &json!(currency)));
            let path = format!("/v1/products?currency={currency}");
            let listed = app.owner().get(&path).await.expect(200);
            assert_eq!(listed["data"][0]["price"], price);
        }
    }

    async fn products_are_found_by_every_word_in_any_case(app: &TestApp) {
        for (sku, name, brand, category) in [
            ("tea-1", "Green Tea", "Leaf", "Drinks"),
            ("tea-2", "Black TEA", "Other", "Drinks"),
            ("milk_1", "Whole Milk 3%", "Leaf", "Dairy"),
            ("jam", "Grüne Marmelade", "Other", "Spreads"),
        ] {
            let body = json!({ "name": name, "price": 1, "currency": "USD", "brand": brand, "category": category });
            app.owner().put(&format!("/v1/products/{sku}"), &body).await.expect(201);
        }
        for (query, expected) in [
            ("q=tea", &["tea-2", "tea-1"][..]),
            ("q=TEA+green", &["tea-1"]),
            ("q=leaf", &["milk_1", "tea-1"]),
            ("q=drinks+other", &["tea-2"]),
            ("q=MILK_1", &["milk_1"]),
            ("q=milk-1", &[]),
            ("q=%25", &["milk_1"]),
            ("q=3%25+whole", &["milk_1"]),
            ("q=_", &["milk_1"]),
            ("q=gr%C3%BCne", &["jam"]),
            ("q=GR%C3%9CNE", &["jam"]),
            ("q=%5C", &[]),
            ("q=coffee", &[]),
            ("q=", &["jam", "milk_1", "tea-2", "tea-1"]),
            ("q=+", &["jam", "milk_1", "tea-2", "tea-1"]),
            ("", &["jam", "milk_1", "tea-2", "tea-1"]),
        ] {
            assert_eq!(found(app, query).await, expected, "{query}");
            assert_eq!(found(app, &format!("{query}&limit=1")).await, expected, "{query} one by one");
        }
        let page = app.owner().get("/v1/products?q=tea&limit=1").await.expect(200);
        let cursor = page["next_cursor"].as_str().unwrap();
        let other = format!("/v1/products?q=leaf&cursor={cursor}");
        app.owner().get(&other).await.refused(400, "invalid_cursor");
    }

    async fn pages_neither_miss_nor_repeat_while_products_are_made(app: &TestApp) {
        for number in 0..12 {
            app.product(&format!("p-{number:02}"), 1, 0).await;
        }
        let first = app.owner().get("/v1/products?limit=5").await.expect(200);
        app.product("late", 1, 0).await;
        let mut skus: Vec<Value> = first["data"].as_array().unwrap().iter().map(|row| row["sku"].clone()).collect();
        let cursor = first["next_cursor"].as_str().unwrap();
        let rest = app.owner().get(&format!("/v1/products?limit=200&cursor={cursor}")).await.expect(200);
        skus.extend(rest["data"].as_array().unwrap().iter().map(|row| row["sku"].clone()));
        let expected: Vec<Value> = (0..12).rev().map(|number| json!(format!("p-{number:02}"))).collect();
        assert_eq!(skus, expected);
    }

    async fn a_change_is_in_the_journal_with_what_was_before(app: &TestApp) {
        app.owner().put(TEA, &tea(500)).await.expect(201);
        let changed = app.owner().put(TEA, &tea(450)).await;
        changed.expect(200);
        let path = "/v1/audit?subject=product:tea";
        let page = app.eventually(path, |page| page["data"].as_array().unwrap().len() == 2).await;
        let (created, entry) = (&page["data"][0], &page["data"][1]);
        assert_eq!((&created["type"], &created["before"]), (&json!("product.created"), &Value::Null));
        assert_eq!(entry["type"], "product.changed");
        let price = |state: &Value| (state["prices"][0]["amount"].clone(), state["version"].clone());
        assert_eq!(price(&entry["before"]), (json!(500), json!(1)));
        assert_eq!(price(&entry["after"]), (json!(450), json!(2)));
        assert_eq!(entry["request_id"], changed.header("x-request-id"));
        assert_eq!(entry["trace_id"], changed.header("x-trace-id"));
    }

    async fn skus_and_prices_reach_to_their_limits(app: &TestApp) {
        for sku in ["a", &"a".repeat(64), "A.b_c-9", "...", "-"] {
            let path = format!("/v1/products/{sku}");
            let body = json!({ "name": "é".repeat(200), "price": 9_007_199_254_740_991_i64, "currency": "USD" });
            let product = app.owner().put(&path, &body).await.expect(201);
            assert_eq!(product["price"], 9_007_199_254_740_991_i64);
            app.owner().get(&path).await.expect(200);
        }
    }
}
