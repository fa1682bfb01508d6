//! The rows that docket has written for each order, read back to be written again by the floor.

use std::collections::HashMap;
use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::Value;

/// A row, its columns in the table's order.
pub type Row = Vec<Value>;

/// Tables that have rows of an order, and how to tell of which: a query of the order's id and the
/// whole row, in the order of writing.
pub const TABLES: [(&str, &str); 15] = [
    (
        "idempotency_keys",
        "SELECT o.id, t.* FROM idempotency_keys t JOIN orders o ON o.idempotency_id = t.id",
    ),
    (
        "customers",
        "SELECT MIN(o.id), t.* FROM customers t JOIN orders o ON o.customer_id = t.id
         GROUP BY t.id",
    ),
    (
        "stock_transfers",
        "SELECT t.order_id, t.* FROM stock_transfers t WHERE t.order_id IS NOT NULL",
    ),
    (
        "stock_movements",
        "SELECT s.order_id, t.* FROM stock_movements t JOIN stock_transfers s
         ON s.id = t.transfer_id WHERE s.order_id IS NOT NULL",
    ),
    ("orders", "SELECT t.id, t.* FROM orders t"),
    ("order_lines", "SELECT t.order_id, t.* FROM order_lines t"),
    ("order_fulfilments", "SELECT t.order_id, t.* FROM order_fulfilments t"),
    ("order_fulfilment_lines", "SELECT t.order_id, t.* FROM order_fulfilment_lines t"),
    ("personal_data", "SELECT t.order_id, t.* FROM personal_data t"),
    ("payments", "SELECT t.order_id, t.* FROM payments t"),
    (
        "payment_operations",
        "SELECT p.order_id, t.* FROM payment_operations t JOIN payments p ON p.id = t.payment_id",
    ),
    (
        "test_gateway_records",
        "SELECT p.order_id, t.* FROM test_gateway_records t
         JOIN payment_operations x ON x.id = t.id JOIN payments p ON p.id = x.payment_id",
    ),
    (
        "ledger_transfers",
        "SELECT p.order_id, t.* FROM ledger_transfers t JOIN payments p ON p.id = t.payment_id",
    ),
    (
        "journal_entries",
        "SELECT COALESCE(p.order_id, substr(t.subject, 7)), t.* FROM journal_entries t
         LEFT JOIN payments p ON p.id = substr(t.subject, 9)
         WHERE t.subject LIKE 'order:%' OR t.subject LIKE 'payment:%' ORDER BY t.id",
    ),
    (
        "journal_sequence",
        "SELECT COALESCE(p.order_id, substr(e.subject, 7)), t.* FROM journal_sequence t
         JOIN journal_entries e ON e.id = t.entry_id
         LEFT JOIN payments p ON p.id = substr(e.subject, 9)
         WHERE e.subject LIKE 'order:%' OR e.subject LIKE 'payment:%' ORDER BY t.seq",
    ),
];

/// Everything that was written for one order, in the end: rows by the place of their table.
pub type OrderRows = [Vec<Row>; TABLES.len()];

/// The columns of the tables, in the order of [`TABLES`].
pub fn columns(conn: &Connection) -> Vec<Vec<String>> {
    let columns = |(table, _): &(&str, &str)| {
        let mut query = conn.prepare("SELECT name FROM pragma_table_info(?)").unwrap();
        let names = query.query_map([table], |row| row.get(0)).unwrap();
        names.map(Result::unwrap).collect()
    };
    TABLES.iter().map(columns).collect()
}

/// The orders of a database, oldest first.
pub fn of_orders(database: &Path) -> Vec<OrderRows> {
    let conn = Connection::open(database).unwrap();
    let mut ids: Vec<String> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut query = conn.prepare("SELECT id FROM orders ORDER BY number").unwrap();
    for id in query.query_map([], |row| row.get::<_, String>(0)).unwrap().map(Result::unwrap) {
        places.insert(id.clone(), ids.len());
        ids.push(id);
    }
    let mut orders: Vec<OrderRows> = ids.iter().map(|_| OrderRows::default()).collect();
    for (table, (_, query)) in TABLES.iter().enumerate() {
        let mut query = conn.prepare(query).unwrap();
        let width = query.column_count();
        let mut rows = query.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let order: String = row.get(0).unwrap();
            let row = (1..width).map(|column| row.get(column).unwrap()).collect();
            orders[places[&order]][table].push(row);
        }
    }
    orders
}
