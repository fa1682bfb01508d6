//! PostgreSQL to measure on: a server of this process, as its makers ship it, so that what is
//! committed is on the disk; a new database for docket and for each floor.

use std::error::Error;
use std::time::Duration;

use ::postgres::types::private::BytesMut;
use ::postgres::types::{FromSql, IsNull, ToSql, Type, accepts, to_sql_checked};
use ::postgres::{Client, NoTls, Statement};

use crate::database::Database;
use crate::floor::{self, Bare, Floor, Script};
use crate::postgres;
use crate::process::Home;
use crate::rows::{TABLES, Table, Value, Written};

/// docket has three commits per order: it prepares, the test gateway (which stands for a service
/// elsewhere) keeps its record, it finishes. A floor has one.
const FLOORS: [Floor; 3] = [
    Floor {
        figure: "floor_on_8_per_second",
        ratio: "docket_to_floor_on_8",
        connections: 8,
        batch: 1,
        in_two_steps: false,
        orders_most: usize::MAX,
    },
    Floor {
        figure: "floor_on_1_per_second",
        ratio: "docket_to_floor_on_1",
        connections: 1,
        batch: 1,
        in_two_steps: false,
        orders_most: 3_000,
    },
    Floor {
        figure: "batched_floor_per_second",
        ratio: "docket_to_batched_floor",
        connections: 1,
        batch: 64,
        in_two_steps: false,
        orders_most: 3_000,
    },
];

/// An entry waits for its number, which a job of docket gives it later. The floor lets it wait,
/// and so is spared that work.
static NUMBERS: Table = Table {
    name: "journal_unsequenced",
    query: "SELECT COALESCE(p.order_id, substr(e.subject, 7)), t.entry_id FROM journal_sequence t
            JOIN journal_entries e ON e.id = t.entry_id
            LEFT JOIN payments p ON e.subject = 'payment:' || p.id
            WHERE e.subject LIKE 'order:%' OR e.subject LIKE 'payment:%' ORDER BY t.seq",
    later: &[],
};

/// Another connection may be about to write the same customer, so that every order brings its own.
static CUSTOMERS: Table = Table {
    name: "customers",
    query: "SELECT o.id, t.* FROM customers t JOIN orders o ON o.customer_id = t.id",
    later: &[],
};
const UNLESS_THERE: (&str, &str) = (CUSTOMERS.name, " ON CONFLICT DO NOTHING");

const SETTINGS: [&str; 6] = [
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_sync_method",
    "shared_buffers",
];

/// Between two looks at a job's work.
const PAUSE: Duration = Duration::from_millis(10);

pub struct Postgres;

fn server() -> &'static str {
    postgres::durable_server().expect("PostgreSQL's server binaries")
}

fn connection(url: &str) -> Client {
    Client::connect(url, NoTls).unwrap()
}

fn at(home: &Home) -> Client {
    connection(home.postgres.as_ref().unwrap())
}

fn number(client: &mut Client, query: &str) -> usize {
    usize::try_from(client.query_one(query, &[]).unwrap().get::<_, i64>(0)).unwrap()
}

impl Database for Postgres {
    fn settings(&self) -> Vec<(String, String)> {
        let mut client = connection(server());
        let mut show = |name| client.query_one(&format!("SHOW {name}"), &[]).unwrap().get(0);
        SETTINGS.map(|name| (name.to_owned(), show(name))).to_vec()
    }

    fn home(&self) -> Home {
        let url = postgres::new_database(server());
        Home { postgres: Some(url), ..Home::on_sqlite() }
    }

    /// Dropping a database ends with a checkpoint, so that the next one begins at rest.
    fn discard(&self, home: Home) {
        let url = home.postgres.unwrap();
        let (_, name) = url.rsplit_once('/').unwrap();
        let drop = format!("DROP DATABASE {name} WITH (FORCE)");
        connection(server()).batch_execute(&drop).unwrap();
    }

    fn settle(&self, home: &Home) {
        let mut client = at(home);
        while number(&mut client, "SELECT COUNT(*) FROM journal_unsequenced") > 0 {
            std::thread::sleep(PAUSE);
        }
    }

    fn count(&self, home: &Home, table: &str) -> usize {
        number(&mut at(home), &format!("SELECT COUNT(*) FROM {table}"))
    }

    fn written(&self, home: &Home) -> Written {
        let mut client = at(home);
        let ids = client.query("SELECT id FROM orders ORDER BY number", &[]).unwrap();
        let mut written = Written::for_orders(ids.iter().map(|row| row.get(0)));
        let tables = TABLES.iter().map(|table| match table.name {
            name if name == CUSTOMERS.name => &CUSTOMERS,
            _ => table,
        });
        for table in tables.chain([&NUMBERS]) {
            let query = client.prepare(table.query).unwrap();
            let columns = query.columns()[1..].iter().map(|column| column.name().to_owned());
            written.table(table, columns.collect());
            for row in client.query(&query, &[]).unwrap() {
                let values = (1..row.len()).map(|place| row.get(place)).collect();
                written.row(row.get(0), values);
            }
        }
        written
    }

    fn floors(&self) -> &'static [Floor] {
        &FLOORS
    }

    fn rate(&self, home: &Home, floor: &Floor, written: &Written) -> f64 {
        let script = Script::of(written, &[UNLESS_THERE]);
        floor::rate(floor, &script, &written.orders, |waiting| {
            let mut client = at(home);
            let prepare = |sql: &String| client.prepare(sql).unwrap();
            let statements = script.statements.iter().map(prepare).collect();
            waiting.write(&mut Prepared { client, statements });
        })
    }
}

struct Prepared {
    client: Client,
    statements: Vec<Statement>,
}

impl Bare for Prepared {
    fn begin(&mut self) {
        self.client.batch_execute("BEGIN").unwrap();
    }

    fn commit(&mut self) {
        self.client.batch_execute("COMMIT").unwrap();
    }

    fn execute<'v>(&mut self, statement: usize, values: impl Iterator<Item = &'v Value>) -> usize {
        let values: Vec<&(dyn ToSql + Sync)> = values.map(|value| value as _).collect();
        let changed = self.client.execute(&self.statements[statement], &values).unwrap();
        usize::try_from(changed).unwrap()
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Number(number) => number.to_sql(ty, out),
            Self::Text(text) => text.to_sql(ty, out),
        }
    }

    accepts!(TEXT, INT8);
    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(ty: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(match *ty {
            Type::INT8 => Self::Number(FromSql::from_sql(ty, raw)?),
            _ => Self::Text(String::from_sql(ty, raw)?.into()),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self::Null)
    }

    accepts!(TEXT, INT8);
}
