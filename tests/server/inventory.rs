//! Stock: levels, adjustments, movements.

use diesel::QueryableByName;
use diesel::sql_types::BigInt;
use docket::db::{Statement, WriteTx};
use docket::error::Error;
use docket::inventory::begin_stretch_when_full;
use docket::kernel::{Actor, Origin};
use serde_json::{Value, json};

use crate::support::{TestApp, both, card, line};

const ADJUST: &str = "/v1/inventory/tea/adjustments";
const MOVEMENTS: &str = "/v1/inventory/tea/movements";

async fn adjusted(app: &TestApp, delta: i64, reason: &str) -> Value {
    app.owner().post(ADJUST, &json!({ "delta": delta, "reason": reason })).await.expect(201)
}

/// A delivery of tea as it was written once, into this stretch of movements.
fn moved_long_ago(tx: &mut WriteTx<'_>, id: &str, delta: i64, stretch: i64) -> Result<(), Error> {
    let transfer = "INSERT INTO stock_transfers (id, kind, status, created_at, settled_at) \
                    VALUES (?, 'import', 'posted', 1, 1)";
    tx.execute(Statement::new(transfer).bind(id))?;
    let movement = "INSERT INTO stock_movements (transfer_id, sku, location, delta, stretch) \
                    VALUES (?, 'tea', 'main', ?, ?)";
    tx.execute(Statement::new(movement).bind(id).bind(delta).bind(stretch))?;
    let level = "INSERT INTO stock_levels (sku, location, on_hand, reserved) VALUES ('tea', 'main', ?, 0) \
                 ON CONFLICT (sku, location) DO UPDATE SET on_hand = stock_levels.on_hand + excluded.on_hand";
    tx.execute(Statement::new(level).bind(delta))?;
    Ok(())
}

/// The next stretch begins with these ids.
fn begins(tx: &mut WriteTx<'_>, stretch: i64, ids: &str) -> Result<(), Error> {
    let statement = Statement::new("INSERT INTO stock_stretches (number, begins) VALUES (?, ?)");
    tx.execute(statement.bind(stretch).bind(ids)).map(|_| ())
}

/// A delivery of one unit each of so many products.
fn delivered(tx: &mut WriteTx<'_>, id: &str, products: i64) -> Result<(), Error> {
    let transfer = "INSERT INTO stock_transfers (id, kind, status, created_at, settled_at) \
                    VALUES (?, 'import', 'posted', 1, 1)";
    tx.execute(Statement::new(transfer).bind(id))?;
    let counted = "WITH RECURSIVE counted (i) AS \
                   (SELECT 1 UNION ALL SELECT i + 1 FROM counted WHERE i < ?)";
    let levels = format!(
        "{counted} INSERT INTO stock_levels (sku, location, on_hand, reserved) \
         SELECT 'product-' || i, 'main', 1, 0 FROM counted"
    );
    tx.execute(Statement::new(levels).bind(products))?;
    let movements = format!(
        "{counted} INSERT INTO stock_movements (transfer_id, sku, location, delta) \
         SELECT ?, 'product-' || i, 'main', 1 FROM counted"
    );
    tx.execute(Statement::new(movements).bind(products).bind(id)).map(|_| ())
}

#[derive(QueryableByName)]
struct Stretches {
    #[diesel(sql_type = BigInt)]
    last: i64,
}

async fn last_stretch(app: &TestApp) -> i64 {
    let query = "SELECT MAX(number) AS last FROM stock_stretches";
    let last = move |tx: &mut WriteTx<'_>| Statement::new(query).first::<Stretches>(tx.conn());
    app.at_command_line(last).await.unwrap().last
}

both! {
    async fn an_adjustment_moves_the_level_and_says_so(app: &TestApp) {
        app.product("tea", 500, 0).await;
        let level = app.owner().get("/v1/inventory/tea").await.expect(200);
        assert_eq!(level, json!({ "sku": "tea", "on_hand": 0, "reserved": 0, "available": 0 }));
        let first = adjusted(app, 10, "delivery 4711").await;
        assert_eq!((&first["sku"], &first["delta"], &first["on_hand"]), (&json!("tea"), &json!(10), &json!(10)));
        assert_eq!((&first["kind"], &first["reason"]), (&json!("adjustment"), &json!("delivery 4711")));
        assert!(first["created_at"].as_str().unwrap().ends_with('Z'));
        assert_eq!(adjusted(app, -3, "broken").await["on_hand"], 7);
        let level = app.owner().get("/v1/inventory/tea").await.expect(200);
        assert_eq!(level, json!({ "sku": "tea", "on_hand": 7, "reserved": 0, "available": 7 }));
    }

    async fn held_units_cannot_be_taken_away(app: &TestApp) {
        app.product("tea", 500, 10).await;
        app.owner().order(json!([line("tea", 4)]), json!({ "method": "manual" })).await;
        let level = app.owner().get("/v1/inventory/tea").await.expect(200);
        assert_eq!(level, json!({ "sku": "tea", "on_hand": 10, "reserved": 4, "available": 6 }));
        let body = json!({ "delta": -7, "reason": "count" });
        let refused = app.owner().post(ADJUST, &body).await.refused(409, "insufficient_stock");
        assert_eq!(refused["available"], 6);
        adjusted(app, -6, "count").await;
        assert_eq!(app.stock("tea").await, (4, 4));
    }

    async fn a_level_has_its_limits(app: &TestApp) {
        app.product("tea", 500, 0).await;
        let most = 1_000_000_000_000_i64;
        adjusted(app, most, "everything").await;
        let body = json!({ "delta": 1, "reason": "one more" });
        let refused = app.owner().post(ADJUST, &body).await.refused(422, "validation");
        assert_eq!(refused["errors"][0]["field"], "delta");
        adjusted(app, -most, "nothing").await;
        let body = json!({ "delta": -1, "reason": "one less" });
        assert_eq!(app.owner().post(ADJUST, &body).await.refused(409, "insufficient_stock")["available"], 0);
        for delta in [json!(0), json!(most + 1), json!(-most - 1), json!(i64::MAX), json!(i64::MIN)] {
            let body = json!({ "delta": delta, "reason": "x" });
            app.owner().post(ADJUST, &body).await.refused(422, "validation");
        }
        assert_eq!(app.stock("tea").await, (0, 0));
    }

    async fn what_is_not_in_the_catalogue_has_no_stock(app: &TestApp) {
        let body = json!({ "delta": 1, "reason": "x" });
        for path in ["/v1/inventory/tea", MOVEMENTS] {
            app.owner().get(path).await.refused(404, "not_found");
        }
        app.owner().post(ADJUST, &body).await.refused(404, "not_found");
    }

    async fn movements_tell_what_became_of_every_unit(app: &TestApp) {
        app.product("tea", 500, 10).await;
        let order = app.owner().order(json!([line("tea", 2)]), card("tok_visa")).await;
        let held = app.owner().order(json!([line("tea", 3)]), json!({ "method": "manual" })).await;
        adjusted(app, -1, "broken").await;
        let cancel = format!("/v1/orders/{}/cancel", order["id"].as_str().unwrap());
        app.owner().post(&cancel, &json!({})).await.expect(200);
        let page = app.owner().get(MOVEMENTS).await.expect(200);
        let told: Vec<_> = page["data"].as_array().unwrap().iter()
            .map(|row| (row["kind"].as_str().unwrap(), row["delta"].as_i64().unwrap(), row["order_id"].clone()))
            .collect();
        let expected = [
            ("cancellation", 2, order["id"].clone()),
            ("adjustment", -1, Value::Null),
            ("sale", -2, order["id"].clone()),
            ("adjustment", 10, Value::Null),
        ];
        assert_eq!(told, expected, "a hold is no movement yet");
        assert_eq!(page["data"][1]["reason"], "broken");
        assert_eq!(page["data"][1]["location"], "main");
        assert_eq!(page["next_cursor"], Value::Null);
        let payment = held["payments"][0]["id"].as_str().unwrap();
        app.owner().post(&format!("/v1/payments/{payment}/capture"), &json!({})).await.expect(200);
        let page = app.owner().get(&format!("{MOVEMENTS}?limit=200")).await.expect(200);
        let sum: i64 = page["data"].as_array().unwrap().iter().map(|row| row["delta"].as_i64().unwrap()).sum();
        assert_eq!((sum, 0), app.stock("tea").await);
    }

    async fn movements_come_in_pages_newest_first(app: &TestApp) {
        app.product("tea", 500, 0).await;
        app.product("milk", 100, 5).await;
        for delta in 1..=7 {
            adjusted(app, delta, "delivery").await;
        }
        let (mut path, mut deltas) = (format!("{MOVEMENTS}?limit=3"), Vec::new());
        let mut pages = 0;
        loop {
            let page = app.owner().get(&path).await.expect(200);
            deltas.extend(page["data"].as_array().unwrap().iter().map(|row| row["delta"].as_i64().unwrap()));
            pages += 1;
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("{MOVEMENTS}?limit=3&cursor={cursor}");
            let other = format!("/v1/inventory/milk/movements?cursor={cursor}");
            app.owner().get(&other).await.refused(400, "invalid_cursor");
            if pages == 1 {
                adjusted(app, 100, "meanwhile").await;
            }
        }
        assert_eq!((pages, deltas), (3, vec![7, 6, 5, 4, 3, 2, 1]));
    }

    async fn movements_are_found_however_long_ago_they_were(app: &TestApp) {
        app.product("tea", 500, 0).await;
        let long_ago = [("01800000", 2), ("01800001", 3), ("018fffff", 4), ("019a0000", 5)];
        app.at_command_line(move |tx| {
            begins(tx, 1, "01800001-0000-7000-8000-000000000001")?;
            begins(tx, 2, "01900000-0000-7000-8000-000000000001")?;
            begins(tx, 3, "01910000-0000-7000-8000-000000000001")?;
            for ((ids, delta), stretch) in long_ago.into_iter().zip([0, 1, 1, 3]) {
                moved_long_ago(tx, &format!("{ids}-0000-7000-8000-000000000001"), delta, stretch)?;
            }
            Ok(())
        })
        .await;
        adjusted(app, 10, "delivery").await;
        for limit in [1, 2, 50] {
            let (mut cursor, mut deltas) = (String::new(), Vec::new());
            loop {
                let page = app.owner().get(&format!("{MOVEMENTS}?limit={limit}{cursor}")).await.expect(200);
                deltas.extend(page["data"].as_array().unwrap().iter().map(|row| row["delta"].as_i64().unwrap()));
                let Some(next) = page["next_cursor"].as_str() else { break };
                cursor = format!("&cursor={next}");
            }
            assert_eq!(deltas, [10, 5, 4, 3, 2]);
        }
    }

    async fn a_full_stretch_of_movements_is_followed_by_another(app: &TestApp) {
        app.product("tea", 500, 1).await;
        let db = app.database();
        let origin = Origin::of(Actor::CommandLine);
        assert!(!begin_stretch_when_full(&db, &origin).await.unwrap());
        assert_eq!(last_stretch(app).await, 0);
        app.at_command_line(|tx| delivered(tx, "01800000-0000-7000-8000-000000000001", 20_000)).await;
        // The server may have been first.
        begin_stretch_when_full(&db, &origin).await.unwrap();
        assert_eq!(last_stretch(app).await, 1);
        assert!(!begin_stretch_when_full(&db, &origin).await.unwrap());
        adjusted(app, 2, "delivery").await;
        let page = app.owner().get(MOVEMENTS).await.expect(200);
        assert_eq!(page["data"].as_array().unwrap().len(), 2);
        db.close().await;
    }

    async fn no_stretch_begins_before_a_movement_that_is_there(app: &TestApp) {
        app.product("tea", 500, 0).await;
        let far_ahead = "ffffffff-0000-7000-8000-000000000001";
        app.at_command_line(move |tx| delivered(tx, far_ahead, 20_000)).await;
        let db = app.database();
        assert!(!begin_stretch_when_full(&db, &Origin::of(Actor::CommandLine)).await.unwrap());
        assert_eq!(last_stretch(app).await, 0);
        db.close().await;
    }

    async fn an_adjustment_is_in_the_journal_without_its_words(app: &TestApp) {
        app.product("tea", 500, 10).await;
        let answer = app.owner().post(ADJUST, &json!({ "delta": -4, "reason": "given to Ms Example" })).await;
        let adjustment = answer.expect(201);
        let path = "/v1/audit?subject=stock:tea";
        let page = app.eventually(path, |page| page["data"].as_array().unwrap().len() == 2).await;
        let entry = &page["data"][1];
        assert_eq!((&entry["type"], &entry["outcome"]), (&json!("stock.adjusted"), &json!("success")));
        assert_eq!(entry["before"], json!({ "on_hand": 10 }));
        let after = json!({ "on_hand": 6, "delta": -4, "transfer_id": adjustment["id"] });
        assert_eq!(entry["after"], after);
        assert_eq!(entry["request_id"], answer.header("x-request-id"));
        assert!(!page.to_string().contains("Example"));
    }
}
