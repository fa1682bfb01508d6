//! Queries on the people of the desk, their links, their sessions and what failed.

use diesel::prelude::*;

use super::model::{Person, Role};
use super::throttle::Failures;
use crate::db::{Conn, Statement, Value, WriteTx};
use crate::error::Error;
use crate::identity::schema::{
    sign_in_failures, staff, staff_browsers, staff_links, staff_sessions,
};
use crate::kernel::{StaffId, Timestamp};

/// A person as stored.
#[derive(Queryable)]
struct Row {
    id: String,
    login: String,
    name: String,
    role: String,
    password_hash: Option<String>,
    disabled_at: Option<i64>,
    _version: i64,
    created_at: i64,
    _updated_at: i64,
}

/// A session as stored.
#[derive(Queryable)]
pub(super) struct SessionRow {
    pub(super) token_hash: String,
    pub(super) staff_id: String,
    pub(super) csrf: String,
    pub(super) created_at: i64,
    pub(super) seen_at: i64,
    pub(super) expires_at: i64,
}

impl Row {
    fn person(self) -> Result<Person, Error> {
        let unreadable = |what: &'static str| Error::internal("reading a person", what);
        Ok(Person {
            id: self.id.parse().map_err(|_| unreadable("not an identifier"))?,
            login: self.login,
            name: self.name,
            role: Role::from_word(&self.role).ok_or_else(|| unreadable("an unknown role"))?,
            has_password: self.password_hash.is_some(),
            disabled_at: self.disabled_at.map(Timestamp::from_micros),
            created_at: Timestamp::from_micros(self.created_at),
        })
    }
}

// People -------------------------------------------------------------------------------------

pub(super) fn all(conn: &mut Conn) -> Result<Vec<Person>, Error> {
    let rows: Vec<Row> = staff::table.order(staff::login).load(conn)?;
    rows.into_iter().map(Row::person).collect()
}

pub(super) fn anybody(conn: &mut Conn) -> Result<bool, Error> {
    let first: Option<String> = staff::table.select(staff::id).first(conn).optional()?;
    Ok(first.is_some())
}

pub(super) fn by_id(conn: &mut Conn, id: StaffId) -> Result<Option<Person>, Error> {
    let found: Option<Row> = staff::table.find(id.to_string()).get_result(conn).optional()?;
    found.map(Row::person).transpose()
}

/// With the hash of the password.
pub(super) fn by_login(
    conn: &mut Conn,
    login: &str,
) -> Result<Option<(Person, Option<String>)>, Error> {
    let found: Option<Row> =
        staff::table.filter(staff::login.eq(login)).get_result(conn).optional()?;
    let Some(row) = found else { return Ok(None) };
    let hash = row.password_hash.clone();
    Ok(Some((row.person()?, hash)))
}

/// Answers whether nobody had the login.
pub(super) fn insert(tx: &mut WriteTx<'_>, person: &Person) -> Result<bool, Error> {
    let now = tx.now().micros();
    let columns = ["id", "login", "name", "role", "version", "created_at", "updated_at"];
    let row: [Value; 7] = [
        person.id.to_string().into(),
        person.login.as_str().into(),
        person.name.as_str().into(),
        person.role.as_str().into(),
        1.into(),
        now.into(),
        now.into(),
    ];
    let statement = Statement::insert("staff", columns, [row]).sql(" ON CONFLICT DO NOTHING");
    Ok(tx.execute(statement)? == 1)
}

fn change(tx: &mut WriteTx<'_>, id: StaffId, column: &str, value: Value) -> Result<(), Error> {
    let statement = Statement::new(format!(
        "UPDATE staff SET {column} = ?, version = version + 1, updated_at = ? WHERE id = ?"
    ));
    let statement = statement.bind(value).bind(tx.now().micros()).bind(id.to_string());
    tx.execute(statement)?;
    Ok(())
}

pub(super) fn set_password(tx: &mut WriteTx<'_>, id: StaffId, hash: &str) -> Result<(), Error> {
    change(tx, id, "password_hash", hash.into())
}

pub(super) fn set_role(tx: &mut WriteTx<'_>, id: StaffId, role: Role) -> Result<(), Error> {
    change(tx, id, "role", role.as_str().into())
}

pub(super) fn set_disabled(
    tx: &mut WriteTx<'_>,
    id: StaffId,
    at: Option<Timestamp>,
) -> Result<(), Error> {
    change(tx, id, "disabled_at", at.map(Timestamp::micros).into())
}

/// Holds a person who may sign in, so that whoever changes the password or disables the person has
/// done so before, or comes after this transaction; answers whether the person still may.
pub(super) fn hold(tx: &mut WriteTx<'_>, id: StaffId) -> Result<bool, Error> {
    let statement =
        Statement::new("UPDATE staff SET version = version WHERE id = ? AND disabled_at IS NULL");
    Ok(tx.execute(statement.bind(id.to_string()))? == 1)
}

/// The same of who has this password.
pub(super) fn hold_with_password(
    tx: &mut WriteTx<'_>,
    id: StaffId,
    hash: &str,
) -> Result<bool, Error> {
    let statement = Statement::new(
        "UPDATE staff SET version = version \
         WHERE id = ? AND disabled_at IS NULL AND password_hash = ?",
    );
    Ok(tx.execute(statement.bind(id.to_string()).bind(hash))? == 1)
}

pub(super) fn lock_owners(tx: &mut WriteTx<'_>) -> Result<(), Error> {
    tx.execute(Statement::new("UPDATE staff SET version = version WHERE role = 'owner'"))?;
    Ok(())
}

/// Whether another owner can sign in.
pub(super) fn other_owner(conn: &mut Conn, id: StaffId) -> Result<bool, Error> {
    let other: Option<String> = staff::table
        .filter(staff::role.eq(Role::Owner.as_str()))
        .filter(staff::id.ne(id.to_string()))
        .filter(staff::disabled_at.is_null())
        .filter(staff::password_hash.is_not_null())
        .select(staff::id)
        .first(conn)
        .optional()?;
    Ok(other.is_some())
}

// Links --------------------------------------------------------------------------------------

pub(super) fn insert_link(
    tx: &mut WriteTx<'_>,
    hash: &str,
    id: StaffId,
    purpose: &str,
    until: Timestamp,
) -> Result<(), Error> {
    let columns = ["token_hash", "staff_id", "purpose", "created_at", "expires_at"];
    let row: [Value; 5] = [
        hash.into(),
        id.to_string().into(),
        purpose.into(),
        tx.now().micros().into(),
        until.micros().into(),
    ];
    tx.execute(Statement::insert("staff_links", columns, [row]))?;
    Ok(())
}

/// Whose link it is, when it can be used.
pub(super) fn link(conn: &mut Conn, hash: &str, now: Timestamp) -> Result<Option<Person>, Error> {
    let found: Option<Row> = staff_links::table
        .inner_join(staff::table)
        .filter(staff_links::token_hash.eq(hash))
        .filter(staff_links::used_at.is_null())
        .filter(staff_links::expires_at.gt(now.micros()))
        .select(staff::all_columns)
        .get_result(conn)
        .optional()?;
    found.map(Row::person).transpose()
}

/// Answers whether it could be used: of two who use it at once, one can.
pub(super) fn use_link(tx: &mut WriteTx<'_>, hash: &str) -> Result<bool, Error> {
    let now = tx.now().micros();
    let statement = Statement::new(
        "UPDATE staff_links SET used_at = ? \
         WHERE token_hash = ? AND used_at IS NULL AND expires_at > ?",
    );
    Ok(tx.execute(statement.bind(now).bind(hash).bind(now))? == 1)
}

pub(super) fn remove_unused_links(tx: &mut WriteTx<'_>, id: StaffId) -> Result<(), Error> {
    let statement =
        Statement::new("DELETE FROM staff_links WHERE staff_id = ? AND used_at IS NULL");
    tx.execute(statement.bind(id.to_string()))?;
    Ok(())
}

// Sessions -----------------------------------------------------------------------------------

pub(super) fn session(conn: &mut Conn, hash: &str) -> Result<Option<(SessionRow, Person)>, Error> {
    let found: Option<(SessionRow, Row)> = staff_sessions::table
        .inner_join(staff::table)
        .filter(staff_sessions::token_hash.eq(hash))
        .select((staff_sessions::all_columns, staff::all_columns))
        .get_result(conn)
        .optional()?;
    found.map(|(session, row)| Ok((session, row.person()?))).transpose()
}

pub(super) fn insert_session(tx: &mut WriteTx<'_>, row: SessionRow) -> Result<(), Error> {
    let columns = ["token_hash", "staff_id", "csrf", "created_at", "seen_at", "expires_at"];
    let row: [Value; 6] = [
        row.token_hash.into(),
        row.staff_id.into(),
        row.csrf.into(),
        row.created_at.into(),
        row.seen_at.into(),
        row.expires_at.into(),
    ];
    tx.execute(Statement::insert("staff_sessions", columns, [row]))?;
    Ok(())
}

pub(super) fn touch_session(tx: &mut WriteTx<'_>, hash: &str) -> Result<(), Error> {
    let statement = Statement::new("UPDATE staff_sessions SET seen_at = ? WHERE token_hash = ?");
    let statement = statement.bind(tx.now().micros()).bind(hash);
    tx.execute(statement)?;
    Ok(())
}

pub(super) fn remove_session(tx: &mut WriteTx<'_>, hash: &str) -> Result<(), Error> {
    tx.execute(Statement::new("DELETE FROM staff_sessions WHERE token_hash = ?").bind(hash))?;
    Ok(())
}

pub(super) fn remove_sessions(tx: &mut WriteTx<'_>, id: StaffId) -> Result<(), Error> {
    let statement = Statement::new("DELETE FROM staff_sessions WHERE staff_id = ?");
    tx.execute(statement.bind(id.to_string()))?;
    Ok(())
}

// Browsers -----------------------------------------------------------------------------------

pub(super) fn knows_browser(conn: &mut Conn, hash: &str, now: Timestamp) -> Result<bool, Error> {
    let found: Option<i64> = staff_browsers::table
        .find(hash)
        .filter(staff_browsers::expires_at.gt(now.micros()))
        .select(staff_browsers::expires_at)
        .get_result(conn)
        .optional()?;
    Ok(found.is_some())
}

pub(super) fn remember_browser(
    tx: &mut WriteTx<'_>,
    hash: &str,
    id: StaffId,
    until: Timestamp,
) -> Result<(), Error> {
    let statement = Statement::new(
        "INSERT INTO staff_browsers (hash, staff_id, expires_at) VALUES (?, ?, ?) \
         ON CONFLICT (hash) DO UPDATE SET expires_at = excluded.expires_at",
    );
    tx.execute(statement.bind(hash).bind(id.to_string()).bind(until.micros()))?;
    Ok(())
}

pub(super) fn forget_browsers(tx: &mut WriteTx<'_>, id: StaffId) -> Result<(), Error> {
    let statement = Statement::new("DELETE FROM staff_browsers WHERE staff_id = ?");
    tx.execute(statement.bind(id.to_string()))?;
    Ok(())
}

// Failures -----------------------------------------------------------------------------------

pub(super) fn failures(conn: &mut Conn, hash: &str) -> Result<Option<Failures>, Error> {
    let found: Option<(i64, i64)> = sign_in_failures::table
        .find(hash)
        .select((sign_in_failures::failures, sign_in_failures::last_at))
        .get_result(conn)
        .optional()?;
    let read =
        |(failures, last_at)| Failures { failures, last_at: Timestamp::from_micros(last_at) };
    Ok(found.map(read))
}

/// Stores so many failures where `seen` were (none where there was no row). Of two attempts at
/// once one finds the other counted, and is looked at anew.
pub(super) fn count_failure(
    tx: &mut WriteTx<'_>,
    hash: &str,
    seen: i64,
    failures: i64,
) -> Result<(), Error> {
    let now = tx.now().micros();
    let statement = Statement::new(
        "INSERT INTO sign_in_failures (login_hash, failures, last_at) VALUES (?, ?, ?) \
         ON CONFLICT (login_hash) DO UPDATE SET last_at = excluded.last_at, \
         failures = excluded.failures WHERE sign_in_failures.failures = ?",
    );
    match tx.execute(statement.bind(hash).bind_all([failures, now, seen]))? {
        1 => Ok(()),
        _ => Err(Error::Contention("an attempt to sign in was counted under way".into())),
    }
}

pub(super) fn touch_failures(tx: &mut WriteTx<'_>, hash: &str) -> Result<(), Error> {
    let statement = Statement::new("UPDATE sign_in_failures SET last_at = ? WHERE login_hash = ?");
    let statement = statement.bind(tx.now().micros()).bind(hash);
    tx.execute(statement)?;
    Ok(())
}

pub(super) fn forget_failures(tx: &mut WriteTx<'_>, hash: &str) -> Result<(), Error> {
    tx.execute(Statement::new("DELETE FROM sign_in_failures WHERE login_hash = ?").bind(hash))?;
    Ok(())
}

/// With so many names, a fifth of them goes: the least tried first, so that nobody pushes a name
/// out that is being tried by trying others.
pub(super) fn make_room_for_failures(tx: &mut WriteTx<'_>, most: i64) -> Result<(), Error> {
    let there: i64 = sign_in_failures::table.count().get_result(tx.conn())?;
    if there < most {
        return Ok(());
    }
    let statement = Statement::new(
        "DELETE FROM sign_in_failures WHERE login_hash IN \
         (SELECT login_hash FROM sign_in_failures ORDER BY failures, last_at LIMIT ?)",
    );
    tx.execute(statement.bind(most / 5))?;
    Ok(())
}

// Retention ----------------------------------------------------------------------------------

/// Removes rows of a table whose time has passed, the oldest first.
pub(super) fn remove_before(
    tx: &mut WriteTx<'_>,
    table: &str,
    key: &str,
    column: &str,
    before: Timestamp,
    limit: i64,
) -> Result<usize, Error> {
    let statement = Statement::new(format!(
        "DELETE FROM {table} WHERE {key} IN \
         (SELECT {key} FROM {table} WHERE {column} <= ? ORDER BY {column} LIMIT ?)"
    ));
    tx.execute(statement.bind_all([before.micros(), limit]))
}
