//! Keyset pages: newest first by (created_at, id), and feeds that go by the journal's sequence.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use sha2::{Digest, Sha256};
use utoipa::ToSchema;

use crate::error::{Error, FieldError, Refusal};
use crate::kernel::Timestamp;

const LIMIT_DEFAULT: i64 = 50;
const LIMIT_MAX: i64 = 200;

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Where the next page begins; null on the last one.
    pub next_cursor: Option<String>,
}

/// One page of a feed: oldest first, exclusive of `after`.
#[derive(Debug, Serialize, ToSchema)]
pub struct Feed<T> {
    /// The rows.
    pub data: Vec<T>,
    /// The sequence number to ask `after` next time; the asked one when nothing is new.
    pub next_after: i64,
}

/// The place of a row in a list: where the page before it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// When the row was made.
    pub created_at: Timestamp,
    /// The row's identifier.
    pub id: String,
}

/// Which page is wanted.
#[derive(Debug, Clone)]
pub struct Paging {
    /// Rows of a page.
    pub limit: i64,
    /// After which row.
    pub cursor: Option<Cursor>,
    filters: [u8; 8],
}

impl Paging {
    /// Reads `limit` and `cursor`; `filters` is whatever else selects the rows, as text.
    ///
    /// # Errors
    /// 422 for a limit outside 1 to 200, 400 `invalid_cursor` for a cursor that this server did not
    /// make for the same filters.
    pub fn read(limit: Option<&str>, cursor: Option<&str>, filters: &str) -> Result<Self, Error> {
        let limit = read_limit(limit)?;
        let filters = digest(filters);
        let cursor =
            cursor.map(|text| decode(text, filters).ok_or_else(invalid_cursor)).transpose()?;
        Ok(Self { limit, cursor, filters })
    }

    /// A page from up to `limit + 1` rows: the one too many tells that there is a next page.
    pub fn page<T>(&self, mut rows: Vec<T>, place: impl Fn(&T) -> Cursor) -> Page<T> {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next_cursor =
            rows.last().filter(|_| more).map(|last| encode(&place(last), self.filters));
        Page { data: rows, next_cursor }
    }

    /// How many rows to ask the database for.
    #[must_use]
    pub fn rows_wanted(&self) -> i64 {
        self.limit + 1
    }
}

/// Reads a `limit`.
///
/// # Errors
/// 422 outside 1 to 200.
pub fn read_limit(limit: Option<&str>) -> Result<i64, Error> {
    let Some(text) = limit else { return Ok(LIMIT_DEFAULT) };
    let limit = text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit));
    limit.ok_or_else(|| {
        Refusal::invalid("limit", "out_of_range", format!("must be 1 to {LIMIT_MAX}")).into()
    })
}

/// Reads an `after`: a sequence number, 0 for the beginning.
///
/// # Errors
/// 422 when it is not a whole number from 0 up.
pub fn read_after(after: Option<&str>) -> Result<i64, Error> {
    let Some(text) = after else { return Ok(0) };
    let after = text.parse().ok().filter(|after| *after >= 0);
    after.ok_or_else(|| {
        let error = FieldError::new("after", "invalid", "must be a sequence number from 0 up");
        Refusal::new(422, "validation", "`after` must be a sequence number from 0 up.")
            .with_error(error)
            .into()
    })
}

fn digest(filters: &str) -> [u8; 8] {
    let mut short = [0; 8];
    short.copy_from_slice(&Sha256::digest(filters)[..8]);
    short
}

fn encode(place: &Cursor, filters: [u8; 8]) -> String {
    let mut bytes = filters.to_vec();
    bytes.extend(place.created_at.micros().to_be_bytes());
    bytes.extend(place.id.as_bytes());
    URL_SAFE_NO_PAD.encode(bytes)
}

fn decode(text: &str, filters: [u8; 8]) -> Option<Cursor> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (found, rest) = bytes.split_at_checked(8)?;
    let (micros, id) = rest.split_at_checked(8)?;
    let id = std::str::from_utf8(id).ok().filter(|id| !id.is_empty())?;
    let plain = id.chars().all(|character| !character.is_control());
    (found == filters && plain).then(|| Cursor {
        created_at: Timestamp::from_micros(i64::from_be_bytes(
            micros.try_into().unwrap_or_default(),
        )),
        id: id.to_owned(),
    })
}

fn invalid_cursor() -> Refusal {
    let error =
        FieldError::new("cursor", "invalid", "not a cursor of this list with these filters");
    Refusal::new(
        400,
        "invalid_cursor",
        "Use `next_cursor` of the page before, with the same filters; without `cursor` the list \
         starts over.",
    )
    .with_error(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_to_its_place_but_only_under_its_filters() {
        let place = Cursor { created_at: Timestamp::from_micros(42), id: "abc".into() };
        let text = encode(&place, digest("status=paid"));
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-'));
        assert_eq!(decode(&text, digest("status=paid")), Some(place));
        assert_eq!(decode(&text, digest("status=unpaid")), None);
        assert_eq!(decode("%%%", digest("")), None);
        assert_eq!(decode("AAAA", digest("")), None);
    }
}
