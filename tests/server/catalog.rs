//! Products, prices and searching.

use docket::catalog;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, Client, TestApp, both};

fn tea(price: i64) -> Value {
    json!({ "name": "Tea", "price": price, "currency": "USD", "brand": "Leaf" })
}

async fn put_if_match(client: &Client, tag: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json"), ("if-match", tag)];
    let body = body.to_string().into_bytes();
    client.send(Method::PUT, "/v1/products/tea-1", &headers, Some(body)).await
}

fn skus(page: &Value) -> Vec<&str> {
    page["data"].as_array().unwrap().iter().map(|row| row["sku"].as_str().unwrap()).collect()
}

both! {
    async fn a_put_creates_then_replaces_and_changes_nothing_when_repeated(app: &TestApp) {
        let owner = app.owner();
        let made = owner.put("/v1/products/tea-1", &tea(349)).await;
        made.expect(201);
        assert_eq!((made.header("etag"), made.header("location")), ("\"1\"", "/v1/products/tea-1"));
        let again = owner.put("/v1/products/tea-1", &tea(349)).await;
        assert_eq!(again.expect(200), made.json());
        let dearer = owner.put("/v1/products/tea-1", &tea(399)).await;
        assert_eq!(dearer.expect(200)["created_at"], made.json()["created_at"]);
        assert_eq!(dearer.header("etag"), "\"2\"");
        assert_eq!(owner.get("/v1/products/tea-1").await.expect(200), dearer.json());
    }

    async fn each_change_is_in_the_journal_with_before_and_after(app: &TestApp) {
        for price in [349, 349, 399] {
            app.owner().put("/v1/products/tea-1", &tea(price)).await;
        }
        let path = "/v1/audit?subject=product:tea-1";
        let two = |feed: &Value| feed["data"].as_array().is_some_and(|all| all.len() == 2);
        let feed = app.eventually(path, two).await;
        let (made, changed) = (&feed["data"][0], &feed["data"][1]);
        assert_eq!((&made["type"], &made["before"]), (&json!("product.created"), &Value::Null));
        assert_eq!(changed["type"], "product.changed");
        assert_eq!(changed["before"], made["after"]);
        assert_eq!(changed["after"]["prices"], json!([{ "currency": "USD", "amount": 399 }]));
    }

    async fn prices_in_other_currencies_stay(app: &TestApp) {
        let owner = app.owner();
        owner.put("/v1/products/tea-1", &tea(349)).await;
        let euros = json!({ "name": "Tea", "price": 329, "currency": "EUR" });
        let both = owner.put("/v1/products/tea-1", &euros).await.expect(200);
        let prices =
            json!([{ "currency": "EUR", "amount": 329 }, { "currency": "USD", "amount": 349 }]);
        assert_eq!((&both["prices"], &both["brand"]), (&prices, &Value::Null));
        for (query, price, currency) in [
            ("", json!(329), "EUR"),
            ("?currency=USD", json!(349), "USD"),
            ("?currency=GBP", Value::Null, "GBP"),
        ] {
            let found = owner.get(&format!("/v1/products/tea-1{query}")).await.expect(200);
            assert_eq!((&found["price"], &found["currency"]), (&price, &json!(currency)));
        }
        owner.get("/v1/products/tea-1?currency=usd").await.refused(422, "validation");
    }

    async fn a_stale_version_is_not_replaced(app: &TestApp) {
        let owner = app.owner();
        let missing = put_if_match(owner, "\"1\"", &tea(1)).await;
        missing.refused(412, "version_mismatch");
        owner.put("/v1/products/tea-1", &tea(349)).await;
        owner.put("/v1/products/tea-1", &tea(399)).await;
        let stale = put_if_match(owner, "\"1\"", &tea(1)).await.refused(412, "version_mismatch");
        assert_eq!(stale["current_version"], 2);
        let fresh = put_if_match(owner, "\"2\"", &tea(1)).await;
        fresh.expect(200);
        assert_eq!(fresh.header("etag"), "\"3\"");
    }

    async fn of_simultaneous_puts_each_is_a_version_of_its_own(app: &TestApp) {
        let puts = (0..8).map(|price| {
            let client = app.owner().clone();
            tokio::spawn(async move { client.put("/v1/products/tea-1", &tea(price)).await.status })
        });
        let mut statuses = Vec::new();
        for put in puts.collect::<Vec<_>>() {
            statuses.push(put.await.unwrap());
        }
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 200, 200, 200, 200, 200, 200, 201]);
        assert_eq!(app.owner().get("/v1/products/tea-1").await.expect(200)["version"], 8);
    }

    async fn what_breaks_a_rule_is_refused_with_its_field(app: &TestApp) {
        for (field, value) in [
            ("name", json!("")),
            ("name", json!("a\u{0}b")),
            ("price", json!(-1)),
            ("price", json!(9_007_199_254_740_992_i64)),
            ("currency", json!("dollar")),
            ("colour", json!("red")),
        ] {
            let mut body = tea(349);
            body[field] = value;
            let refused = app.owner().put("/v1/products/tea-1", &body).await;
            assert_eq!(refused.refused(422, "validation")["errors"][0]["field"], field);
        }
        let refused = app.owner().put("/v1/products/a%20b", &tea(1)).await;
        assert_eq!(refused.refused(422, "validation")["errors"][0]["field"], "sku");
        app.owner().get("/v1/products/a%20b").await.refused(404, "not_found");
        app.owner().get("/v1/products/tea-1").await.refused(404, "not_found");
    }

    async fn searching_finds_every_word_in_any_case_and_takes_wildcards_literally(app: &TestApp) {
        let owner = app.owner();
        for (sku, name, brand) in [
            ("a", "Green TEA", "Leaf"),
            ("b", "Black tea 100%", "Leaf"),
            ("c", "Coffee", "Leaf_x"),
            ("d", "ÄPFEL", "Hof"),
        ] {
            let body = json!({ "name": name, "price": 1, "currency": "USD", "brand": brand });
            owner.put(&format!("/v1/products/{sku}"), &body).await.expect(201);
        }
        for (query, found) in [
            ("", vec!["d", "c", "b", "a"]),
            ("tea", vec!["b", "a"]),
            ("LEAF+green", vec!["a"]),
            ("%25", vec!["b"]),
            ("leaf_", vec!["c"]),
            ("%C3%A4pfel", vec!["d"]),
            ("%27%3B--", vec![]),
        ] {
            let page = owner.get(&format!("/v1/products?q={query}")).await.expect(200);
            assert_eq!(skus(&page), found, "{query}");
        }
        for query in ["q=%00", "limit=0", "limit=201", "colour=red", "q=a&q=b"] {
            owner.get(&format!("/v1/products?{query}")).await.refused(422, "validation");
        }
    }

    async fn pages_together_are_the_whole_list(app: &TestApp) {
        let rows = catalog::demo_rows().unwrap();
        let products: Vec<_> = rows.into_iter().map(|row| row.product).collect();
        let count = products.len();
        app.at_command_line(move |tx| catalog::put_many(tx, &products)).await;
        let mut seen: Vec<String> = Vec::new();
        let mut next = "/v1/products?limit=7".to_owned();
        loop {
            let page = app.owner().get(&next).await.expect(200);
            seen.extend(skus(&page).into_iter().map(str::to_owned));
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            let elsewhere = format!("/v1/products?q=x&cursor={cursor}");
            app.owner().get(&elsewhere).await.refused(400, "invalid_cursor");
            next = format!("/v1/products?limit=7&cursor={cursor}");
        }
        let distinct: std::collections::HashSet<_> = seen.iter().collect();
        assert_eq!((seen.len(), distinct.len()), (count, count));
    }
}
