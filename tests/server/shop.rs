//! The shop's pages without JavaScript: looking around, the cart, the checkout, the order's page.

use docket::db::{Statement, WriteTx};
use docket::{carts, catalog};
use serde_json::json;

use crate::support::{TestApp, between, both};

/// How many orders there are, of a status.
async fn orders(app: &TestApp, status: &str) -> usize {
    let page = app.owner().get(&format!("/v1/orders?status={status}")).await.expect(200);
    page["data"].as_array().unwrap().len()
}

async fn named(app: &TestApp, sku: &str, name: &str, department: &str) {
    let mut body = json!({ "name": name, "price": 250, "currency": "USD", "brand": "Hillside" });
    body["department"] = department.into();
    app.owner().put(&format!("/v1/products/{sku}"), &body).await.expect(201);
}

both! {
    async fn products_are_found_by_the_beginnings_of_their_words(app: &TestApp) {
        named(app, "c1", "Ground coffee, dark", "Grocery").await;
        named(app, "c2", "Coffee beans", "Grocery").await;
        named(app, "t1", "Black tea", "Tea & more").await;
        let shop = app.visitor();
        for (query, found) in [
            ("", vec!["Black tea", "Coffee beans", "Ground coffee, dark"]),
            ("COF", vec!["Coffee beans", "Ground coffee, dark"]),
            ("dark hill", vec!["Ground coffee, dark"]),
            ("offee", vec![]),
            ("c", vec![]),
            ("t1", vec!["Black tea"]),
            ("%", vec![]),
            ("'\"<", vec![]),
        ] {
            let path = format!("/?{}", serde_urlencoded::to_string([("q", query)]).unwrap());
            let page = shop.page(&path).await;
            let names = page.split("class=\"card-name\">").skip(1);
            let shown: Vec<_> = names.map(|rest| rest.split('<').next().unwrap()).collect();
            assert_eq!(shown, found, "{query}");
        }
        let page = shop.page("/?department=Tea+%26+more").await;
        assert!(page.contains("Black tea") && !page.contains("Coffee beans"));
        assert!(page.contains("Tea &#38; more"), "{page}");
    }

    async fn a_changed_product_is_found_by_its_new_words_only(app: &TestApp) {
        named(app, "c1", "Ground coffee", "Grocery").await;
        let body = json!({ "name": "Cocoa", "price": 250, "currency": "USD" });
        app.owner().put("/v1/products/c1", &body).await.expect(200);
        assert!(!app.visitor().page("/?q=ground").await.contains("card-name"));
        assert!(app.visitor().page("/?q=cocoa").await.contains("card-name"));
    }

    async fn products_without_words_are_found_one_stretch_after_the_other(app: &TestApp) {
        for sku in ["p1", "p2", "p3"] {
            named(app, sku, "Ground coffee", "Grocery").await;
        }
        let forget = |tx: &mut WriteTx<'_>| tx.execute(Statement::new("DELETE FROM product_words"));
        app.at_command_line(forget).await;
        let after = |sku: &'static str| move |tx: &mut WriteTx<'_>| catalog::without_words(tx.conn(), sku, 2);
        let first = app.at_command_line(after("")).await;
        let indexed = first.clone();
        app.at_command_line(move |tx| catalog::index_words(tx, &indexed)).await;
        assert_eq!(first, ["p1", "p2"]);
        assert_eq!(app.at_command_line(after("p2")).await, ["p3"]);
        let page = app.visitor().page("/?q=coffee").await;
        assert!(page.contains("/products/p2") && !page.contains("/products/p3"), "{page}");
    }

    async fn the_shelves_go_on_where_a_page_ends(app: &TestApp) {
        for number in 0..30 {
            named(app, &format!("p{number}"), &format!("Product {:02}", number % 15), "All").await;
        }
        let shop = app.visitor();
        let (mut path, mut seen) = ("/?department=All".to_owned(), Vec::new());
        loop {
            let page = shop.page(&path).await;
            let links = page.split("href=\"/products/").skip(1);
            seen.extend(links.map(|rest| rest.split('"').next().unwrap().to_owned()));
            let Some((_, next)) = page.split_once("rel=\"next\" href=\"") else { break };
            path = next.split('"').next().unwrap().replace("&#38;", "&");
        }
        assert_eq!(seen.len(), 30);
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 30);
        assert_eq!(shop.get("/?after=nonsense").await.status, 404);
    }

    async fn an_order_is_placed_from_the_cart(app: &TestApp) {
        app.product("tea", 250, 10).await;
        app.product("mug", 900, 5).await;
        let shop = app.visitor();
        shop.puts_in_cart("tea", 2).await;
        shop.puts_in_cart("mug", 1).await;
        shop.puts_in_cart("tea", 1).await;
        let cart = shop.page("/cart").await;
        assert!(cart.contains("$16.50") && cart.contains("value=\"3\""), "{cart}");
        let page = shop.page(&shop.checks_out("tok_visa").await).await;
        assert!(page.contains("$16.50") && page.contains("state paid"), "{page}");
        assert_eq!(orders(app, "confirmed").await, 1);
        assert_eq!(app.stock("tea").await, (7, 0));
        let cart = shop.page("/cart").await;
        assert!(cart.contains("has been ordered"), "{cart}");
        shop.puts_in_cart("mug", 1).await;
        assert!(shop.page("/cart").await.contains("$9.00"));
    }

    async fn two_tabs_that_finish_one_cart_make_one_order(app: &TestApp) {
        app.product("tea", 250, 100).await;
        for round in 0..5 {
            let one = app.visitor();
            one.puts_in_cart("tea", 1).await;
            let other = one.clone();
            let (visa, invoice) = (one.form_of_checkout("tok_visa").await, one.form_of_checkout("manual").await);
            let (first, second) = tokio::join!(one.orders(&visa), other.orders(&invoice));
            assert_eq!((first.status, second.status), (303, 303), "{first:?} {second:?}");
            assert_eq!(first.header("location"), second.header("location"));
            assert_eq!(orders(app, "confirmed").await, round + 1);
        }
        // Going back and pressing again leads to the same order.
        let shop = app.visitor();
        shop.puts_in_cart("tea", 1).await;
        let form = shop.form_of_checkout("tok_visa").await;
        let first = shop.orders(&form).await.header("location").to_owned();
        assert_eq!(shop.orders(&form).await.header("location"), first);
        assert_eq!(orders(app, "confirmed").await, 6);
    }

    async fn a_declined_card_leaves_the_cart_and_another_one_pays(app: &TestApp) {
        app.product("tea", 250, 10).await;
        let shop = app.visitor();
        shop.puts_in_cart("tea", 2).await;
        let form = shop.form_of_checkout("tok_chargeDeclinedInsufficientFunds").await;
        let declined = shop.orders(&form).await;
        assert_eq!(declined.status, 402);
        assert!(declined.body.contains("not enough money") && declined.body.contains("buyer@example.com"));
        assert_eq!(app.stock("tea").await, (10, 0));
        shop.checks_out("tok_visa").await;
        assert_eq!((orders(app, "confirmed").await, orders(app, "cancelled").await), (1, 1));
    }

    async fn a_price_that_changed_on_the_way_is_shown_before_it_is_paid(app: &TestApp) {
        app.product("tea", 250, 10).await;
        let shop = app.visitor();
        shop.puts_in_cart("tea", 2).await;
        let form = shop.form_of_checkout("tok_visa").await;
        app.product("tea", 300, 0).await;
        let refused = shop.orders(&form).await;
        assert_eq!(refused.status, 409);
        assert!(refused.body.contains("Prices have changed") && refused.body.contains("$6.00"), "{refused:?}");
        assert_eq!(between(&refused.body, "name=\"expected_total\" value=\"", "\""), "600");
        assert_eq!(orders(app, "confirmed").await, 0);
        shop.checks_out("tok_visa").await;
    }

    async fn what_ran_out_on_the_way_is_told_in_the_cart(app: &TestApp) {
        app.product("tea", 250, 5).await;
        let shop = app.visitor();
        shop.puts_in_cart("tea", 5).await;
        let form = shop.form_of_checkout("tok_visa").await;
        let other = app.visitor();
        other.puts_in_cart("tea", 2).await;
        other.checks_out("tok_visa").await;
        let refused = shop.orders(&form).await;
        assert_eq!(refused.status, 409);
        assert!(refused.body.contains("Only 3 available"), "{refused:?}");
        assert!(refused.body.contains("Not all of this can be ordered"), "{refused:?}");
        let kept = shop.submit("/cart/lines/tea", &[("quantity", "3")]).await;
        assert_eq!(kept.status, 303);
        shop.checks_out("tok_visa").await;
        assert_eq!(app.stock("tea").await, (0, 0));
        assert!(app.visitor().page("/").await.contains("Out of stock"));
    }

    async fn of_what_is_added_at_once_nothing_is_lost(app: &TestApp) {
        app.product("tea", 250, 100).await;
        let shop = app.visitor();
        shop.puts_in_cart("tea", 1).await;
        for round in 1..4 {
            let adding = (0..8).map(|_| {
                let tab = shop.clone();
                tokio::spawn(async move { tab.puts_in_cart("tea", 1).await })
            });
            futures_util::future::join_all(adding).await.into_iter().for_each(Result::unwrap);
            let cart = shop.page("/cart").await;
            assert!(cart.contains(&format!("value=\"{}\"", 1 + 8 * round)), "{cart}");
        }
    }

    async fn what_is_added_while_the_cart_is_being_ordered_is_shown_before_it_is_paid(app: &TestApp) {
        app.product("tea", 250, 10).await;
        app.product("leaflet", 0, 10).await;
        let shop = app.visitor();
        shop.puts_in_cart("tea", 1).await;
        let form = shop.form_of_checkout("tok_visa").await;
        let secret = docket::kernel::Token::read(&shop.cookie("__Host-cart")).unwrap();
        let adding = app.holds(move |tx| {
            let cart = carts::open(tx, &secret)?.unwrap();
            carts::add(tx, &cart, "leaflet", 1, "USD".parse().unwrap())
        });
        let ((), refused) = adding.await.commits_after(shop.orders(&form)).await;
        assert_eq!(refused.status, 409, "{refused:?}");
        assert!(refused.body.contains("Your cart was changed") && refused.body.contains("Product leaflet"));
        assert_eq!(orders(app, "confirmed").await, 0);
        assert!(shop.page(&shop.checks_out("tok_visa").await).await.contains("Product leaflet"));
    }

    async fn what_is_added_after_the_order_is_in_the_next_cart(app: &TestApp) {
        app.product("tea", 250, 100).await;
        app.product("mug", 900, 100).await;
        for _ in 0..5 {
            let shop = app.visitor();
            shop.puts_in_cart("tea", 1).await;
            let form = shop.form_of_checkout("tok_visa").await;
            let other = shop.clone();
            let (ordered, ()) = tokio::join!(shop.orders(&form), other.puts_in_cart("mug", 1));
            if ordered.status == 303 {
                assert!(!shop.page(ordered.header("location")).await.contains("Product mug"));
            } else {
                assert_eq!(ordered.status, 409, "{ordered:?}");
            }
            let cart = shop.page("/cart").await;
            assert!(cart.contains("Product mug"), "{cart}");
        }
    }

    async fn a_cart_that_no_order_can_pay_says_what_to_do(app: &TestApp) {
        let most = (1_i64 << 53) - 1;
        app.product("castle", most / 2, 10).await;
        let shop = app.visitor();
        shop.puts_in_cart("castle", 2).await;
        assert!(shop.page("/cart").await.contains("href=\"/checkout\""));
        let form = shop.form_of_checkout("tok_visa").await;
        shop.puts_in_cart("castle", 1).await;
        for page in [shop.page("/cart").await, shop.page("/").await] {
            assert!(!page.contains("href=\"/checkout\""), "{page}");
        }
        assert!(shop.page("/cart").await.contains("lower a quantity"));
        assert_eq!(shop.get("/checkout").await.header("location"), "/cart");
        assert_eq!(shop.orders(&form).await.header("location"), "/cart");
        assert_eq!(orders(app, "confirmed").await, 0);
        assert_eq!(shop.submit("/cart/lines/castle", &[("quantity", "2")]).await.status, 303);
        shop.checks_out("tok_visa").await;
    }

    async fn an_unknown_outcome_is_settled_on_the_orders_own_page(app: &TestApp) {
        app.product("tea", 250, 5).await;
        let shop = app.visitor();
        shop.puts_in_cart("tea", 1).await;
        let link = shop.checks_out("tok_timeout").await;
        assert!(shop.page(&link).await.contains("asking the bank"));
        app.pass(std::time::Duration::from_secs(60));
        app.eventually("/v1/orders?status=confirmed", |page| page["data"].as_array().unwrap().len() == 1).await;
        assert!(shop.page(&link).await.contains("state paid"));
    }

    async fn a_form_says_what_is_wrong_beside_its_field(app: &TestApp) {
        app.product("tea", 250, 5).await;
        let shop = app.visitor();
        shop.puts_in_cart("tea", 1).await;
        let form = [("email", "nobody"), ("name", ""), ("payment", "tok_other"), ("expected_total", "250")];
        let refused = shop.submit("/checkout", &form).await;
        assert_eq!(refused.status, 422);
        for wrong in ["id=\"email-wrong\"", "id=\"name-wrong\"", "id=\"payment-wrong\"", "value=\"nobody\""] {
            assert!(refused.body.contains(wrong), "{wrong} in {refused:?}");
        }
        assert_eq!(orders(app, "confirmed").await, 0);
    }

    async fn carts_refuse_what_cannot_be_in_them(app: &TestApp) {
        app.product("tea", 250, 5).await;
        let shop = app.visitor();
        for (form, status) in [
            (vec![("sku", "nothing")], 404),
            (vec![("sku", "tea"), ("quantity", "0")], 422),
            (vec![("sku", "tea"), ("quantity", "1000001")], 422),
            (vec![("sku", "tea"), ("quantity", "many")], 422),
            (vec![("quantity", "1")], 422),
        ] {
            let refused = shop.submit("/cart/lines", &form).await;
            assert_eq!(refused.status, status, "{form:?}");
            assert!(refused.header("content-type").starts_with("text/html"), "{refused:?}");
        }
        assert_eq!(shop.get("/checkout").await.header("location"), "/cart");
        assert_eq!(shop.get("/orders/nothing").await.status, 404);
        assert_eq!(shop.get("/products/nothing").await.status, 404);
        let page = shop.get("/nothing/here").await;
        assert_eq!((page.status, page.header("content-type")), (404, "text/html; charset=utf-8"));
        assert!(!page.header("x-request-id").is_empty() && page.body.contains(page.header("x-request-id")));
    }

    async fn a_page_of_another_site_changes_nothing(app: &TestApp) {
        app.product("tea", 250, 5).await;
        let shop = app.visitor();
        let form: &[(&str, &str)] = &[("sku", "tea")];
        let ours = app.address().to_string();
        let (our_origin, other) = (format!("http://{ours}"), "https://elsewhere.example".to_owned());
        for headers in [
            vec![],
            vec![("sec-fetch-site", "cross-site")],
            vec![("sec-fetch-site", "same-site")],
            vec![("origin", other.as_str())],
            vec![("origin", "null")],
            vec![("sec-fetch-site", "cross-site"), ("origin", our_origin.as_str())],
        ] {
            for path in ["/cart/lines", "/cart/lines/tea", "/checkout"] {
                let refused = shop.send(reqwest::Method::POST, path, &headers, Some(form)).await;
                assert_eq!(refused.status, 403, "{path} {headers:?}");
            }
        }
        let taken = shop.send(reqwest::Method::POST, "/cart/lines", &[("origin", &our_origin)], Some(form)).await;
        assert_eq!(taken.status, 303);
    }

    async fn every_page_forbids_what_it_does_not_need(app: &TestApp) {
        app.product("tea", 250, 5).await;
        let shop = app.visitor();
        let added = shop.submit("/cart/lines", &[("sku", "tea")]).await;
        let cookie = added.header("set-cookie");
        for rule in ["__Host-cart=", "; HttpOnly", "; SameSite=Lax", "; Secure", "; Path=/"] {
            assert!(cookie.contains(rule), "{rule} in {cookie}");
        }
        assert!(!cookie.contains("Domain"));
        for path in ["/", "/products/tea", "/cart", "/checkout", "/nothing", "/orders/nothing"] {
            let answer = shop.get(path).await;
            let policy = answer.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
            assert!(policy.contains("frame-ancestors 'none'"));
            assert_eq!(answer.header("x-content-type-options"), "nosniff");
            assert_eq!(answer.header("referrer-policy"), "same-origin");
            assert_eq!(answer.header("cache-control"), "no-store");
            for forbidden in ["<script>", "style=\"", "onclick", "http://", "https://"] {
                assert!(!answer.body.contains(forbidden), "{forbidden} on {path}");
            }
        }
    }

    async fn texts_of_people_are_shown_as_texts(app: &TestApp) {
        let evil = "<script>alert(1)</script>{{ 7*7 }}\"'";
        let mut body = json!({ "name": evil, "price": 250, "currency": "USD", "department": evil });
        (body["brand"], body["package_size"]) = (evil.into(), evil.into());
        app.owner().put("/v1/products/tea", &body).await.expect(201);
        app.owner().post("/v1/inventory/tea/adjustments", &json!({ "delta": 5, "reason": "x" })).await.expect(201);
        let shop = app.visitor();
        shop.puts_in_cart("tea", 1).await;
        let (payment, total) = (("payment", "manual"), ("expected_total", "250"));
        let form = [("email", evil), ("name", evil), ("line1", evil), payment, total];
        let refused = shop.submit("/checkout", &form).await;
        let mut form = shop.form_of_checkout("manual").await;
        form[1].1 = evil.to_owned();
        let link = shop.orders(&form).await.header("location").to_owned();
        let query = serde_urlencoded::to_string([("q", evil)]).unwrap();
        let mut pages = vec![refused.body];
        let (search, nothing) = (format!("/?{query}"), "/products/%3Cscript%3Ealert(1)");
        for path in ["/", "/products/tea", "/cart", &link, &search, nothing] {
            pages.push(shop.get(path).await.body);
        }
        for page in pages {
            assert!(!page.contains("<script>alert") && !page.contains("\"'\""), "{page}");
        }
    }
}

both! {
    with [("DOCKET_SHOP__INVOICE", "false")];

    async fn a_shop_without_invoices_offers_none_and_takes_none(app: &TestApp) {
        app.product("tea", 250, 5).await;
        let shop = app.visitor();
        shop.puts_in_cart("tea", 1).await;
        let form = shop.form_of_checkout("manual").await;
        assert!(!shop.page("/checkout").await.contains("value=\"manual\""));
        assert_eq!(shop.orders(&form).await.status, 422);
        shop.checks_out("tok_visa").await;
    }
}

both! {
    async fn no_trace_tells_a_secret_address_not_even_a_mistyped_one(app: &TestApp) {
        app.product("tea", 250, 5).await;
        let shop = app.visitor();
        shop.puts_in_cart("tea", 1).await;
        let link = shop.checks_out("tok_visa").await;
        let set_up = format!("/admin/set-up/{}/", &link[8..]);
        for path in [link.clone(), format!("{link}/"), format!("/{link}"), set_up] {
            let trace = shop.get(&path).await.header("x-trace-id").to_owned();
            let is_there = |found: &serde_json::Value| !found["traces"].as_array().unwrap().is_empty();
            let told = app.eventually(&format!("/v1/telemetry/{trace}"), is_there).await;
            assert!(!told.to_string().contains(&link[8..]), "{path}: {told}");
        }
    }
}
