//! Queries on `products` and `prices`.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};

use super::get::Priced;
use super::model::{Price, Product, sort};
use super::schema::{prices, products};
use crate::db::{Conn, Statement, Value, WriteTx};
use crate::error::Error;
use crate::http::Paging;
use crate::kernel::{Amount, Currency, Timestamp};

/// A product as stored, without its prices.
#[derive(QueryableByName)]
#[diesel(table_name = products)]
struct Row {
    sku: String,
    name: String,
    department: Option<String>,
    category: Option<String>,
    brand: Option<String>,
    package_size: Option<String>,
    version: i64,
    created_at: i64,
    updated_at: i64,
}

/// A price as stored.
#[derive(QueryableByName)]
#[diesel(table_name = prices)]
struct PriceRow {
    sku: String,
    currency: String,
    amount: i64,
}

/// Ends a SELECT. Not `= ANY(array)`: PostgreSQL keeps the plan of a prepared statement, and one
/// made while a table was empty reads the whole table for every chunk of an import. A statement
/// with many values is planned each time.
fn where_sku_in(select: Statement, column: &str, skus: &[&str]) -> Statement {
    let places = vec!["?"; skus.len()].join(",");
    select.sql(&format!(" WHERE {column} IN ({places})")).bind_all(skus.iter().copied())
}

const COLUMNS: &str =
    "sku, name, department, category, brand, package_size, version, created_at, updated_at";

/// The products among `skus`, in no particular order.
pub(super) fn by_skus(conn: &mut Conn, skus: &[&str]) -> Result<Vec<Product>, Error> {
    let select = Statement::new(format!("SELECT {COLUMNS} FROM products"));
    let rows = where_sku_in(select, "sku", skus).load(conn)?;
    with_prices(conn, rows)
}

pub(super) fn search(
    conn: &mut Conn,
    patterns: Vec<String>,
    paging: &Paging,
) -> Result<Vec<Product>, Error> {
    let mut statement = Statement::new(format!("SELECT {COLUMNS} FROM products WHERE 1 = 1"));
    for pattern in patterns {
        statement = statement.sql(" AND search_text LIKE ? ESCAPE '\\'").bind(pattern);
    }
    if let Some(cursor) = &paging.cursor {
        statement = statement
            .sql(" AND (created_at, sku) < (?, ?)")
            .bind(cursor.created_at.micros())
            .bind(cursor.id.as_str());
    }
    let statement =
        statement.sql(" ORDER BY created_at DESC, sku DESC LIMIT ?").bind(paging.rows_wanted());
    let rows = statement.load(conn)?;
    with_prices(conn, rows)
}

/// Products after this SKU, in the order of SKUs.
pub(super) fn after_sku(conn: &mut Conn, sku: &str, limit: i64) -> Result<Vec<Product>, Error> {
    let select = Statement::new(format!(
        "SELECT {COLUMNS} FROM products WHERE sku > ? ORDER BY sku LIMIT ?"
    ));
    let rows = select.bind(sku).bind(limit).load(conn)?;
    with_prices(conn, rows)
}

fn with_prices(conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<Product>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let skus: Vec<&str> = rows.iter().map(|row| row.sku.as_str()).collect();
    let select = Statement::new("SELECT sku, currency, amount FROM prices");
    let found: Vec<PriceRow> = where_sku_in(select, "sku", &skus).load(conn)?;
    let mut by_sku: HashMap<String, Vec<Price>> = HashMap::new();
    for row in found {
        let price = row.price()?;
        by_sku.entry(row.sku).or_default().push(price);
    }
    let complete = |row: Row| {
        let mut prices = by_sku.remove(&row.sku).unwrap_or_default();
        sort(&mut prices);
        product(row, prices)
    };
    Ok(rows.into_iter().map(complete).collect())
}

impl PriceRow {
    fn price(&self) -> Result<Price, Error> {
        let unreadable = |failure| Error::internal("reading a price", failure);
        let currency: Currency = self.currency.parse().map_err(unreadable)?;
        Ok(Price { currency, amount: read_amount(self.amount)? })
    }
}

fn read_amount(amount: i64) -> Result<Amount, Error> {
    Amount::new(amount).map_err(|failure| Error::internal("reading a price", failure))
}

fn product(row: Row, prices: Vec<Price>) -> Product {
    Product {
        sku: row.sku,
        name: row.name,
        price: None,
        currency: None,
        prices,
        department: row.department,
        category: row.category,
        brand: row.brand,
        package_size: row.package_size,
        version: row.version,
        created_at: Timestamp::from_micros(row.created_at),
        updated_at: Timestamp::from_micros(row.updated_at),
    }
}

pub(super) fn names(conn: &mut Conn, skus: &[&str]) -> Result<Vec<(String, String)>, Error> {
    let named = products::table.filter(products::sku.eq_any(skus));
    Ok(named.select((products::sku, products::name)).load(conn)?)
}

pub(super) fn exists(conn: &mut Conn, sku: &str) -> Result<bool, Error> {
    let found: Option<String> =
        products::table.find(sku).select(products::sku).get_result(conn).optional()?;
    Ok(found.is_some())
}

pub(super) fn any(conn: &mut Conn) -> Result<bool, Error> {
    let first: Option<String> =
        products::table.select(products::sku).limit(1).first(conn).optional()?;
    Ok(first.is_some())
}

#[derive(QueryableByName)]
struct PricedRow {
    #[diesel(sql_type = Text)]
    sku: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    amount: Option<i64>,
}

pub(super) fn priced(
    conn: &mut Conn,
    skus: &[String],
    currency: Currency,
) -> Result<Vec<Priced>, Error> {
    let select = Statement::new(
        "SELECT p.sku, p.name, r.amount FROM products p \
         LEFT JOIN prices r ON r.sku = p.sku AND r.currency = ?",
    );
    let skus: Vec<&str> = skus.iter().map(String::as_str).collect();
    let statement = where_sku_in(select.bind(currency.as_str()), "p.sku", &skus);
    let rows: Vec<PricedRow> = statement.load(conn)?;
    rows.into_iter()
        .map(|row| {
            let price = row.amount.map(read_amount).transpose()?;
            Ok(Priced { sku: row.sku, name: row.name, price })
        })
        .collect()
}

/// Writes new products and next versions; answers how many. One that another transaction made or
/// changed meanwhile is left alone, so that fewer are written than were given.
pub(super) fn upsert_products(tx: &mut WriteTx<'_>, products: &[&Product]) -> Result<usize, Error> {
    let rows = products.iter().map(|product| -> [Value; 10] {
        [
            product.sku.as_str().into(),
            product.name.as_str().into(),
            product.search_text().into(),
            product.department.clone().into(),
            product.category.clone().into(),
            product.brand.clone().into(),
            product.package_size.clone().into(),
            product.version.into(),
            product.created_at.micros().into(),
            product.updated_at.micros().into(),
        ]
    });
    let columns = [
        "sku",
        "name",
        "search_text",
        "department",
        "category",
        "brand",
        "package_size",
        "version",
        "created_at",
        "updated_at",
    ];
    let statement = Statement::insert("products", columns, rows).sql(
        " ON CONFLICT (sku) DO UPDATE SET name = excluded.name, \
         search_text = excluded.search_text, department = excluded.department, \
         category = excluded.category, brand = excluded.brand, \
         package_size = excluded.package_size, version = excluded.version, \
         updated_at = excluded.updated_at WHERE products.version = excluded.version - 1",
    );
    tx.execute(statement)
}

/// Writes the prices of products that were just written.
pub(super) fn upsert_prices<'p>(
    tx: &mut WriteTx<'_>,
    prices: impl Iterator<Item = (&'p str, &'p Price)>,
) -> Result<(), Error> {
    let mut rows = prices
        .map(|(sku, price)| -> [Value; 3] {
            [sku.into(), price.currency.as_str().into(), price.amount.minor().into()]
        })
        .peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    let statement = Statement::insert("prices", ["sku", "currency", "amount"], rows)
        .sql(" ON CONFLICT (sku, currency) DO UPDATE SET amount = excluded.amount");
    tx.execute(statement)?;
    Ok(())
}
