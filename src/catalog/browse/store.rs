//! Queries for looking around in the shop.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::{Browse, Shelved};
use crate::db::{Conn, Statement};
use crate::error::Error;
use crate::kernel::{Amount, Currency};

#[derive(QueryableByName)]
struct ShelfRow {
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = Nullable<Text>)]
    department: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    brand: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    package_size: Option<String>,
}

#[derive(QueryableByName)]
struct DepartmentRow {
    #[diesel(sql_type = Text)]
    department: String,
}

const COLUMNS: &str = "p.sku, p.name, r.amount, p.department, p.brand, p.package_size";

/// Products whose words begin with all `prefixes`. Those of a search are found by their words
/// first, however many products there are; without one, an index gives them in their order.
pub(super) fn shelf(
    conn: &mut Conn,
    wanted: &Browse,
    prefixes: &[String],
) -> Result<Vec<Shelved>, Error> {
    let mut statement = match prefixes {
        [] => Statement::new(format!("SELECT {COLUMNS} FROM products p CROSS JOIN prices r ")),
        prefixes => found(prefixes).sql(&format!(
            "SELECT {COLUMNS} FROM hits h CROSS JOIN products p CROSS JOIN prices r "
        )),
    };
    let joined = if prefixes.is_empty() { "" } else { "p.sku = h.sku AND " };
    statement = statement
        .sql(&format!("WHERE {joined}r.sku = p.sku AND r.currency = ?"))
        .bind(wanted.currency.as_str());
    if let Some(department) = &wanted.department {
        statement = statement.sql(" AND p.department = ?").bind(department.as_str());
    }
    if let Some((name, sku)) = &wanted.after {
        statement = statement
            .sql(" AND (p.name, p.sku) > (?, ?)")
            .bind_all([name, sku].map(String::as_str));
    }
    let statement = statement.sql(" ORDER BY p.name, p.sku LIMIT ?").bind(wanted.limit);
    let rows: Vec<ShelfRow> = statement.load(conn)?;
    rows.into_iter().map(shelved).collect()
}

pub(super) fn on_shelf(
    conn: &mut Conn,
    skus: &[&str],
    currency: Currency,
) -> Result<Vec<Shelved>, Error> {
    let places = vec!["?"; skus.len()].join(",");
    let statement = Statement::new(format!(
        "SELECT {COLUMNS} FROM products p JOIN prices r ON r.sku = p.sku AND r.currency = ? \
         WHERE p.sku IN ({places})"
    ));
    let statement = statement.bind(currency.as_str()).bind_all(skus.iter().copied());
    let rows: Vec<ShelfRow> = statement.load(conn)?;
    rows.into_iter().map(shelved).collect()
}

/// The beginning of a statement that knows as `hits` which products have words that begin so.
fn found(prefixes: &[String]) -> Statement {
    let one = "SELECT DISTINCT sku FROM product_words WHERE word >= ? AND word < ?";
    let all = vec![one; prefixes.len()].join(" INTERSECT ");
    let ranges = prefixes.iter().flat_map(|prefix| [prefix.clone(), end_of(prefix)]);
    Statement::new(format!("WITH hits AS MATERIALIZED ({all}) ")).bind_all(ranges)
}

/// What comes after all words that begin so: nothing that does comes after the prefix followed by
/// the last character. A single character is a word by itself: too many begin with it.
fn end_of(prefix: &str) -> String {
    let last = if prefix.chars().nth(1).is_some() { '\u{10ffff}' } else { '\u{1}' };
    format!("{prefix}{last}")
}

fn shelved(row: ShelfRow) -> Result<Shelved, Error> {
    let price =
        Amount::new(row.amount).map_err(|failure| Error::internal("reading a price", failure))?;
    let ShelfRow { sku, name, department, brand, package_size, .. } = row;
    Ok(Shelved { sku, name, price, department, brand, package_size })
}

/// From one to the next by the index, as there are few: counting them would read every product.
pub(super) fn departments(conn: &mut Conn) -> Result<Vec<String>, Error> {
    let statement = Statement::new(
        "WITH RECURSIVE found (department) AS (SELECT min(department) FROM products \
         UNION ALL SELECT (SELECT min(p.department) FROM products p \
         WHERE p.department > found.department) FROM found WHERE found.department IS NOT NULL) \
         SELECT department FROM found WHERE department IS NOT NULL",
    );
    let rows: Vec<DepartmentRow> = statement.load(conn)?;
    Ok(rows.into_iter().map(|row| row.department).collect())
}
