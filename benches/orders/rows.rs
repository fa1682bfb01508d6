//! The rows that docket writes for each order: which tables they are in, what they were at first
//! and became later. They are read back from its database, to be written again by the floors.

use std::borrow::Cow;
use std::collections::HashMap;

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Number(i64),
    Text(Cow<'static, str>),
}

/// A row, its columns in the table's order.
pub type Row = Vec<Value>;

/// A table that has rows of an order.
pub struct Table {
    pub name: &'static str,
    /// Asks for the order's id and the whole row.
    pub query: &'static str,
    /// Columns that a row has later than its insertion, with what they are before.
    pub later: &'static [(&'static str, Value)],
}

const fn text(text: &'static str) -> Value {
    Value::Text(Cow::Borrowed(text))
}

/// The tables, in the order of writing, but for the one that numbers the journal.
pub const TABLES: [Table; 14] = [
    Table {
        name: "idempotency_keys",
        query: "SELECT o.id, t.* FROM idempotency_keys t JOIN orders o ON o.idempotency_id = t.id",
        later: &[
            ("state", text("running")),
            ("status", Value::Null),
            ("headers", Value::Null),
            ("body", Value::Null),
        ],
    },
    Table {
        name: "customers",
        query: "SELECT MIN(o.id), t.* FROM customers t JOIN orders o ON o.customer_id = t.id
                GROUP BY t.id",
        later: &[],
    },
    Table {
        name: "stock_transfers",
        query: "SELECT t.order_id, t.* FROM stock_transfers t WHERE t.order_id IS NOT NULL",
        later: &[("status", text("pending")), ("settled_at", Value::Null)],
    },
    Table {
        name: MOVEMENTS,
        query: "SELECT s.order_id, t.* FROM stock_movements t JOIN stock_transfers s
                ON s.id = t.transfer_id WHERE s.order_id IS NOT NULL
                ORDER BY t.transfer_id, t.sku",
        later: &[],
    },
    Table {
        name: "orders",
        query: "SELECT t.id, t.* FROM orders t",
        later: &[
            ("status", text("pending")),
            ("payment_status", text("unpaid")),
            ("version", Value::Number(1)),
            ("revision", Value::Number(1)),
            ("updated_at", Value::Number(0)),
        ],
    },
    Table { name: "order_lines", query: "SELECT t.order_id, t.* FROM order_lines t", later: &[] },
    Table {
        name: "order_fulfilments",
        query: "SELECT t.order_id, t.* FROM order_fulfilments t",
        later: &[],
    },
    Table {
        name: "order_fulfilment_lines",
        query: "SELECT t.order_id, t.* FROM order_fulfilment_lines t",
        later: &[],
    },
    Table {
        name: "personal_data",
        query: "SELECT t.order_id, t.* FROM personal_data t",
        later: &[],
    },
    Table {
        name: "payments",
        query: "SELECT t.order_id, t.* FROM payments t",
        later: &[
            ("status", text("pending")),
            ("amount_authorized", Value::Number(0)),
            ("amount_captured", Value::Number(0)),
            ("gateway_reference", Value::Null),
            ("version", Value::Number(1)),
            ("updated_at", Value::Number(0)),
        ],
    },
    Table {
        name: "payment_operations",
        query: "SELECT p.order_id, t.* FROM payment_operations t
                JOIN payments p ON p.id = t.payment_id",
        later: &[
            ("status", text("pending")),
            ("due_at", Value::Number(0)),
            ("attempts", Value::Number(1)),
            ("updated_at", Value::Number(0)),
        ],
    },
    Table {
        name: "test_gateway_records",
        query: "SELECT p.order_id, t.* FROM test_gateway_records t
                JOIN payment_operations x ON x.id = t.id JOIN payments p ON p.id = x.payment_id",
        later: &[],
    },
    Table {
        name: "ledger_transfers",
        query: "SELECT p.order_id, t.* FROM ledger_transfers t
                JOIN payments p ON p.id = t.payment_id",
        later: &[],
    },
    Table {
        name: "journal_entries",
        query: "SELECT COALESCE(p.order_id, substr(t.subject, 7)), t.* FROM journal_entries t
                LEFT JOIN payments p ON p.id = substr(t.subject, 9)
                WHERE t.subject LIKE 'order:%' OR t.subject LIKE 'payment:%' ORDER BY t.id",
        later: &[],
    },
];

const MOVEMENTS: &str = "stock_movements";

/// The level of a product (`$2`) by which an order moves it (`$1`, negative): reserved first, then
/// gone. SQLite counts the parameters as they come, so they come in order.
pub const RESERVE: &str = "UPDATE stock_levels SET reserved = reserved - $1
    WHERE sku = $2 AND location = 'main' AND on_hand - reserved + $1 >= 0";
pub const POST: &str = "UPDATE stock_levels SET reserved = reserved + $1, on_hand = on_hand + $1
    WHERE sku = $2 AND location = 'main'";

/// All rows of one order, as they are in the end, by the place of their table.
pub type OrderRows = [Vec<Row>; TABLES.len() + 1];

/// What docket has written.
pub struct Written {
    /// The tables in the order of writing, each with its columns.
    pub tables: Vec<(&'static Table, Vec<String>)>,
    /// The orders, oldest first.
    pub orders: Vec<OrderRows>,
    places: HashMap<String, usize>,
}

impl Written {
    /// Nothing yet for these orders, oldest first.
    pub fn for_orders(ids: impl IntoIterator<Item = String>) -> Self {
        let places: HashMap<String, usize> =
            ids.into_iter().enumerate().map(|(place, id)| (id, place)).collect();
        let orders = (0..places.len()).map(|_| OrderRows::default()).collect();
        Self { tables: Vec::new(), orders, places }
    }

    /// The next table.
    pub fn table(&mut self, table: &'static Table, columns: Vec<String>) {
        self.tables.push((table, columns));
    }

    /// A row of the table that came last.
    pub fn row(&mut self, order: &str, row: Row) {
        self.orders[self.places[order]][self.tables.len() - 1].push(row);
    }

    /// Where a table is among the tables.
    pub fn place(&self, table: &str) -> usize {
        self.tables.iter().position(|(known, _)| known.name == table).unwrap()
    }

    /// Where a column is in a table.
    pub fn column(&self, table: &str, column: &str) -> usize {
        self.tables[self.place(table)].1.iter().position(|known| known == column).unwrap()
    }

    /// Where the movements of an order's stock are, and in them the product and by how much.
    pub fn movements(&self) -> (usize, usize, usize) {
        let column = |name| self.column(MOVEMENTS, name);
        (self.place(MOVEMENTS), column("delta"), column("sku"))
    }
}
