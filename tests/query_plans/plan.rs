//! How a database goes about a statement, and what is wrong with that.

use diesel::QueryableByName;
use diesel::connection::SimpleConnection;
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
        Dialect::Sqlite => (sqlite(conn, sql), on_sqlite as fn(&str, &str) -> bool),
        Dialect::Postgres => (postgres(conn, sql), on_postgres as _),
    };
    let cut = sql.contains("LIMIT");
    match plan.iter().any(|step| wrong(step, sql)) || (cut && misses_a_filter(sql, &plan)) {
        true => vec![format!("{sql}\n    {}", plan.join("\n    "))],
        false => Vec::new(),
    }
}

/// What the list of orders is filtered by.
const FILTERS: [&str; 4] = ["status", "payment_status", "fulfilment_status", "reference"];

/// Whether a page of orders is looked for along an index that does not know its filter: then all
/// orders between two that it shows are read.
fn misses_a_filter(sql: &str, plan: &[String]) -> bool {
    let sql = sql.replace('`', "\"");
    let named = |column: &&str| sql.contains(&format!("\"orders\".\"{column}\" ="));
    // The orders of one customer are few enough to be looked through.
    let mut known = FILTERS.iter().chain(&["customer_id"]);
    FILTERS.iter().any(named)
        && !known.any(|column| plan.iter().any(|step| searches_by(step, column)))
}

fn searches_by(step: &str, column: &str) -> bool {
    step.contains(&format!("({column}=?"))
        || (step.contains("Index Cond") && step.contains(&format!("({column} =")))
}

/// Any value will do for a plan, except where an index has the rows of one status only.
const VALUE: &str = "'pending'";

fn sqlite(conn: &mut Conn, sql: &str) -> Vec<String> {
    let sql = format!("EXPLAIN QUERY PLAN {}", sql.replace('?', VALUE));
    let steps = Statement::new(&sql).load::<Step>(conn);
    let steps = steps.unwrap_or_else(|failure| panic!("{sql}: {failure}"));
    steps.into_iter().map(|step| step.detail).collect()
}

/// A list may walk along its order until its page is full; what is cut must not be sorted before. A
/// search without a condition looks for the least or the greatest: at the end of an index, or else
/// in every row.
fn on_sqlite(step: &str, sql: &str) -> bool {
    let cut = sql.contains("LIMIT");
    let fills_a_page = cut && !sql.contains("WHERE");
    let all_rows = step.starts_with("SEARCH") && !step.contains('(') && !step.contains("INDEX");
    let whole = step.starts_with("SCAN") && !step.contains("CONSTANT ROW");
    let values = step.contains("VALUES CLAUSE");
    all_rows
        || (whole && !values && !fills_a_page)
        || (cut && step.contains("TEMP B-TREE FOR ORDER BY"))
}

/// The tables of a test are so small that the planner would read them from end to end: it is told
/// that this is dear, and so does it where it has to only. The same for sorting.
const DEAR: &str = "
    SET LOCAL enable_seqscan = off;
    SET LOCAL enable_sort = off;
    SET LOCAL enable_hashjoin = off;
    SET LOCAL enable_mergejoin = off;
    SET LOCAL plan_cache_mode = force_custom_plan;";

#[derive(QueryableByName)]
struct Type {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

fn postgres(conn: &mut Conn, sql: &str) -> Vec<String> {
    let prepared = conn.batch_execute(&format!("{DEAR} PREPARE asked AS {sql}"));
    prepared.unwrap_or_else(|failure| panic!("{sql}: {failure}"));
    let types: Vec<Type> = Statement::new(
        "SELECT unnest(parameter_types)::text AS name FROM pg_prepared_statements
         WHERE name = 'asked'",
    )
    .load(conn)
    .unwrap();
    let value = |of: &Type| match of.name.as_str() {
        "text" | "character varying" => VALUE.to_owned(),
        "text[]" => format!("ARRAY[{VALUE}]"),
        "bigint" | "integer" => "1".to_owned(),
        other => panic!("{other} in {sql}"),
    };
    let values: Vec<String> = types.iter().map(value).collect();
    let values = if values.is_empty() { String::new() } else { format!("({})", values.join(",")) };
    let lines = Statement::new(format!("EXPLAIN (COSTS OFF) EXECUTE asked{values}"));
    let lines = lines.load::<Line>(conn).unwrap_or_else(|failure| panic!("{sql}: {failure}"));
    conn.batch_execute("DEALLOCATE asked").unwrap();
    lines.into_iter().map(|line| line.line).collect()
}

fn on_postgres(step: &str, sql: &str) -> bool {
    let cut = sql.contains("LIMIT");
    step.contains("Seq Scan") || (cut && step.trim_start_matches([' ', '-', '>']) == "Sort")
}
