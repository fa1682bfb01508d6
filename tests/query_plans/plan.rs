//! How a database goes about a statement, and what is wrong with that.

use diesel::QueryableByName;
use docket::db::{Conn, Dialect, Statement};

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = diesel::sql_types::Text)]
    detail: String,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text, column_name = "QUERY PLAN")]
    line: String,
}

/// What is wrong with the plan of a statement.
pub fn faults(conn: &mut Conn, sql: &str) -> Vec<String> {
    let (plan, wrong) = match conn.dialect() {
        Dialect::Sqlite => (sqlite(conn, sql), on_sqlite as fn(&str, bool) -> bool),
        Dialect::Postgres => (postgres(conn, sql), on_postgres as _),
    };
    let cut = sql.contains("LIMIT");
    match plan.iter().any(|step| wrong(step, cut)) {
        true => vec![format!("{sql}\n    {}", plan.join("\n    "))],
        false => Vec::new(),
    }
}

fn sqlite(conn: &mut Conn, sql: &str) -> Vec<String> {
    let steps: Vec<Step> = Statement::new(format!("EXPLAIN QUERY PLAN {sql}"))
        .load(conn)
        .unwrap_or_else(|failure| panic!("{sql}: {failure}"));
    steps.into_iter().map(|step| step.detail).collect()
}

/// A list may walk along an index until its page is full; what is cut must not be sorted before. A
/// search without a condition looks for the least or the greatest: at the end of an index, or else
/// in every row.
fn on_sqlite(step: &str, cut: bool) -> bool {
    let all_rows = step.starts_with("SEARCH") && !step.contains('(') && !step.contains("INDEX");
    let whole = step.starts_with("SCAN") && !step.contains("CONSTANT ROW");
    let along_an_index = step.contains("USING") && cut;
    all_rows || (whole && !along_an_index) || (cut && step.contains("TEMP B-TREE FOR ORDER BY"))
}

/// The tables of a test are so small that the planner would read them from end to end: it is told
/// that this is dear, and so does it where it has to only. The same for sorting.
fn postgres(conn: &mut Conn, sql: &str) -> Vec<String> {
    for way in ["seqscan", "sort", "incremental_sort", "hashjoin", "mergejoin"] {
        Statement::new(format!("SET LOCAL enable_{way} = off")).execute(conn).unwrap();
    }
    let lines: Vec<Line> = Statement::new(format!("EXPLAIN (COSTS OFF) {sql}"))
        .load(conn)
        .unwrap_or_else(|failure| panic!("{sql}: {failure}"));
    lines.into_iter().map(|line| line.line).collect()
}

fn on_postgres(step: &str, cut: bool) -> bool {
    step.contains("Seq Scan")
        || (cut && step.trim_start().starts_with("->  Sort"))
        || (cut && step.trim_start().starts_with("Sort ("))
}
