//! Every invariant is seen to fail: a sound shop has no findings, and each fault planted into it is
//! found by the invariant that it breaks. An invariant without a planted fault fails the test.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "data/faults.rs"]
mod faults;
#[path = "support/postgres.rs"]
mod postgres;

use std::collections::BTreeSet;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, QueryableByName, SqliteConnection};
use docket::check::{self, Finding, INVARIANTS, Invariant, ROWS_MAX};
use docket::db::{Conn, Statement};
use docket::kernel::Timestamp;
use faults::{FAULTS, Fault, SQLITE_FAULTS};

const SHOP: &str = include_str!("data/shop.sql");
const NOW: i64 = 1_795_000_060_000_000;

fn check(conn: &mut Conn) -> Vec<Finding> {
    check::run(conn, Timestamp::from_micros(NOW)).unwrap()
}

fn invariants() -> impl Iterator<Item = &'static Invariant> {
    INVARIANTS.iter().copied().flatten()
}

/// The sound shop on SQLite, where a connection can be told to keep no rules.
fn sqlite_shop(directory: &tempfile::TempDir) -> Conn {
    let path = directory.path().join("shop.db");
    docket::db::migrate(&format!("sqlite://{}", path.display()).parse().unwrap()).unwrap();
    let mut conn = Conn::Sqlite(SqliteConnection::establish(&path.to_string_lossy()).unwrap());
    conn.batch_execute(SHOP).unwrap();
    conn.batch_execute("PRAGMA foreign_keys = OFF").unwrap();
    conn
}

fn postgres_shop() -> Option<Conn> {
    let url = postgres::database()?;
    let mut conn = Conn::Postgres(PgConnection::establish(&url).unwrap());
    conn.batch_execute(SHOP).unwrap();
    Some(conn)
}

#[derive(QueryableByName)]
struct Trigger {
    #[diesel(sql_type = diesel::sql_types::Text)]
    name: String,
}

/// Lets the open transaction break rules that the database would enforce.
fn unprotect(conn: &mut Conn) {
    match conn {
        Conn::Sqlite(_) => {
            let triggers: Vec<Trigger> =
                Statement::new("SELECT name FROM sqlite_schema WHERE type = 'trigger'")
                    .load(conn)
                    .unwrap();
            for Trigger { name } in triggers {
                conn.batch_execute(&format!("DROP TRIGGER {name}")).unwrap();
            }
        }
        Conn::Postgres(_) => conn
            .batch_execute(
                "DO $$ DECLARE found record; BEGIN
                     FOR found IN SELECT conrelid::regclass AS place, conname FROM pg_constraint
                         WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'f')
                     LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I',
                         found.place, found.conname);
                     END LOOP;
                     FOR found IN SELECT DISTINCT tgrelid::regclass AS place FROM pg_trigger
                         WHERE NOT tgisinternal
                     LOOP EXECUTE format('ALTER TABLE %s DISABLE TRIGGER USER', found.place);
                     END LOOP;
                 END $$",
            )
            .unwrap(),
    }
}

/// Plants SQL that breaks something, checks, and takes it back.
fn check_with(conn: &mut Conn, planted: &str) -> Vec<Finding> {
    let sqlite = matches!(conn, Conn::Sqlite(_));
    conn.batch_execute("BEGIN").unwrap();
    unprotect(conn);
    if sqlite {
        conn.batch_execute("PRAGMA ignore_check_constraints = ON").unwrap();
    }
    conn.batch_execute(planted).unwrap_or_else(|failure| panic!("{planted}: {failure}"));
    if sqlite {
        conn.batch_execute("PRAGMA ignore_check_constraints = OFF").unwrap();
    }
    let findings = check(conn);
    conn.batch_execute("ROLLBACK").unwrap();
    findings
}

/// The faults that went unseen.
fn unseen<'a>(conn: &mut Conn, faults: impl Iterator<Item = &'a Fault>) -> Vec<String> {
    let mut unseen = Vec::new();
    for (id, planted) in faults {
        let findings = check_with(conn, planted);
        if !findings.iter().any(|finding| finding.id == *id) {
            let found: Vec<&str> = findings.iter().map(|finding| finding.id).collect();
            unseen.push(format!("{id} was not found, but {found:?}, after: {planted}"));
        }
    }
    unseen
}

#[test]
fn a_sound_shop_has_no_findings_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(check(&mut sqlite_shop(&directory)), []);
}

#[test]
fn a_sound_shop_has_no_findings_on_postgresql() {
    let Some(mut conn) = postgres_shop() else { return };
    assert_eq!(check(&mut conn), []);
}

#[test]
fn every_planted_fault_is_found_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let mut conn = sqlite_shop(&directory);
    let unseen = unseen(&mut conn, FAULTS.iter().chain(SQLITE_FAULTS));
    assert!(unseen.is_empty(), "{unseen:#?}");
    assert_eq!(check(&mut conn), [], "the faults were taken back");
}

#[test]
fn every_planted_fault_is_found_on_postgresql() {
    let Some(mut conn) = postgres_shop() else { return };
    let unseen = unseen(&mut conn, FAULTS.iter());
    assert!(unseen.is_empty(), "{unseen:#?}");
    assert_eq!(check(&mut conn), [], "the faults were taken back");
}

#[test]
fn every_invariant_has_a_planted_fault() {
    let planted: BTreeSet<&str> = FAULTS.iter().chain(SQLITE_FAULTS).map(|(id, _)| *id).collect();
    let named: BTreeSet<&str> = invariants().map(|invariant| invariant.id).collect();
    assert_eq!(planted, named);
    assert_eq!(invariants().count(), named.len(), "no identifier is used twice");
}

#[test]
fn a_finding_names_twenty_rows_and_counts_all() {
    let directory = tempfile::tempdir().unwrap();
    let planted = "INSERT INTO stock_levels (sku, location, on_hand, reserved)
        WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 45)
        SELECT 'ghost ' || n, 'main', n, 0 FROM numbers";
    let findings = check_with(&mut sqlite_shop(&directory), planted);
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    assert_eq!((finding.id, finding.total), ("S2", 45));
    assert_eq!(i64::try_from(finding.rows.len()), Ok(ROWS_MAX));
    assert_eq!(finding.rows[0], "stock ghost 1 at main");
}
