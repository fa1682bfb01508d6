//! Orders at the desk: finding one, and what is done about it.

use docket::identity::Role;
use serde_json::{Value, json};

use crate::support::{Answer, TestApp, Visitor, between, both, card, line, order_of};

/// An order over the API; the order.
async fn placed(app: &TestApp, body: &Value) -> Value {
    app.owner().post("/v1/orders", body).await.expect(201)
}

/// An order of five teas for $12.50, whose money is held.
async fn held(app: &TestApp) -> Value {
    app.product("tea", 250, 100).await;
    let mut body = order_of(json!([line("tea", 5)]), card("tok_visa"));
    body["payment"]["capture"] = "manual".into();
    placed(app, &body).await
}

fn path(order: &Value) -> String {
    format!("/admin/orders/{}", order["id"].as_str().unwrap())
}

/// The fields of the form of this address, as the page has it.
fn form(page: &str, action: &str) -> Vec<(String, String)> {
    let form = between(page, &format!("action=\"{action}\""), "</form>");
    let inputs = form.split("<input").skip(1);
    let read = |input: &str| {
        let name = between(input, "name=\"", "\"").to_owned();
        let value = input.split('>').next().unwrap();
        let value =
            value.split_once("value=\"").map_or("", |(_, rest)| rest.split('"').next().unwrap());
        (name, value.to_owned())
    };
    inputs.map(read).collect()
}

/// Sends a form as the page has it, but for what is filled in.
async fn send(person: &Visitor, page: &str, action: &str, filled: &[(&str, &str)]) -> Answer {
    let mut fields = form(page, action);
    for (name, value) in filled {
        let field = fields.iter_mut().find(|(field, _)| field == name);
        field.unwrap_or_else(|| panic!("no field {name} in {action}")).1 = (*value).to_owned();
    }
    let fields: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    person.submit(action, &fields).await
}

async fn now(app: &TestApp, order: &Value) -> Value {
    app.owner().get(&format!("/v1/orders/{}", order["id"].as_str().unwrap())).await.expect(200)
}

/// Where the forms of the order's payment go.
fn money(order: &Value, action: &str) -> String {
    format!("{}/payments/{}/{action}", path(order), order["payments"][0]["id"].as_str().unwrap())
}

/// Who is not the one whose entries these are.
fn staff_only(entries: &[Value]) {
    assert!(!entries.is_empty());
    assert!(
        entries.iter().all(|entry| entry["actor"].as_str().unwrap().starts_with("staff:")),
        "{entries:?}"
    );
}

both! {
    async fn a_clerk_captures_refunds_and_sends_a_part(app: &TestApp) {
        let order = held(app).await;
        let clerk = app.at_desk(Role::Clerk).await;
        let page = clerk.page(&path(&order)).await;
        assert!(page.contains("value=\"12.50\""), "{page}");
        let done = send(&clerk, &page, &money(&order, "capture"), &[("amount", "10,00")]).await;
        assert_eq!(done.status, 303, "{done:?}");
        assert_eq!(done.header("location"), format!("{}?done=capture", path(&order)));
        let page = clerk.page(done.header("location")).await;
        assert!(page.contains("recorded as taken"));
        let filled = [("amount", "3.20"), ("reason", "a broken <b>cup</b>")];
        let done = send(&clerk, &page, &money(&order, "refund"), &filled).await;
        assert_eq!(done.status, 303, "{done:?}");
        let page = clerk.page(&path(&order)).await;
        assert!(page.contains("a broken &#60;b&#62;cup"), "{page}");
        let line_id = order["lines"][0]["id"].as_str().unwrap();
        let units = format!("units.{line_id}");
        let fulfil = format!("{}/fulfil", path(&order));
        let done = send(&clerk, &page, &fulfil, &[(&units, "2"), ("tracking", "T-1")]).await;
        assert_eq!(done.status, 303, "{done:?}");
        let after = now(app, &order).await;
        assert_eq!(after["payment_status"], "partially_refunded");
        assert_eq!(after["fulfilment_status"], "partially_fulfilled");
        let payment = &after["payments"][0];
        assert_eq!((&payment["amount_captured"], &payment["amount_refunded"]), (&json!(1000), &json!(320)));
        assert_eq!(after["fulfilments"][0]["tracking"], "T-1");
        let kinds = ["payment.capture_requested", "payment.captured", "payment.refunded"];
        for kind in kinds.iter().chain(&["order.fulfilment_created"]) {
            staff_only(&app.journal(kind).await);
        }
        let page = clerk.page(&path(&order)).await;
        let links = ["/admin/telemetry/", "/admin/audit/"];
        let told = ["Order placed", "Money taken", "Money refunded", "Parcel left", "by clerk"];
        for told in told.iter().chain(&links) {
            assert!(page.contains(told), "{told} in {page}");
        }
    }

    async fn every_form_pressed_twice_is_done_once(app: &TestApp) {
        let order = held(app).await;
        let clerk = app.at_desk(Role::Clerk).await;
        let twice = async |action: &str, filled: &[(&str, &str)]| {
            let page = clerk.page(&path(&order)).await;
            let click = || send(&clerk, &page, action, filled);
            let (one, other) = tokio::join!(click(), click());
            assert_eq!((one.status, other.status), (303, 303), "{one:?} {other:?}");
            let late = send(&clerk, &page, action, filled).await;
            assert_eq!(late.status, 303, "{late:?}");
        };
        twice(&money(&order, "capture"), &[("amount", "4.00")]).await;
        twice(&money(&order, "refund"), &[("amount", "1.00")]).await;
        let units = format!("units.{}", order["lines"][0]["id"].as_str().unwrap());
        twice(&format!("{}/fulfil", path(&order)), &[(&units, "1")]).await;
        twice(&money(&order, "void"), &[]).await;
        let after = now(app, &order).await;
        let payment = &after["payments"][0];
        assert_eq!((&payment["amount_captured"], &payment["amount_refunded"]), (&json!(400), &json!(100)));
        assert_eq!(after["fulfilments"].as_array().unwrap().len(), 1);
        twice(&format!("{}/cancel", path(&order)), &[("reason", "twice")]).await;
        let after = now(app, &order).await;
        assert_eq!((&after["status"], &after["cancel_reason"]), (&json!("cancelled"), &json!("twice")));
        assert_eq!(app.journal("order.cancelled").await.len(), 1);
        staff_only(&app.journal("order.cancelled").await);
    }

    async fn refusals_stand_beside_their_form(app: &TestApp) {
        let order = held(app).await;
        let clerk = app.at_desk(Role::Clerk).await;
        let page = clerk.page(&path(&order)).await;
        let capture = money(&order, "capture");
        for (amount, status, told) in [
            ("12.51", 409, "At most $12.50 is left."),
            ("a lot", 422, "Write an amount above zero, like 12.50"),
            ("1.234", 422, "no more decimal places than the currency has"),
            ("0", 422, "Write an amount above zero"),
            ("<script>alert(1)</script>", 422, "Write an amount"),
        ] {
            let refused = send(&clerk, &page, &capture, &[("amount", amount)]).await;
            assert_eq!(refused.status, status, "{refused:?}");
            let form = between(&refused.body, &format!("action=\"{capture}\""), "</form>");
            assert!(form.contains(told) && !refused.body.contains("<script>alert"), "{form}");
        }
        // Somebody else was faster: what the person has seen is not what there is.
        let api = format!("/v1/payments/{}/capture", order["payments"][0]["id"].as_str().unwrap());
        app.owner().post(&api, &json!({ "amount": 100 })).await.expect(200);
        let stale = send(&clerk, &page, &capture, &[("amount", "12.50")]).await;
        assert_eq!(stale.status, 412);
        assert!(stale.body.contains("has changed since you read it"), "{stale:?}");
        let fulfil = format!("{}/fulfil", path(&order));
        let units = format!("units.{}", order["lines"][0]["id"].as_str().unwrap());
        let page = clerk.page(&path(&order)).await;
        for (wanted, status, told) in [
            ("6", 409, "Of one product only 5 are left to send."),
            ("-1", 422, "Say of at least one product how many units leave."),
            ("", 422, "Say of at least one product how many units leave."),
            ("x", 422, "Write whole numbers of units."),
        ] {
            let refused = send(&clerk, &page, &fulfil, &[(&units, wanted)]).await;
            assert_eq!(refused.status, status, "{wanted}: {refused:?}");
            let form = between(&refused.body, &format!("action=\"{fulfil}\""), "</form>");
            assert!(form.contains("role=\"alert\"") && form.contains(told), "{form}");
        }
        let nothing = clerk.acts(&path(&order), &capture, &[("amount", "1"), ("seen", "1")]).await;
        assert_eq!(nothing.status, 422, "without a key");
        app.product("mug", 900, 5).await;
        let mug = placed(app, &order_of(json!([line("mug", 1)]), card("tok_visa"))).await;
        let crossed = format!("{}/payments/{}/refund", path(&order), mug["payments"][0]["id"].as_str().unwrap());
        let crossed = clerk.acts(&path(&order), &crossed, &[("amount", "1"), ("seen", "1")]).await;
        assert_eq!(crossed.status, 404, "{crossed:?}");
    }

    async fn a_buyer_is_found_however_the_letters_of_the_e_mail_are_written(app: &TestApp) {
        app.product("tea", 250, 100).await;
        let clerk = app.at_desk(Role::Clerk).await;
        let ways = ["ÄNNE@Example.com", "änne@example.com", "Änne@example.com"];
        for written in ways {
            let mut body = order_of(json!([line("tea", 1)]), card("tok_visa"));
            body["customer"]["email"] = written.into();
            let order = path(&placed(app, &body).await);
            for asked in ways {
                let query = serde_urlencoded::to_string([("q", asked)]).unwrap();
                let page = clerk.page(&format!("/admin/orders?{query}")).await;
                assert!(page.contains(&order), "{asked} for {written}: {page}");
            }
        }
    }

    async fn an_auditor_looks_and_changes_nothing(app: &TestApp) {
        app.product("tea", 250, 100).await;
        let shop = app.visitor();
        shop.puts_in_cart("tea", 2).await;
        let link = shop.checks_out("tok_visa").await;
        let orders = app.owner().get("/v1/orders").await.expect(200);
        let order = &orders["data"][0];
        let clerk = app.at_desk(Role::Clerk).await;
        let seen = clerk.page(&path(order)).await;
        assert!(seen.contains("buyer@example.com") && seen.contains("A Buyer") && seen.contains(&link), "{seen}");
        assert!(clerk.page("/admin/orders?q=BUYER%40example.com").await.contains(&path(order)));
        // The list tells who it is, and the visitor's own reference only where nobody is known.
        let list = clerk.page("/admin/orders").await;
        assert!(list.contains("A Buyer") && !list.contains("guest-"), "{list}");
        let auditor = app.at_desk(Role::Auditor).await;
        let page = auditor.page(&path(order)).await;
        assert!(!page.contains("buyer@example.com") && !page.contains("A Buyer"), "{page}");
        let list = auditor.page("/admin/orders").await;
        assert!(!list.contains("A Buyer") && list.contains("guest-"), "{list}");
        assert_eq!(page.matches("<form").count(), 1, "but to sign out");
        assert!(!auditor.page("/admin/orders?q=buyer%40example.com").await.contains(&path(order)));
        let refused = auditor.acts(&path(order), &format!("{}/cancel", path(order)), &[]).await;
        assert_eq!(refused.status, 403);
        let entry = &app.journal("access.refused").await[0];
        assert_eq!(entry["after"]["reason"], "missing_role");
        assert!(entry["actor"].as_str().unwrap().starts_with("staff:"));
        assert_eq!(now(app, order).await["status"], "confirmed");
    }

    async fn orders_are_found_by_what_one_knows_of_them(app: &TestApp) {
        app.product("tea", 250, 1000).await;
        let mut all = Vec::new();
        for number in 0..60 {
            let mut body = order_of(json!([line("tea", 1)]), json!({ "method": "manual" }));
            if number % 2 == 0 {
                body["payment"] = card("tok_visa");
            }
            body["reference"] = format!("till-{number}").into();
            body["customer"] = json!({ "reference": format!("household-{}", number % 3) });
            all.push(placed(app, &body).await);
        }
        let clerk = app.at_desk(Role::Clerk).await;
        let shown = async |query: &str| -> Vec<String> {
            let page = clerk.page(&format!("/admin/orders{query}")).await;
            let links = page.split("<a href=\"/admin/orders/").skip(1);
            links.map(|rest| rest.split('"').next().unwrap().to_owned()).collect()
        };
        let id = |order: &Value| order["id"].as_str().unwrap().to_owned();
        assert_eq!(shown("").await.len(), 50);
        let number = all[7]["number"].as_str().unwrap();
        assert_eq!(shown(&format!("?q={number}")).await, [id(&all[7])]);
        assert_eq!(shown(&format!("?q=%23{number}")).await, [id(&all[7])]);
        assert_eq!(shown("?q=till-9").await, [id(&all[9])]);
        assert_eq!(shown("?q=household-1").await.len(), 20);
        assert_eq!(shown("?q=household-1&payment_status=paid").await.len(), 10);
        let three = "?status=confirmed&payment_status=unpaid&fulfilment_status=unfulfilled";
        assert_eq!(shown(three).await.len(), 30);
        assert!(shown("?status=cancelled&payment_status=paid").await.is_empty());
        assert_eq!(shown("?q=%00%0a").await.len(), 50);
        assert!(shown("?q=%25").await.is_empty() && shown("?q=nobody%40example.com").await.is_empty());
        // Page by page, each once.
        let (mut address, mut seen) = ("/admin/orders?payment_status=&q=".to_owned(), Vec::new());
        loop {
            let page = clerk.page(&address).await;
            let links = page.split("<a href=\"/admin/orders/").skip(1);
            seen.extend(links.map(|rest| rest.split('"').next().unwrap().to_owned()));
            let Some((_, next)) = page.split_once("rel=\"next\" href=\"") else { break };
            address = next.split('"').next().unwrap().replace("&#38;", "&");
        }
        let mut expected: Vec<String> = all.iter().map(id).collect();
        expected.reverse();
        assert_eq!(seen, expected);
        assert_eq!(clerk.get("/admin/orders?cursor=nonsense").await.status, 400);
        assert_eq!(clerk.get("/admin/orders/nothing").await.status, 404);
    }

    async fn texts_of_people_are_shown_as_texts_at_the_desk(app: &TestApp) {
        let evil = "<script>alert(1)</script>{{ 7*7 }}\"'";
        let body = json!({ "name": evil, "price": 250, "currency": "USD" });
        app.owner().put("/v1/products/tea", &body).await.expect(201);
        app.owner().post("/v1/inventory/tea/adjustments", &json!({ "delta": 5, "reason": "x" })).await.expect(201);
        let mut body = order_of(json!([line("tea", 1)]), json!({ "method": "manual" }));
        body["reference"] = evil.into();
        body["customer"] = json!({ "reference": evil, "name": evil, "email": evil });
        body["shipping_address"] = json!({ "line1": evil, "<script>alert(2)</script>": evil });
        let order = placed(app, &body).await;
        let owner = app.at_desk(Role::Owner).await;
        let cancel = format!("{}/cancel", path(&order));
        let page = owner.page(&path(&order)).await;
        let cancelled = send(&owner, &page, &cancel, &[("reason", evil)]).await;
        assert_eq!(cancelled.status, 303, "{cancelled:?}");
        let query = serde_urlencoded::to_string([("q", evil), ("status", evil), ("done", evil)]).unwrap();
        let order = path(&order);
        let all = format!("/admin/orders?{query}");
        for path in [order.clone(), format!("{order}?{query}"), "/admin/orders".into(), all] {
            let page = owner.page(&path).await;
            assert!(!page.contains("<script>alert") && !page.contains("\"'\""), "{page}");
            assert!(!page.contains("style=\"") && !page.contains("onclick"));
        }
    }
}
