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
#[derive(Queryable, Selectable, QueryableByName)]
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

const COLUMNS: &str =
    "sku, name, department, category, brand, package_size, version, created_at, updated_at";

/// The products among `skus`, in no particular order.
pub(super) fn by_skus(conn: &mut Conn, skus: &[&str]) -> Result<Vec<Product>, Error> {
    let rows: Vec<Row> = products::table
        .filter(products::sku.eq_any(skus))
        .select((
            products::sku,
            products::name,
            products::department,
            products::category,
            products::brand,
            products::package_size,
            products::version,
            products::created_at,
            products::updated_at,
        ))
        .load(conn)?;
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

fn with_prices(conn: &mut Conn, rows: Vec<Row>) -> Result<Vec<Product>, Error> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let skus: Vec<&str> = rows.iter().map(|row| row.sku.as_str()).collect();
    let found: Vec<(String, String, i64)> =
        prices::table.filter(prices::sku.eq_any(skus)).load(conn)?;
    let mut by_sku: HashMap<String, Vec<Price>> = HashMap::new();
    for (sku, currency, amount) in found {
        by_sku.entry(sku).or_default().push(price(&currency, amount)?);
    }
    let complete = |row: Row| {
        let mut prices = by_sku.remove(&row.sku).unwrap_or_default();
        sort(&mut prices);
        product(row, prices)
    };
    Ok(rows.into_iter().map(complete).collect())
}

fn price(currency: &str, amount: i64) -> Result<Price, Error> {
    let currency: Currency =
        currency.parse().map_err(|failure| Error::internal("reading a price", failure))?;
    Ok(Price { currency, amount: read_amount(amount)? })
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

pub(super) fn exists(conn: &mut Conn, sku: &str) -> Result<bool, Error> {
    let found: Option<String> =
        products::table.find(sku).select(products::sku).first(conn).optional()?;
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
    let places = vec!["?"; skus.len()].join(",");
    let statement = Statement::new(
        "SELECT p.sku, p.name, r.amount FROM products p \
         LEFT JOIN prices r ON r.sku = p.sku AND r.currency = ? ",
    )
    .bind(currency.as_str())
    .sql(&format!("WHERE p.sku IN ({places})"))
    .bind_all(skus.iter().map(String::as_str));
    let rows: Vec<PricedRow> = statement.load(conn)?;
    rows.into_iter()
        .map(|row| {
            let currency_price = row.amount.map(read_amount).transpose()?;
            Ok(Priced { sku: row.sku, name: row.name, currency_price })
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

/// Writes the price that each product is quoted with.
pub(super) fn upsert_prices(tx: &mut WriteTx<'_>, products: &[&Product]) -> Result<(), Error> {
    let rows = products.iter().filter_map(|product| -> Option<[Value; 3]> {
        let (currency, amount) = (product.currency?, product.price?);
        Some([product.sku.as_str().into(), currency.as_str().into(), amount.minor().into()])
    });
    let statement = Statement::insert("prices", ["sku", "currency", "amount"], rows)
        .sql(" ON CONFLICT (sku, currency) DO UPDATE SET amount = excluded.amount");
    tx.execute(statement)?;
    Ok(())
}
