//! SQLite to measure on: its own C interface, set up as docket sets it up.

use std::path::PathBuf;

use rusqlite::types::{FromSql, FromSqlResult, ToSql, ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, params_from_iter};

use crate::database::Database;
use crate::floor::{self, Bare, Floor, Script};
use crate::process::Home;
use crate::rows::{TABLES, Table, Value, Written};

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

/// Bytes of an order's share are counted with what the checkpoints write of it.
const CHECKPOINT: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

/// The import has entries of its own, whose numbers the orders' entries had to follow.
const WITHOUT_NUMBERS: &str =
    "DROP TRIGGER journal_sequence_no_delete; DELETE FROM journal_sequence;";

const FLOORS: [Floor; 3] = [
    Floor {
        figure: "batched_floor_per_second",
        ratio: "docket_to_batched_floor",
        connections: 1,
        batch: 64,
        in_two_steps: false,
        orders_most: usize::MAX,
    },
    Floor {
        figure: "two_step_floor_per_second",
        ratio: "docket_to_two_step_floor",
        connections: 1,
        batch: 64,
        in_two_steps: true,
        orders_most: usize::MAX,
    },
    Floor {
        figure: "single_floor_per_second",
        ratio: "docket_to_single_floor",
        connections: 1,
        batch: 1,
        in_two_steps: false,
        orders_most: 3_000,
    },
];

/// The one writer numbers as it writes.
static NUMBERS: Table = Table {
    name: "journal_sequence",
    query: "SELECT COALESCE(p.order_id, substr(e.subject, 7)), t.* FROM journal_sequence t
            JOIN journal_entries e ON e.id = t.entry_id
            LEFT JOIN payments p ON p.id = substr(e.subject, 9)
            WHERE e.subject LIKE 'order:%' OR e.subject LIKE 'payment:%' ORDER BY t.seq",
    later: &[],
};

pub struct Sqlite;

fn file(home: &Home) -> PathBuf {
    home.data.path().join("docket.db")
}

fn connection(home: &Home) -> Connection {
    Connection::open(file(home)).unwrap()
}

impl Database for Sqlite {
    fn settings(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    fn home(&self) -> Home {
        Home::on_sqlite()
    }

    fn discard(&self, home: Home) {
        drop(home);
    }

    fn settle(&self, _: &Home) {}

    fn count(&self, home: &Home, table: &str) -> usize {
        let conn = connection(home);
        conn.execute_batch(CHECKPOINT).unwrap();
        let sql = format!("SELECT COUNT(*) FROM {table}");
        usize::try_from(conn.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap()).unwrap()
    }

    fn written(&self, home: &Home) -> Written {
        let conn = connection(home);
        let mut query = conn.prepare("SELECT id FROM orders ORDER BY number").unwrap();
        let ids = query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap);
        let mut written = Written::for_orders(ids);
        for table in TABLES.iter().chain([&NUMBERS]) {
            let mut query = conn.prepare(table.query).unwrap();
            let columns: Vec<String> =
                query.column_names().into_iter().skip(1).map(str::to_owned).collect();
            let width = columns.len();
            written.table(table, columns);
            let mut rows = query.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                let order: String = row.get(0).unwrap();
                written.row(&order, (1..=width).map(|place| row.get(place).unwrap()).collect());
            }
        }
        written
    }

    fn floors(&self) -> &'static [Floor] {
        &FLOORS
    }

    fn rate(&self, home: &Home, floor: &Floor, written: &Written) -> f64 {
        connection(home).execute_batch(WITHOUT_NUMBERS).unwrap();
        let script = Script::of(written, &[]);
        floor::rate(floor, &script, &written.orders, |waiting| {
            let conn = connection(home);
            conn.execute_batch(SET_UP).unwrap();
            conn.set_prepared_statement_cache_capacity(64);
            let prepare = |sql: &String| conn.prepare_cached(sql).unwrap();
            let statements = script.statements.iter().map(prepare).collect();
            waiting.write(&mut Prepared { conn: &conn, statements });
        })
    }
}

struct Prepared<'a> {
    conn: &'a Connection,
    statements: Vec<CachedStatement<'a>>,
}

impl Bare for Prepared<'_> {
    fn begin(&mut self) {
        self.conn.execute_batch("BEGIN IMMEDIATE").unwrap();
    }

    fn commit(&mut self) {
        self.conn.execute_batch("COMMIT").unwrap();
    }

    fn execute<'v>(&mut self, statement: usize, values: impl Iterator<Item = &'v Value>) -> usize {
        self.statements[statement].execute(params_from_iter(values)).unwrap()
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Number(number) => ValueRef::Integer(*number),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
        }))
    }
}

impl FromSql for Value {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Ok(match value {
            ValueRef::Null => Self::Null,
            ValueRef::Integer(number) => Self::Number(number),
            other => Self::Text(other.as_str()?.to_owned().into()),
        })
    }
}
