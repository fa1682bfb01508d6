//! What an invariant is made of.

use crate::db::Dialect;

/// Something that must hold in the database at all times.
#[derive(Debug)]
pub struct Invariant {
    /// Its stable identifier, like `S2`: a letter for the subject and a number.
    pub id: &'static str,
    /// What must hold, in one sentence.
    pub what: &'static str,
    pub(super) query: Query,
}

/// Finds the rows at fault, as one text column `row_at_fault`; `?` is the time of the check.
#[derive(Debug)]
pub(super) enum Query {
    /// The same text for both databases.
    Same(&'static str),
    /// The databases spell it differently.
    Each { sqlite: &'static str, postgres: &'static str },
    /// Only SQLite needs to be asked.
    Sqlite(&'static str),
}

impl Query {
    /// The text for this database, if there is anything to ask it.
    pub(super) fn text(&self, dialect: Dialect) -> Option<&'static str> {
        match (self, dialect) {
            (Self::Same(text), _)
            | (Self::Each { sqlite: text, .. } | Self::Sqlite(text), Dialect::Sqlite)
            | (Self::Each { postgres: text, .. }, Dialect::Postgres) => Some(text),
            (Self::Sqlite(_), Dialect::Postgres) => None,
        }
    }
}
