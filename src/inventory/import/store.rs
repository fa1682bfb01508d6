//! Queries on `product_imports`.

use diesel::prelude::*;
use diesel::sql_types::Text;

use super::{BadRow, ImportCounts, ImportId, ImportState, ImportView};
use crate::db::{Conn, Statement, Value, WriteTx};
use crate::error::Error;
use crate::inventory::schema::product_imports;
use crate::kernel::Timestamp;

#[derive(Queryable)]
struct Row {
    id: String,
    file: String,
    actor: String,
    state: String,
    counts: String,
    bad_rows: String,
    failure: Option<String>,
    started_at: i64,
    updated_at: i64,
}

impl TryFrom<Row> for ImportView {
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn try_from(row: Row) -> Result<Self, Self::Error> {
        Ok(Self {
            id: row.id.parse()?,
            file: row.file,
            actor: row.actor,
            state: ImportState::from_word(&row.state).ok_or("an unknown state")?,
            counts: serde_json::from_str(&row.counts)?,
            bad_rows: serde_json::from_str(&row.bad_rows)?,
            failure: row.failure,
            started_at: Timestamp::from_micros(row.started_at),
            updated_at: Timestamp::from_micros(row.updated_at),
        })
    }
}

fn json(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|failure| Error::internal("writing JSON", failure))
}

pub(super) fn insert(tx: &mut WriteTx<'_>, id: ImportId, file: &str) -> Result<(), Error> {
    let now = tx.now().micros();
    let row: [Value; 8] = [
        id.to_string().into(),
        file.into(),
        tx.origin().actor.to_string().into(),
        ImportState::Running.as_str().into(),
        json(&ImportCounts::default())?.into(),
        "[]".into(),
        now.into(),
        now.into(),
    ];
    let columns =
        ["id", "file", "actor", "state", "counts", "bad_rows", "started_at", "updated_at"];
    tx.execute(Statement::insert("product_imports", columns, [row]))?;
    Ok(())
}

pub(super) fn got_on(
    tx: &mut WriteTx<'_>,
    id: ImportId,
    counts: &ImportCounts,
    bad_rows: &[BadRow],
) -> Result<(), Error> {
    let statement = Statement::new(
        "UPDATE product_imports SET counts = ?, bad_rows = ?, updated_at = ? WHERE id = ?",
    );
    let now = tx.now().micros();
    let statement = statement.bind(json(counts)?).bind(json(&bad_rows)?).bind(now);
    tx.execute(statement.bind(id.to_string()))?;
    Ok(())
}

pub(super) fn ended(
    tx: &mut WriteTx<'_>,
    id: ImportId,
    state: ImportState,
    failure: Option<&str>,
) -> Result<(), Error> {
    let statement = Statement::new(
        "UPDATE product_imports SET state = ?, failure = ?, updated_at = ? WHERE id = ?",
    );
    let now = tx.now().micros();
    let statement = statement.bind(state.as_str()).bind(failure.map(str::to_owned)).bind(now);
    tx.execute(statement.bind(id.to_string()))?;
    Ok(())
}

#[derive(QueryableByName)]
struct Ended {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    counts: String,
}

/// Ends those that run and did not get on since; answers which, with what they got to.
pub(super) fn end_silent(
    tx: &mut WriteTx<'_>,
    since: Timestamp,
    failure: &str,
) -> Result<Vec<(ImportId, ImportCounts)>, Error> {
    let statement = Statement::new(
        "UPDATE product_imports SET state = 'failed', failure = ?, updated_at = ? \
         WHERE state = 'running' AND updated_at < ? RETURNING id, counts",
    );
    let now = tx.now().micros();
    let statement = statement.bind(failure).bind_all([now, since.micros()]);
    let unreadable = |failure: String| Error::internal("reading an import", failure);
    let read = |row: Ended| {
        let id = row.id.parse().map_err(|failure| unreadable(format!("{failure}")))?;
        let counts = serde_json::from_str(&row.counts);
        Ok((id, counts.map_err(|failure| unreadable(failure.to_string()))?))
    };
    statement.load(tx.conn())?.into_iter().map(read).collect()
}

/// The newest first: identifiers sort by time.
pub(super) fn imports(
    conn: &mut Conn,
    id: Option<ImportId>,
    limit: i64,
) -> Result<Vec<ImportView>, Error> {
    let mut query =
        product_imports::table.order(product_imports::id.desc()).limit(limit).into_boxed();
    if let Some(id) = id {
        query = query.filter(product_imports::id.eq(id.to_string()));
    }
    let rows: Vec<Row> = query.load(conn)?;
    let view =
        |row: Row| row.try_into().map_err(|failure| Error::internal("reading an import", failure));
    rows.into_iter().map(view).collect()
}
