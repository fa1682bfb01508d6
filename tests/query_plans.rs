//! No query of the server reads a table that grows with the shop's history from end to end, and no
//! page of a list is sorted before it is cut: every statement that a server has really run is
//! explained by the database that ran it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "query_plans/captured.rs"]
mod captured;
#[path = "query_plans/day.rs"]
mod day;
#[path = "query_plans/plan.rs"]
mod plan;
#[allow(dead_code, unused_imports, unused_macros, reason = "not all of it is needed here")]
#[path = "server/support/mod.rs"]
mod support;

use docket::db::Statement;
use support::TestApp;

/// Statements that may do what is a fault elsewhere: words that they contain, and why.
const ALLOWED: &[(&str, &str)] = &[
    ("row_at_fault", "an invariant is about every row"),
    ("__diesel_schema_migrations", "one row per migration"),
    ("schema_writers", "one row per migration"),
    ("sqlite_schema", "the tables themselves"),
    ("api_keys", "a handful of keys"),
    ("staff", "a handful of people, with their links and sessions"),
    ("sign_in_failures", "ten thousand names at most"),
    ("stock_locations", "a handful of places"),
    ("journal_unsequenced", "what waits for its number, for a moment"),
    ("max(`journal_sequence`.`seq`)", "the greatest key of a table is its last one"),
    ("`journal_entries`.`subject` ", "what was done to one thing is little enough to be sorted"),
    ("`journal_entries`.`actor` = ", "fifty thousand entries are sorted at most"),
    ("(1=0)", "nothing is looked for"),
    ("`journal_entries`.`trace_id` = ", "a minute of the journal, or its newest entries"),
    ("`journal_entries`.`request_id` = ", "a minute of the journal, or its newest entries"),
    ("OFFSET ", "looks through so many of the newest entries, and no more"),
    ("`product_words`.`sku` = `products`.`sku`", "once an hour; the catalogue is no history"),
    (" - `stock_levels`.`reserved`) <= ", "what runs out: one row per product, and no history"),
    (" - \"stock_levels\".\"reserved\") <= ", "what runs out: one row per product, and no history"),
    ("FROM products WHERE 1 = 1", "a search looks into every product; the catalogue is no history"),
];

/// What is wrong with the plans of all that this server's database was asked.
async fn faults(app: &TestApp) -> Vec<String> {
    let statements = captured::statements(&app.database_address());
    assert!(statements.len() > 60, "the day asks more: {statements:#?}");
    let db = app.database();
    let allowed = |sql: &str| ALLOWED.iter().any(|(words, _)| sql.contains(words));
    let faults = db
        .read(move |conn| {
            let asked = statements.iter().filter(|sql| !allowed(sql));
            Ok(asked.flat_map(|sql| plan::faults(conn, sql)).collect())
        })
        .await
        .unwrap();
    db.close().await;
    faults
}

/// Indexes, each of which is missed at once.
const NEEDED: [&str; 4] =
    ["orders_payment_status", "orders_deadline", "payment_operations_due", "stock_transfers_order"];

async fn scenario(app: TestApp) {
    day::run(&app).await;
    let found = faults(&app).await;
    assert!(found.is_empty(), "{}", found.join("\n\n"));
    for index in NEEDED {
        let drop = format!("DROP INDEX {index}");
        app.at_command_line(move |tx| tx.execute(Statement::new(drop.as_str()))).await;
    }
    let missed = faults(&app).await;
    assert!(missed.len() >= NEEDED.len(), "only {missed:#?}");
    assert!(missed.iter().any(|fault| fault.contains("payment_status")), "{missed:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_query_has_its_index_on_sqlite() {
    captured::begin();
    scenario(TestApp::on_sqlite_with(&[]).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_query_has_its_index_on_postgresql() {
    captured::begin();
    let Some(app) = TestApp::on_postgres_with(&[]).await else { return };
    scenario(app).await;
}
