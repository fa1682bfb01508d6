//! What the database itself allows: a bare loop on SQLite's C interface, one thread, statements
//! prepared once, row by row, that writes for each order the very rows that docket wrote, first as
//! they were when the order came in, then as they became, under the same settings.

use std::path::Path;

use docket::kernel::Stopwatch;
use rusqlite::types::Value;
use rusqlite::{CachedStatement, Connection, ToSql, params_from_iter};

use crate::rows::{OrderRows, Row, TABLES, columns};

/// As docket sets its connections up.
const SET_UP: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA foreign_keys = ON;
    PRAGMA secure_delete = ON;
    PRAGMA wal_autocheckpoint = 16384;
    PRAGMA journal_size_limit = 67108864;
    PRAGMA cache_size = -16000;
    PRAGMA temp_store = MEMORY;";

/// Columns that an order's rows have later than their insertion, with what they are before: the
/// table, and each column with its first value.
const LATER: [(&str, &[(&str, First)]); 5] = [
    (
        "idempotency_keys",
        &[
            ("state", First::Text("running")),
            ("status", First::Null),
            ("headers", First::Null),
            ("body", First::Null),
        ],
    ),
    ("stock_transfers", &[("status", First::Text("pending")), ("settled_at", First::Null)]),
    (
        "orders",
        &[
            ("status", First::Text("pending")),
            ("payment_status", First::Text("unpaid")),
            ("version", First::Number(1)),
            ("revision", First::Number(1)),
            ("updated_at", First::Number(0)),
        ],
    ),
    (
        "payments",
        &[
            ("status", First::Text("pending")),
            ("amount_authorized", First::Number(0)),
            ("amount_captured", First::Number(0)),
            ("gateway_reference", First::Null),
            ("version", First::Number(1)),
            ("updated_at", First::Number(0)),
        ],
    ),
    (
        "payment_operations",
        &[
            ("status", First::Text("pending")),
            ("due_at", First::Number(0)),
            ("attempts", First::Number(1)),
            ("updated_at", First::Number(0)),
        ],
    ),
];

/// What a column is at first.
enum First {
    Null,
    Number(i64),
    Text(&'static str),
}

impl First {
    fn value(&self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Number(number) => Value::Integer(*number),
            Self::Text(text) => Value::Text((*text).to_owned()),
        }
    }
}

/// A table's insertion, and its later update with the places of the columns that it sets.
struct Writing<'a> {
    insert: CachedStatement<'a>,
    later: Option<(CachedStatement<'a>, Vec<(usize, Value)>)>,
}

/// Writes these orders into a database that has the products and nothing else, so many orders in
/// each commit; answers how long it took, in seconds.
pub fn seconds(database: &Path, orders: &[OrderRows], batch: usize) -> f64 {
    let conn = Connection::open(database).unwrap();
    conn.set_prepared_statement_cache_capacity(64);
    conn.execute_batch(SET_UP).unwrap();
    let names = columns(&conn);
    let mut writings: Vec<Writing<'_>> =
        (0..TABLES.len()).map(|table| Writing::of(&conn, TABLES[table].0, &names[table])).collect();
    let mut levels = Levels::of(&conn, &names);
    let took = Stopwatch::start();
    for batch in orders.chunks(batch) {
        conn.execute_batch("BEGIN IMMEDIATE").unwrap();
        for order in batch {
            for (writing, rows) in writings.iter_mut().zip(order) {
                rows.iter().for_each(|row| writing.insert(row));
            }
            levels.reserve(order);
            levels.post(order);
            for (writing, rows) in writings.iter_mut().zip(order) {
                rows.iter().for_each(|row| writing.update(row));
            }
        }
        conn.execute_batch("COMMIT").unwrap();
    }
    took.elapsed().as_secs_f64()
}

impl<'a> Writing<'a> {
    fn of(conn: &'a Connection, table: &str, columns: &[String]) -> Self {
        let marks = vec!["?"; columns.len()].join(",");
        let insert = conn.prepare_cached(&format!("INSERT INTO {table} VALUES ({marks})")).unwrap();
        let later = LATER.iter().find(|(known, _)| *known == table).map(|(_, later)| {
            let set: Vec<String> = later.iter().map(|(name, _)| format!("{name} = ?")).collect();
            let sql = format!("UPDATE {table} SET {} WHERE id = ?", set.join(", "));
            let place = |name: &str| columns.iter().position(|column| column == name).unwrap();
            let places = later.iter().map(|(name, first)| (place(name), first.value()));
            (conn.prepare_cached(&sql).unwrap(), places.collect())
        });
        Self { insert, later }
    }

    fn insert(&mut self, row: &Row) {
        let changed = self.later.as_ref().map_or(&[][..], |(_, places)| &places[..]);
        let values = row.iter().enumerate().map(|(place, value)| {
            changed.iter().find(|(changed, _)| *changed == place).map_or(value, |(_, first)| first)
        });
        self.insert.execute(params_from_iter(values)).unwrap();
    }

    /// The identifier is the first column of every table that is updated.
    fn update(&mut self, row: &Row) {
        if let Some((update, places)) = &mut self.later {
            let values = places.iter().map(|(place, _)| &row[*place]).chain([&row[0]]);
            update.execute(params_from_iter(values)).unwrap();
        }
    }
}

/// The stock that orders take: reserved first, then gone.
struct Levels<'a> {
    reserve: CachedStatement<'a>,
    post: CachedStatement<'a>,
    movements: usize,
    sku: usize,
    delta: usize,
}

impl<'a> Levels<'a> {
    fn of(conn: &'a Connection, names: &[Vec<String>]) -> Self {
        let movements = TABLES.iter().position(|(table, _)| *table == "stock_movements").unwrap();
        let place = |name: &str| names[movements].iter().position(|column| column == name).unwrap();
        let reserve = "UPDATE stock_levels SET reserved = reserved - ?2
                       WHERE sku = ?1 AND location = 'main' AND on_hand - reserved + ?2 >= 0";
        let post = "UPDATE stock_levels SET reserved = reserved + ?2, on_hand = on_hand + ?2
                    WHERE sku = ?1 AND location = 'main'";
        Self {
            reserve: conn.prepare_cached(reserve).unwrap(),
            post: conn.prepare_cached(post).unwrap(),
            movements,
            sku: place("sku"),
            delta: place("delta"),
        }
    }

    fn reserve(&mut self, order: &OrderRows) {
        for row in &order[self.movements] {
            let taken: [&dyn ToSql; 2] = [&row[self.sku], &row[self.delta]];
            assert_eq!(self.reserve.execute(&taken[..]).unwrap(), 1);
        }
    }

    fn post(&mut self, order: &OrderRows) {
        for row in &order[self.movements] {
            let taken: [&dyn ToSql; 2] = [&row[self.sku], &row[self.delta]];
            assert_eq!(self.post.execute(&taken[..]).unwrap(), 1);
        }
    }
}
