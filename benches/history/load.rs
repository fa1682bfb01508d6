//! A database with a long history: some thousand real orders, written again until there are as
//! many as wanted, spread over a year that ends now.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use docket::idempotency::KEPT;
use docket::kernel::{Clock, Stopwatch, Timestamp, TransferId};
use rusqlite::{Connection, Statement, params_from_iter};

use crate::Figure;
use crate::copies::{Change, Original, id};
use crate::database::Database;
use crate::process::Home;
use crate::rows::{OrderRows, Table, Value, Written};
use crate::sample;
use crate::shop::Shop;
use crate::sqlite::Sqlite;

/// Real orders that all others are copies of.
const SAMPLE: usize = 2_000;
const YEAR_MS: i64 = 365 * 24 * 3_600 * 1_000;
/// Orders in one transaction.
const BATCH: usize = 20_000;
const FIRST_NUMBER: i64 = 1_001;
/// Orders in one stretch of movements.
const STRETCH: usize = 2_000;
const KEYS: &str = "idempotency_keys";
const CUSTOMERS: &str = "customers";

/// Nothing else has the file, and a load that dies is begun anew.
const SET_UP: &str = "
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA foreign_keys = OFF;
    PRAGMA cache_size = -1000000;
    PRAGMA temp_store = MEMORY;";

/// Enough of everything for every basket.
const DELIVERY: &str = "
    INSERT INTO stock_transfers (id, kind, status, reason, created_at, settled_at)
        VALUES ('00000000-delivery', 'adjustment', 'posted', 'history', 0, 0);
    INSERT INTO stock_movements (transfer_id, sku, location, delta)
        SELECT '00000000-delivery', sku, location, 1000000000000 FROM stock_levels;
    UPDATE stock_levels SET on_hand = on_hand + 1000000000000";

/// A level is the sum of what was moved and of what is held.
const MOVE: &str = "
    UPDATE stock_levels SET on_hand = on_hand + ?, reserved = reserved - ?
    WHERE sku = ? AND location = 'main'";

/// Fills a new home with so many orders; answers how long each part took, in seconds.
pub fn fill(home: &Home, shop: &Shop, orders: usize) -> Vec<Figure> {
    let mut figures = Vec::new();
    let mut timed = |name: &str, part: &mut dyn FnMut()| {
        let took = Stopwatch::start();
        part();
        figures.push((format!("{name}_s"), took.elapsed().as_secs_f64()));
    };
    let import = ["import", "products", shop.products.to_str().unwrap()];
    let year = Year::until_now(orders);
    // The first start makes the keys that the sample's rows name.
    home.start(&[]).stop();
    // Before anything moves: what is in stock comes now, after all that was sold.
    year.begin_stretches(&home.database_file());
    home.run(&import);
    let mut sample = Written::for_orders([]);
    timed("sample", &mut || sample = real_orders(home, shop, orders.min(SAMPLE)));
    timed("rows", &mut || write(&home.database_file(), &sample, &year));
    // A command that may write seals what it finds.
    timed("seals", &mut || drop(home.run(&import)));
    figures
}

/// Places orders on a copy of a home, so that its own database has none yet.
fn real_orders(home: &Home, shop: &Shop, count: usize) -> Written {
    let other = Home::on_sqlite();
    for file in fs::read_dir(home.data.path()).unwrap().map(Result::unwrap) {
        if file.file_type().unwrap().is_file() {
            fs::copy(file.path(), other.data.path().join(file.file_name())).unwrap();
        }
    }
    sample::place(&other, shop, count);
    Sqlite.written(&other)
}

/// Writes the history's rows.
fn write(database: &Path, sample: &Written, year: &Year) {
    let conn = Connection::open(database).unwrap();
    conn.execute_batch(SET_UP).unwrap();
    let shared = shared(&conn, sample);
    let original = |order| Original::of(order, sample, &shared);
    let originals: Vec<Original> = sample.orders.iter().map(original).collect();
    let insert = |(table, columns): &(&Table, Vec<String>)| {
        (table.name, insert(&conn, table.name, columns.len()))
    };
    let mut inserts: Vec<(&str, Statement<'_>)> = sample.tables.iter().map(insert).collect();
    conn.execute_batch("BEGIN").unwrap();
    let customers = sample.place(CUSTOMERS);
    for customer in sample.orders.iter().flat_map(|order| &order[customers]) {
        inserts[customers].1.execute(params_from_iter(customer)).unwrap();
    }
    for (place, change) in year.changes(&originals).enumerate() {
        write_order(&mut inserts, &originals[place % originals.len()], change);
        if place % BATCH == BATCH - 1 {
            conn.execute_batch("COMMIT; BEGIN").unwrap();
        }
    }
    conn.execute_batch(DELIVERY).unwrap();
    for (place, order) in sample.orders.iter().enumerate() {
        let copies = (year.orders + sample.orders.len() - 1 - place) / sample.orders.len();
        move_stock(&conn, order, sample, i64::try_from(copies).unwrap());
    }
    conn.execute_batch("COMMIT").unwrap();
    drop(inserts);
    conn.execute_batch("PRAGMA journal_mode = WAL").unwrap();
}

/// Moves the stock as so many copies of an order did.
fn move_stock(conn: &Connection, order: &OrderRows, sample: &Written, copies: i64) {
    let (transfers, movements) = ("stock_transfers", "stock_movements");
    let (id, status) = (sample.column(transfers, "id"), sample.column(transfers, "status"));
    let (of, sku) = (sample.column(movements, "transfer_id"), sample.column(movements, "sku"));
    let mut moving = conn.prepare_cached(MOVE).unwrap();
    for movement in &order[sample.place(movements)] {
        let mut rows = order[sample.place(transfers)].iter();
        let transfer = rows.find(|row| row[id] == movement[of]).unwrap();
        let Value::Number(delta) = movement[sample.column(movements, "delta")] else { panic!() };
        let (moved, held) = match &transfer[status] {
            Value::Text(status) if status == "posted" => (delta * copies, 0),
            Value::Text(status) if status == "pending" => (0, delta * copies),
            _ => (0, 0),
        };
        moving.execute((moved, held, &movement[sku])).unwrap();
    }
}

fn insert<'c>(conn: &'c Connection, table: &str, columns: usize) -> Statement<'c> {
    let marks = vec!["?"; columns].join(",");
    conn.prepare(&format!("INSERT INTO {table} VALUES ({marks})")).unwrap()
}

/// Identifiers that all copies of an order name as it does: customers and keys.
fn shared(conn: &Connection, sample: &Written) -> HashSet<u128> {
    let mut query = conn.prepare("SELECT id FROM api_keys").unwrap();
    let keys = query.query_map([], |row| row.get::<_, Value>(0)).unwrap().map(Result::unwrap);
    let customers = sample.place(CUSTOMERS);
    let customers =
        sample.orders.iter().flat_map(|order| &order[customers]).map(|row| row[0].clone());
    let read = |value| match value {
        Value::Text(text) => id(&text).unwrap().0,
        other => panic!("{other:?}"),
    };
    keys.chain(customers).map(read).collect()
}

/// Orders come in evenly, these milliseconds apart.
struct Year {
    orders: usize,
    begin: i64,
    pace: f64,
}

impl Year {
    fn until_now(orders: usize) -> Self {
        Self { orders, begin: now() - YEAR_MS, pace: YEAR_MS as f64 / orders as f64 }
    }

    fn at(&self, place: usize) -> i64 {
        self.begin + (place as f64 * self.pace) as i64
    }

    /// The first one has begun before all orders.
    fn begin_stretches(&self, database: &Path) {
        let conn = Connection::open(database).unwrap();
        let insert = "INSERT INTO stock_stretches (number, begins) VALUES (?, ?)";
        let mut insert = conn.prepare(insert).unwrap();
        for place in (STRETCH..self.orders).step_by(STRETCH) {
            let begins = TransferId::first_at(Timestamp::from_micros(self.at(place) * 1_000));
            insert.execute((stretch(place), begins.to_string())).unwrap();
        }
    }

    /// What each order of the history differs in from the order that it is a copy of.
    fn changes(&self, originals: &[Original]) -> impl Iterator<Item = Change> {
        (0..self.orders).map(move |place| Change {
            millis: self.at(place) - originals[place % originals.len()].placed,
            copy: u32::try_from(place / originals.len()).unwrap(),
            number: FIRST_NUMBER + i64::try_from(place).unwrap(),
            stretch: stretch(place),
        })
    }
}

fn stretch(place: usize) -> i64 {
    i64::try_from(place / STRETCH).unwrap()
}

fn now() -> i64 {
    Clock::System.now().micros() / 1_000
}

fn write_order(inserts: &mut [(&str, Statement<'_>)], original: &Original, change: Change) {
    // Saved replies are kept for three days.
    let forgotten = original.placed + change.millis + KEPT.as_millis() as i64 <= now();
    for (table, (name, insert)) in inserts.iter_mut().enumerate() {
        if *name == CUSTOMERS || *name == KEYS && forgotten {
            continue;
        }
        for row in original.copied(table, change) {
            insert.execute(params_from_iter(row)).unwrap();
        }
    }
}
