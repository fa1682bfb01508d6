//! The migrations: paired, applied step by step with rows of every earlier release in place, equal
//! on both databases, and described truly by each room's `schema.rs`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "support/postgres.rs"]
mod postgres;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, QueryableByName, SqliteConnection};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
use docket::db::{Conn, DatabaseUrl, Dialect, MigrationError, Statement, migrate};

const DIALECTS: [&str; 2] = ["sqlite", "postgres"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The names of the migrations of a dialect, in the order in which they run.
fn names(dialect: &str) -> Vec<String> {
    let folder = root().join("migrations").join(dialect);
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

// The databases to try ------------------------------------------------------------------------

/// An empty database, removed with its directory.
struct Empty {
    url: DatabaseUrl,
    _directory: Option<tempfile::TempDir>,
}

fn empty_databases() -> Vec<Empty> {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", directory.path().join("docket.db").display());
    let sqlite = Empty { url: url.parse().unwrap(), _directory: Some(directory) };
    let postgres =
        postgres::empty_database().map(|url| Empty { url: url.parse().unwrap(), _directory: None });
    std::iter::once(sqlite).chain(postgres).collect()
}

fn connect(url: &DatabaseUrl) -> Conn {
    match url {
        DatabaseUrl::Sqlite(path) => {
            Conn::Sqlite(SqliteConnection::establish(&path.to_string_lossy()).unwrap())
        }
        DatabaseUrl::Postgres(url) => Conn::Postgres(PgConnection::establish(url).unwrap()),
    }
}

fn files(conn: &Conn) -> FileBasedMigrations {
    let folder = match conn.dialect() {
        Dialect::Sqlite => "sqlite",
        Dialect::Postgres => "postgres",
    };
    FileBasedMigrations::from_path(root().join("migrations").join(folder)).unwrap()
}

// What a database looks like ------------------------------------------------------------------

#[derive(QueryableByName, Debug, PartialEq, Eq, PartialOrd, Ord, Clone)]
struct Column {
    #[diesel(sql_type = diesel::sql_types::Text)]
    table_name: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
    #[diesel(sql_type = diesel::sql_types::Text)]
    kind: String,
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    nullable: i64,
}

/// Every column of our tables, with diesel's names for the types.
fn columns(conn: &mut Conn) -> Vec<Column> {
    let query = match conn.dialect() {
        Dialect::Sqlite => {
            "SELECT t.name AS table_name, c.name, c.type AS kind, 1 - c.\"notnull\" AS nullable
             FROM sqlite_schema t, pragma_table_info(t.name) c WHERE t.type = 'table'"
        }
        Dialect::Postgres => {
            "SELECT table_name::text, column_name::text AS name, data_type::text AS kind,
                 (is_nullable = 'YES')::int::bigint AS nullable
             FROM information_schema.columns WHERE table_schema = 'public'"
        }
    };
    let mut found: Vec<Column> = Statement::new(query).load(conn).unwrap();
    found.retain(|column| column.table_name != "__diesel_schema_migrations");
    for column in &mut found {
        column.kind = match column.kind.as_str() {
            "TEXT" | "text" => "Text".to_owned(),
            "INTEGER" | "bigint" => "BigInt".to_owned(),
            other => panic!("{}.{}: {other} is in neither", column.table_name, column.name),
        };
    }
    found.sort();
    found
}

fn tables(conn: &mut Conn) -> BTreeSet<String> {
    columns(conn).into_iter().map(|column| column.table_name).collect()
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    rows: i64,
}

fn row_counts(conn: &mut Conn) -> BTreeMap<String, i64> {
    let mut counts = BTreeMap::new();
    for table in tables(conn) {
        let query = format!("SELECT COUNT(*) AS rows FROM {table}");
        let count: Option<Count> = Statement::new(query).first(conn).unwrap();
        counts.insert(table, count.unwrap().rows);
    }
    counts
}

// The tests -----------------------------------------------------------------------------------

#[test]
fn both_databases_have_the_same_migrations_each_with_a_way_back() {
    assert_eq!(names(DIALECTS[0]), names(DIALECTS[1]));
    for dialect in DIALECTS {
        for name in names(dialect) {
            let (date, rest) = name.split_at(10);
            let shape: String =
                date.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect();
            assert_eq!(shape, "9999-99-99", "{name} begins with a date");
            assert_eq!(rest.find('_'), Some(7), "{name} is DATE-NNNNNN_words");
            for file in ["up.sql", "down.sql"] {
                let path = root().join("migrations").join(dialect).join(&name).join(file);
                assert!(path.is_file(), "{} is missing", path.display());
            }
        }
    }
}

/// A step that cannot take the rows of the releases before it, like a new NOT NULL column without
/// a default, fails here.
#[test]
fn each_migration_keeps_the_rows_of_the_releases_before_it() {
    for database in empty_databases() {
        let mut conn = connect(&database.url);
        let mut counts = BTreeMap::new();
        let steps = conn.pending_migrations(files(&conn)).unwrap();
        for (step, name) in steps.iter().zip(names(DIALECTS[0])) {
            conn.run_migration(step).unwrap_or_else(|failure| panic!("{name}: {failure}"));
            let now = row_counts(&mut conn);
            for (table, rows) in counts {
                assert!(now.get(&table).is_none_or(|now| *now >= rows), "{name} lost {table} rows");
            }
            conn.batch_execute(&sample_rows(&name))
                .unwrap_or_else(|failure| panic!("the sample rows of {name}: {failure}"));
            counts = row_counts(&mut conn);
            let bare: Vec<&String> =
                counts.iter().filter(|(_, rows)| **rows == 0).map(|(table, _)| table).collect();
            assert!(bare.is_empty(), "{name} has no sample row for {bare:?}");
        }
    }
}

#[test]
fn a_step_that_earlier_rows_cannot_take_is_seen() {
    for database in empty_databases() {
        migrate(&database.url).unwrap();
        let mut conn = connect(&database.url);
        conn.batch_execute("INSERT INTO customers VALUES ('c1', 'household-900', 1)").unwrap();
        let step = "ALTER TABLE customers ADD COLUMN tier TEXT NOT NULL";
        assert!(conn.batch_execute(step).is_err());
        conn.batch_execute(&format!("{step} DEFAULT 'plain'")).unwrap();
    }
}

fn sample_rows(name: &str) -> String {
    let path = root().join("tests/data/migrations").join(format!("{name}.sql"));
    fs::read_to_string(&path)
        .unwrap_or_else(|failure| panic!("{} holds a row per new table: {failure}", path.display()))
}

#[test]
fn the_way_back_leaves_nothing_and_leads_here_again() {
    for database in empty_databases() {
        let ran = migrate(&database.url).unwrap();
        let mut conn = connect(&database.url);
        let before = columns(&mut conn);
        conn.revert_all_migrations(files(&conn)).unwrap();
        assert_eq!(columns(&mut conn), []);
        drop(conn);
        assert_eq!(migrate(&database.url).unwrap(), ran);
        assert_eq!(columns(&mut connect(&database.url)), before);
    }
}

#[test]
fn both_databases_have_the_same_columns() {
    let columns: Vec<Vec<Column>> = empty_databases()
        .iter()
        .map(|database| {
            migrate(&database.url).unwrap();
            columns(&mut connect(&database.url))
        })
        .collect();
    assert!(columns.windows(2).all(|two| two[0] == two[1]), "{columns:#?}");
}

#[test]
fn migrating_twice_does_nothing_the_second_time() {
    for database in empty_databases() {
        assert_eq!(migrate(&database.url).unwrap(), names(DIALECTS[0]).len());
        assert_eq!(migrate(&database.url).unwrap(), 0);
    }
}

#[test]
fn a_database_of_a_newer_docket_is_refused_and_says_which_is_needed() {
    for database in empty_databases() {
        migrate(&database.url).unwrap();
        connect(&database.url)
            .batch_execute(
                "INSERT INTO __diesel_schema_migrations (version) VALUES ('29991231000001');
                 INSERT INTO schema_writers (migration, version)
                 VALUES ('29991231000001', '77.1.0');",
            )
            .unwrap();
        let refused = migrate(&database.url).unwrap_err();
        assert!(matches!(refused, MigrationError::Newer { .. }), "{refused}");
        assert!(refused.to_string().contains("docket 77.1.0"), "{refused}");
    }
}

#[test]
fn every_schema_file_describes_its_tables_as_they_are() {
    let described = described_columns();
    assert!(!described.is_empty());
    let tables: BTreeSet<&str> =
        described.iter().map(|column| column.table_name.as_str()).collect();
    for database in empty_databases() {
        migrate(&database.url).unwrap();
        let mut found = columns(&mut connect(&database.url));
        found.retain(|column| tables.contains(column.table_name.as_str()));
        let faults = differences(&described, &found);
        assert!(faults.is_empty(), "{faults:#?}");
    }
}

fn differences(described: &[Column], found: &[Column]) -> Vec<String> {
    let only = |left: &[Column], right: &[Column], place: &str| -> Vec<String> {
        let missing = left.iter().filter(|column| !right.contains(column));
        missing.map(|column| format!("only in {place}: {column:?}")).collect()
    };
    let mut faults = only(described, found, "schema.rs");
    faults.extend(only(found, described, "the database"));
    faults
}

// Reading table! blocks -----------------------------------------------------------------------

/// Every `schema.rs` under a folder.
fn schema_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries.partition(|path| path.is_dir());
    let here = files.into_iter().filter(|path| path.ends_with("schema.rs"));
    here.chain(folders.iter().flat_map(|folder| schema_files(folder))).collect()
}

fn described_columns() -> Vec<Column> {
    let mut columns: Vec<Column> = schema_files(&root().join("src"))
        .iter()
        .flat_map(|path| table_columns(&fs::read_to_string(path).unwrap()))
        .collect();
    columns.sort();
    columns
}

/// The columns of every `table!` block of a text: each is one line, `name -> Type,`, with the
/// column's real name before it where Rust needs another.
fn table_columns(text: &str) -> Vec<Column> {
    let mut columns = Vec::new();
    let (mut table, mut sql_name): (Option<String>, Option<String>) = (None, None);
    for line in text.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix("#[sql_name = \"") {
            sql_name = name.split('"').next().map(str::to_owned);
        } else if let (Some(table), Some((name, kind))) = (&table, line.split_once(" -> ")) {
            columns.push(described_column(table, sql_name.take().as_deref().unwrap_or(name), kind));
        } else if line.ends_with(") {") {
            let name = line.split(' ').next().unwrap_or_default();
            table = Some(sql_name.take().unwrap_or_else(|| name.to_owned()));
        } else if line == "}" {
            table = None;
        }
    }
    columns
}

fn described_column(table: &str, name: &str, kind: &str) -> Column {
    let kind = kind.trim_end_matches(',');
    let inner = kind.strip_prefix("Nullable<").map(|inner| inner.trim_end_matches('>'));
    Column {
        table_name: table.to_owned(),
        name: name.to_owned(),
        kind: inner.unwrap_or(kind).to_owned(),
        nullable: i64::from(inner.is_some()),
    }
}

#[test]
fn a_schema_file_that_differs_is_seen() {
    let truth = table_columns(
        r#"
        diesel::table! {
            things (id) {
                id -> Text,
                #[sql_name = "type"]
                kind -> Nullable<BigInt>,
            }
        }
        diesel::joinable!(things -> others (id));
        "#,
    );
    let shown: Vec<String> = truth
        .iter()
        .map(|c| format!("{}.{} {} {}", c.table_name, c.name, c.kind, c.nullable))
        .collect();
    assert_eq!(shown, ["things.id Text 0", "things.type BigInt 1"]);
    assert!(differences(&truth, &truth).is_empty());
    assert_eq!(differences(&truth[..1], &truth).len(), 1, "a column less");
    let mut nullable = truth.clone();
    nullable[0].nullable = 1;
    assert_eq!(differences(&nullable, &truth).len(), 2, "another nullability");
}
