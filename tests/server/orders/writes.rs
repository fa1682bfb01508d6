//! What an order costs the database, and what it is priced by.

use diesel::connection::SimpleConnection;
use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection};
use docket::catalog::{self, ProductInput};
use serde_json::{Value, json};

use crate::support::{TestApp, both, card, line, order_of};

#[derive(QueryableByName)]
struct Text {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

/// Tables that workers write by themselves.
const OF_WORKERS: [&str; 2] = ["journal_seals", "job_leases"];

fn texts(conn: &mut SqliteConnection, query: &str) -> Vec<String> {
    let rows: Vec<Text> = diesel::sql_query(query).load(conn).unwrap();
    rows.into_iter().map(|row| row.text).collect()
}

/// Has the database count every row that is inserted, updated or deleted from now on.
fn count_rows(conn: &mut SqliteConnection) {
    let tables = "SELECT name AS text FROM sqlite_master WHERE type = 'table'
                  AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_\\_%' ESCAPE '\\'";
    let tables = texts(conn, tables);
    conn.batch_execute("CREATE TABLE written (row TEXT NOT NULL)").unwrap();
    for table in tables.iter().filter(|table| !OF_WORKERS.contains(&table.as_str())) {
        for change in ["INSERT", "UPDATE", "DELETE"] {
            let trigger = format!(
                "CREATE TRIGGER count_{table}_{change} AFTER {change} ON {table}
                 BEGIN INSERT INTO written VALUES ('{change} {table}'); END"
            );
            conn.batch_execute(&trigger).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paid_order_of_l_lines_writes_at_most_20_and_4_l_rows() {
    let app = TestApp::on_sqlite_with(&[]).await;
    let skus: Vec<String> = (0..40).map(|number| format!("tea-{number}")).collect();
    for sku in &skus {
        app.product(sku, 100, 100).await;
    }
    let file = app.data.path().join("docket.db");
    let mut conn = SqliteConnection::establish(&file.to_string_lossy()).unwrap();
    conn.batch_execute("PRAGMA busy_timeout = 10000").unwrap();
    count_rows(&mut conn);
    for lines in [1, 7, 40] {
        conn.batch_execute("DELETE FROM written").unwrap();
        let bought: Vec<Value> = skus[..lines].iter().map(|sku| line(sku, 1)).collect();
        app.owner().order(json!(bought), card("tok_visa")).await;
        let written = texts(&mut conn, "SELECT row AS text FROM written ORDER BY row");
        assert!(written.len() > 4 * lines, "nothing is counted: {written:?}");
        assert!(written.len() <= 20 + 4 * lines, "{lines} lines: {written:#?}");
    }
    drop(conn);
    app.end().await;
}

fn tea_at(price: i64) -> ProductInput {
    let details = json!({ "name": "Tea", "price": price, "currency": "USD" });
    ProductInput { sku: "tea".parse().unwrap(), details: serde_json::from_value(details).unwrap() }
}

both! {
    async fn an_order_is_priced_by_the_last_price_whoever_set_it(app: &TestApp) {
        app.product("tea", 100, 100).await;
        let total = async || app.owner().order(json!([line("tea", 1)]), card("tok_visa")).await["total"].clone();
        assert_eq!([total().await, total().await], [100, 100]);
        app.product("tea", 200, 0).await;
        assert_eq!([total().await, total().await], [200, 200]);
        // Another connection, as the import beside a running server has.
        app.at_command_line(|tx| catalog::put(tx, &tea_at(300), None)).await;
        assert_eq!([total().await, total().await], [300, 300]);
        let body = order_of(json!([line("tea", 1)]), card("tok_visa"));
        let mut in_euros = body.clone();
        in_euros["currency"] = "EUR".into();
        app.owner().post("/v1/orders", &in_euros).await.refused(422, "currency_mismatch");
        app.at_command_line(|tx| catalog::put(tx, &tea_at(400), None)).await;
        app.product("tea", 500, 0).await;
        assert_eq!(app.owner().post("/v1/orders", &body).await.expect(201)["total"], 500);
    }
}
