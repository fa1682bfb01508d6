//! The journal from one number on, read page by page so that memory stays flat.

use std::collections::VecDeque;

use super::store::{self, Numbered};
use crate::db::Conn;
use crate::error::Error;

const PAGE: i64 = 1_000;

/// A place in the journal; rows come in the order of their numbers.
pub(super) struct Rows {
    page: VecDeque<Numbered>,
    /// Where the next page begins; `None` after the last.
    from: Option<i64>,
}

impl Rows {
    /// The rows numbered `from` and up.
    pub(super) fn from(from: i64) -> Self {
        Self { page: VecDeque::new(), from: Some(from) }
    }

    /// The next row, when its number is at most `last`.
    pub(super) fn next_through(
        &mut self,
        conn: &mut Conn,
        last: i64,
    ) -> Result<Option<Numbered>, Error> {
        if self.page.is_empty()
            && let Some(from) = self.from
        {
            self.page = store::numbered_from(conn, from, PAGE)?.into();
            self.from = self.page.back().and_then(|row| row.seq.checked_add(1));
        }
        let due = self.page.front().is_some_and(|row| row.seq <= last);
        Ok(if due { self.page.pop_front() } else { None })
    }
}
