//! Set-based SQL: one statement for all lines of an order.
//!
//! diesel's typed inserts go row by row on the enum, at several times the cost. A [`Statement`] is
//! text with `?` for each value; it knows both dialects' placeholders and is prepared once per
//! connection and text.

use diesel::pg::Pg;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{BigInt, Nullable, Text, Untyped};
use diesel::sqlite::Sqlite;
use diesel::{PgConnection, QueryResult, QueryableByName, RunQueryDsl, SqliteConnection};

use super::Conn;
use crate::error::Error;

/// A value bound to a statement.
#[derive(Debug, Clone)]
pub enum Value {
    /// Text, or NULL.
    Text(Option<String>),
    /// An integer, or NULL.
    Integer(Option<i64>),
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Value {
    fn from(integer: i64) -> Self {
        Self::Integer(Some(integer))
    }
}

impl From<Option<i64>> for Value {
    fn from(integer: Option<i64>) -> Self {
        Self::Integer(integer)
    }
}

/// One SQL statement with its values.
#[derive(Debug, Clone, Default)]
pub struct Statement {
    sql: String,
    /// Where each `?` stands in the text: diesel walks through a statement several times.
    marks: Vec<usize>,
    values: Vec<Value>,
}

/// Beyond this many values the text is too rare to be worth a prepared statement.
const CACHED_VALUES_MAX: usize = 512;

impl Statement {
    /// A statement of this text; `?` stands for each value.
    pub fn new(sql: impl Into<String>) -> Self {
        let sql = sql.into();
        let marks = sql.match_indices('?').map(|(mark, _)| mark).collect();
        Self { sql, marks, values: Vec::new() }
    }

    /// `INSERT INTO table (columns) VALUES (…), (…)`, one group per row.
    pub fn insert<const N: usize>(
        table: &str,
        columns: [&str; N],
        rows: impl IntoIterator<Item = [Value; N]>,
    ) -> Self {
        let values: Vec<Value> = rows.into_iter().flatten().collect();
        let group = format!("({})", ["?"; N].join(","));
        let groups = vec![group.as_str(); values.len() / N].join(",");
        Self {
            values,
            ..Self::new(format!("INSERT INTO {table} ({}) VALUES {groups}", columns.join(",")))
        }
    }

    /// Adds text after what is there.
    #[must_use]
    pub fn sql(mut self, more: &str) -> Self {
        self.marks.extend(more.match_indices('?').map(|(mark, _)| self.sql.len() + mark));
        self.sql.push_str(more);
        self
    }

    /// The next value.
    #[must_use]
    pub fn bind(mut self, value: impl Into<Value>) -> Self {
        self.values.push(value.into());
        self
    }

    /// The next values.
    #[must_use]
    pub fn bind_all<V: Into<Value>>(mut self, values: impl IntoIterator<Item = V>) -> Self {
        self.values.extend(values.into_iter().map(Into::into));
        self
    }

    /// Runs it; answers how many rows it changed.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn execute(self, conn: &mut Conn) -> Result<usize, Error> {
        Ok(match conn {
            Conn::Sqlite(sqlite) => RunQueryDsl::execute(self, sqlite)?,
            Conn::Postgres(postgres) => RunQueryDsl::execute(self, postgres)?,
        })
    }

    /// Runs it and reads its rows by their column names.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn load<Row>(self, conn: &mut Conn) -> Result<Vec<Row>, Error>
    where
        Row: QueryableByName<Sqlite> + QueryableByName<Pg> + 'static,
    {
        Ok(match conn {
            Conn::Sqlite(sqlite) => RunQueryDsl::load(self, sqlite)?,
            Conn::Postgres(postgres) => RunQueryDsl::load(self, postgres)?,
        })
    }

    /// Runs it and reads its first row, if there is one.
    ///
    /// # Errors
    /// What the database refuses.
    pub fn first<Row>(self, conn: &mut Conn) -> Result<Option<Row>, Error>
    where
        Row: QueryableByName<Sqlite> + QueryableByName<Pg> + 'static,
    {
        Ok(self.load(conn)?.into_iter().next())
    }
}

/// The cache of prepared statements goes by the text.
impl QueryId for Statement {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Statement {
    type SqlType = Untyped;
}

impl RunQueryDsl<SqliteConnection> for Statement {}
impl RunQueryDsl<PgConnection> for Statement {}

macro_rules! walk {
    ($backend:ty) => {
        impl QueryFragment<$backend> for Statement {
            fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, $backend>) -> QueryResult<()> {
                if self.values.len() > CACHED_VALUES_MAX {
                    out.unsafe_to_cache_prepared();
                }
                if self.marks.len() != self.values.len() {
                    return Err(unbound());
                }
                let mut rest = 0;
                for (mark, value) in self.marks.iter().zip(&self.values) {
                    out.push_sql(&self.sql[rest..*mark]);
                    match value {
                        Value::Text(text) => out.push_bind_param::<Nullable<Text>, _>(text)?,
                        Value::Integer(integer) => {
                            out.push_bind_param::<Nullable<BigInt>, _>(integer)?;
                        }
                    }
                    rest = mark + 1;
                }
                out.push_sql(&self.sql[rest..]);
                Ok(())
            }
        }
    };
}

walk!(Sqlite);
walk!(Pg);

fn unbound() -> diesel::result::Error {
    diesel::result::Error::QueryBuilderError("placeholders and values differ in number".into())
}
