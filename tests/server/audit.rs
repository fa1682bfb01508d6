//! The journal and the event feed: every change is in them, nothing personal or secret is.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::{Connection, QueryableByName, SqliteConnection};
use docket::audit::{self, Proof, Trust};
use docket::db::{Dialect, Statement};
use docket::orders;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{Answer, KEY, TestApp, both, card, line, order_of};

#[derive(QueryableByName)]
struct Found {
    #[diesel(sql_type = diesel::sql_types::Text)]
    found: String,
}

/// The first column of what a query finds, straight from the database.
async fn ask(app: &TestApp, query: Statement) -> Vec<String> {
    let db = app.database();
    let rows: Vec<Found> = db.read(move |conn| query.load(conn)).await.unwrap();
    db.close().await;
    rows.into_iter().map(|row| row.found).collect()
}

/// Every entry, once all that are committed have their number.
async fn journal(app: &TestApp) -> Vec<Value> {
    let waiting = || ask(app, Statement::new("SELECT entry_id AS found FROM journal_unsequenced"));
    while !waiting().await.is_empty() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    feed(app, "/v1/audit", 200).await
}

/// All rows of a feed, read page by page.
async fn feed(app: &TestApp, path: &str, limit: i64) -> Vec<Value> {
    let (mut rows, mut after) = (Vec::new(), 0);
    loop {
        let page =
            app.owner().get(&format!("{path}?limit={limit}&after={after}")).await.expect(200);
        let more = page["data"].as_array().unwrap();
        if more.is_empty() {
            assert_eq!(page["next_after"], after);
            return rows;
        }
        rows.extend(more.iter().cloned());
        after = page["next_after"].as_i64().unwrap();
        assert_eq!(rows.last().unwrap()["seq"], after);
    }
}

fn tea(quantity: i64) -> Value {
    order_of(json!([line("tea", quantity)]), card("tok_visa"))
}

/// The paths of a new order and of its payment.
async fn order(app: &TestApp, capture: &str) -> (String, String) {
    let pay = json!({ "method": "card", "token": "tok_visa", "capture": capture });
    let order = app.owner().order(json!([line("tea", 1)]), pay).await;
    let payment = order["payments"][0]["id"].as_str().unwrap();
    (format!("/v1/orders/{}", order["id"].as_str().unwrap()), format!("/v1/payments/{payment}"))
}

/// Does what this operation is for.
async fn perform(app: &TestApp, method: &str, pattern: &str) -> Answer {
    let owner = app.owner();
    match (method, pattern) {
        ("put", "/v1/products/{sku}") => {
            let body = json!({ "name": "Coffee", "price": 1, "currency": "USD" });
            owner.put("/v1/products/coffee", &body).await
        }
        ("post", "/v1/inventory/{sku}/adjustments") => {
            let body = json!({ "delta": 1, "reason": "found" });
            owner.post("/v1/inventory/tea/adjustments", &body).await
        }
        ("post", "/v1/orders") => owner.post("/v1/orders", &tea(1)).await,
        ("post", "/v1/orders/{id}/cancel") => {
            let (order, _) = order(app, "automatic").await;
            owner.post(&format!("{order}/cancel"), &json!({})).await
        }
        ("post", "/v1/orders/{id}/fulfilments") => {
            let (order, _) = order(app, "automatic").await;
            owner.post(&format!("{order}/fulfilments"), &json!({})).await
        }
        ("post", "/v1/payments/{id}/capture" | "/v1/payments/{id}/void") => {
            let (_, payment) = order(app, "manual").await;
            let action = pattern.rsplit('/').next().unwrap();
            owner.post(&format!("{payment}/{action}"), &json!({})).await
        }
        ("post", "/v1/payments/{id}/refunds") => {
            let (_, payment) = order(app, "automatic").await;
            owner.post(&format!("{payment}/refunds"), &json!({ "amount": 1 })).await
        }
        _ => panic!("teach this test what {method} {pattern} is for"),
    }
}

/// The tables that hold a text.
async fn tables_with(app: &TestApp, text: &str) -> Vec<String> {
    let db = app.database();
    let dialect = db.dialect();
    db.close().await;
    let tables = match dialect {
        Dialect::Sqlite => "SELECT name AS found FROM sqlite_master WHERE type = 'table'",
        Dialect::Postgres => {
            "SELECT table_name::text AS found FROM information_schema.tables
             WHERE table_schema = 'public'"
        }
    };
    let mut holding = Vec::new();
    for table in ask(app, Statement::new(tables)).await {
        let row = match dialect {
            Dialect::Sqlite => {
                let columns = format!("SELECT name AS found FROM pragma_table_info('{table}')");
                let columns = ask(app, Statement::new(columns)).await;
                let columns = columns.iter().map(|column| format!("COALESCE(\"{column}\", '')"));
                columns.collect::<Vec<_>>().join(" || ' ' || ")
            }
            Dialect::Postgres => format!("{table}::text"),
        };
        let query = format!("SELECT '{table}' AS found FROM {table} WHERE {row} LIKE ? LIMIT 1");
        holding.extend(ask(app, Statement::new(query).bind(format!("%{text}%"))).await);
    }
    holding
}

/// Whether a text is in the bytes of a SQLite database, which has all that was committed.
fn in_the_file(path: &Path, text: &str) -> bool {
    let mut conn = SqliteConnection::establish(&path.to_string_lossy()).unwrap();
    conn.batch_execute("PRAGMA busy_timeout = 5000; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    let mut bytes = std::fs::read(path).unwrap();
    bytes.extend(std::fs::read(path.with_extension("db-wal")).unwrap_or_default());
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// The proof of an entry, as soon as it is sealed.
async fn proof(app: &TestApp, entry: &Value) -> Proof {
    let path = format!("/v1/audit/{}/proof", entry["id"].as_str().unwrap());
    serde_json::from_value(app.eventually(&path, |_| true).await).unwrap()
}

const SECRETS: [&str; 3] = ["Erika Mustermann", "erika@example.test", "1 Secret Street"];

async fn order_of_erika(app: &TestApp) -> Value {
    let mut body = tea(1);
    body["customer"] =
        json!({ "reference": "household-77", "name": SECRETS[0], "email": SECRETS[1] });
    body["shipping_address"] = json!({ "line1": SECRETS[2] });
    app.owner().post("/v1/orders", &body).await.expect(201)
}

both! {
    async fn every_change_is_in_the_journal_under_its_request(app: &TestApp) {
        app.product("tea", 500, 100).await;
        let api = app.owner().get("/openapi.json").await.expect(200);
        for (pattern, item) in api["paths"].as_object().unwrap() {
            for method in item.as_object().unwrap().keys().filter(|method| *method != "get") {
                let answer = perform(app, method, pattern).await;
                assert!((200..300).contains(&answer.status), "{method} {pattern}: {answer:?}");
                let entries = journal(app).await;
                let request = answer.header("x-request-id");
                let ours: Vec<_> = entries.iter().filter(|entry| entry["request_id"] == request).collect();
                assert!(!ours.is_empty(), "{method} {pattern} is not in the journal");
                for entry in ours {
                    assert_eq!(entry["trace_id"], answer.header("x-trace-id"));
                    assert!(entry["actor"].as_str().unwrap().starts_with("key:"), "{entry}");
                    assert_eq!(entry["outcome"], "success");
                    assert!(entry["after"].is_object(), "{entry}");
                }
            }
        }
    }

    async fn reading_and_refusals_are_not_changes(app: &TestApp) {
        app.product("tea", 500, 100).await;
        let (order, payment) = order(app, "automatic").await;
        let before = journal(app).await.len();
        for path in [&order, &payment, "/v1/orders", "/v1/products/tea", "/v1/products?q=tea",
            "/v1/inventory/tea", "/v1/inventory/tea/movements", "/v1/audit", "/v1/events"] {
            app.owner().get(path).await.expect(200);
        }
        app.owner().post("/v1/orders", &tea(1_000)).await.refused(409, "insufficient_stock");
        app.owner().post("/v1/orders", &json!({})).await.refused(422, "validation");
        let capture = format!("{payment}/capture");
        app.owner().post(&capture, &json!({})).await.refused(409, "invalid_transition");
        assert_eq!(journal(app).await.len(), before);
    }

    async fn the_journal_is_read_by_subject_and_actor(app: &TestApp) {
        app.product("tea", 500, 100).await;
        let (order, payment) = order(app, "manual").await;
        app.owner().post(&format!("{payment}/capture"), &json!({})).await.expect(200);
        app.owner().post(&format!("{order}/fulfilments"), &json!({})).await.expect(201);
        app.at_command_line(|tx| docket::identity::create(tx, "other", &[])).await;
        let all = journal(app).await;
        let key = all.iter().find(|entry| entry["type"] == "order.placed").unwrap()["actor"].clone();
        let subject = order.replace("/v1/orders/", "order:");
        for (query, field, value) in [
            (format!("subject={subject}"), "subject", json!(subject)),
            (format!("actor={}", key.as_str().unwrap()), "actor", key),
            ("actor=cli".into(), "actor", json!("cli")),
            ("actor=system".into(), "actor", json!("system")),
            ("subject=stock:tea".into(), "subject", json!("stock:tea")),
            ("subject=nothing".into(), "subject", json!("nothing")),
        ] {
            let page = app.owner().get(&format!("/v1/audit?{query}&limit=200")).await.expect(200);
            let expected: Vec<_> = all.iter().filter(|entry| entry[field] == value).cloned().collect();
            assert_eq!(page["data"], json!(expected), "{query}");
        }
        let of_order: Vec<_> = all.iter().filter(|entry| entry["subject"] == subject).collect();
        let kinds: Vec<_> = of_order.iter().map(|entry| entry["type"].as_str().unwrap()).collect();
        assert_eq!(kinds.first(), Some(&"order.placed"));
        assert_eq!(kinds.last(), Some(&"order.completed"), "{kinds:?}");
        let last = of_order.last().unwrap();
        assert_eq!(last["before"]["status"], "confirmed");
        assert_eq!(last["after"]["status"], "completed");
    }

    async fn one_entry_is_proved_alone(app: &TestApp) {
        app.product("tea", 500, 100).await;
        order(app, "automatic").await;
        let keys = audit::public_keys(app.data.path()).unwrap();
        for entry in journal(app).await {
            let mut proof = proof(app, &entry).await;
            proof.verify(&keys).unwrap();
            assert_eq!(serde_json::to_value(&proof.entry).unwrap(), entry);
            proof.entry.outcome = "failed".into();
            assert!(proof.verify(&keys).is_err());
        }
        let unknown = "/v1/audit/01938f2e-7a51-7c3e-b3a5-0d6f3a2b9c11/proof";
        app.owner().get(unknown).await.refused(404, "not_found");
    }

    async fn an_erased_customer_is_nowhere_and_every_proof_holds(app: &TestApp) {
        app.product("tea", 500, 100).await;
        let order = order_of_erika(app).await;
        order_of_erika(app).await;
        let file = app.data.path().join("docket.db");
        for secret in SECRETS {
            assert_eq!(tables_with(app, secret).await, ["personal_data"], "{secret}");
            assert!(!file.exists() || in_the_file(&file, secret), "the test finds nothing");
        }
        let before = journal(app).await;
        let placed = before.iter().find(|entry| entry["type"] == "order.placed").unwrap();
        let old = proof(app, placed).await;

        let erased = app.at_command_line(|tx| orders::erase_customer(tx, "household-77")).await;
        assert_eq!(erased, 2);
        for secret in SECRETS {
            assert_eq!(tables_with(app, secret).await, [""; 0], "{secret}");
            assert!(!file.exists() || !in_the_file(&file, secret), "{secret} is still in the file");
        }
        let read = app.owner().get(&format!("/v1/orders/{}", order["id"].as_str().unwrap())).await;
        assert_eq!(read.expect(200), order, "the order itself stays");
        let entries = journal(app).await;
        assert_eq!(entries[..before.len()], before, "the journal is as it was");
        let entry = &entries[before.len()];
        assert_eq!((&entry["type"], &entry["actor"]), (&json!("customer.erased"), &json!("cli")));

        let keys = audit::public_keys(app.data.path()).unwrap();
        old.verify(&keys).unwrap();
        proof(app, placed).await.verify(&keys).unwrap();
        proof(app, entry).await.verify(&keys).unwrap();
        let db = app.database();
        let verified = move |conn: &mut docket::db::Conn| audit::verify(conn, &Trust::in_keys(keys), false);
        let report = db.read(verified).await.unwrap();
        db.close().await;
        assert!(report.is_whole() && report.entries > 0, "{report:?}");
    }

    async fn nothing_personal_or_secret_leaves_its_place(app: &TestApp) {
        app.product("tea", 500, 100).await;
        let order = order_of_erika(app).await;
        let mut declined = tea(1);
        declined["payment"] = card("tok_chargeDeclined");
        declined["customer"]["name"] = json!(SECRETS[0]);
        app.owner().post("/v1/orders", &declined).await.refused(402, "payment_declined");
        let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
        let reason = json!({ "reason": "asked by Erika Mustermann" });
        app.owner().post(&format!("{path}/cancel"), &reason).await.expect(200);
        let create = |tx: &mut docket::db::WriteTx<'_>| docket::identity::create(tx, "other", &[]);
        let key = app.at_command_line(create).await.text.expose().clone();

        let journal = json!(journal(app).await).to_string();
        let events = json!(feed(app, "/v1/events", 200).await).to_string();
        for secret in SECRETS.into_iter().chain(["tok_", KEY, key.as_str()]) {
            assert!(!journal.contains(secret), "{secret} is in the journal");
            assert!(!events.contains(secret), "{secret} is in the events");
        }
        for secret in ["tok_", KEY, key.as_str()] {
            assert_eq!(tables_with(app, secret).await, [""; 0], "{secret}");
        }
        for secret in &SECRETS[1..] {
            assert_eq!(tables_with(app, secret).await, ["personal_data"], "{secret}");
        }
    }

    async fn events_come_once_each_in_order(app: &TestApp) {
        app.product("tea", 500, 100).await;
        let (order, _) = order(app, "automatic").await;
        app.owner().post(&format!("{order}/cancel"), &json!({})).await.expect(200);
        let entries = journal(app).await;
        for limit in [1, 3, 200] {
            let events = feed(app, "/v1/events", limit).await;
            let numbers: Vec<_> = events.iter().map(|event| event["seq"].as_i64().unwrap()).collect();
            let expected: Vec<_> = (1..=i64::try_from(events.len()).unwrap()).collect();
            assert_eq!(numbers, expected);
            for (event, entry) in events.iter().zip(&entries) {
                let (noun, verb) = event["type"].as_str().unwrap().split_once('.').unwrap();
                let plain = |word: &str| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
                assert!(plain(noun) && plain(verb), "{event}");
                assert!(event["version"].as_i64().unwrap() >= 1, "{event}");
                assert!(event["data"].is_object(), "{event}");
                for field in ["seq", "id", "type", "version", "subject", "request_id", "trace_id", "created_at"] {
                    assert_eq!(event[field], entry[field], "{field}");
                }
                assert!(entry["after"].is_null() || event["data"] == entry["after"]);
            }
        }
        let last = entries.len();
        let page = app.owner().get(&format!("/v1/events?after={}", last - 1)).await.expect(200);
        assert_eq!(page["data"][0]["seq"], last, "`after` is exclusive");
        let page = app.owner().get("/v1/events?after=9223372036854775807").await.expect(200);
        assert_eq!((&page["data"], &page["next_after"]), (&json!([]), &json!(i64::MAX)));
    }

    async fn nothing_of_the_journal_can_be_changed_by_a_request(app: &TestApp) {
        app.product("tea", 500, 100).await;
        let entries = journal(app).await;
        let id = entries[0]["id"].as_str().unwrap();
        for path in ["/v1/audit", "/v1/events", &format!("/v1/audit/{id}"), &format!("/v1/audit/{id}/proof")] {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                let headers = [("content-type", "application/json"), ("idempotency-key", "k")];
                let answer = app.owner().send(method, path, &headers, Some(b"{}".to_vec())).await;
                assert!([404, 405].contains(&answer.status), "{answer:?}");
            }
        }
        assert_eq!(journal(app).await, entries);
    }
}
