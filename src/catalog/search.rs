//! Searching the catalogue, page by page.

use tracing::instrument;

use super::model::Product;
use super::store;
use crate::db::Conn;
use crate::error::Error;
use crate::http::Paging;

/// Products whose name, brand, category or SKU contain every word of `query` in any case, newest
/// first; all of them for an empty query. One row more than the page has, if there is one.
///
/// # Errors
/// What the database refuses.
#[instrument(name = "catalog.search", skip_all, fields(app.module = "catalog"))]
pub fn search(conn: &mut Conn, query: &str, paging: &Paging) -> Result<Vec<Product>, Error> {
    let patterns: Vec<String> = query.to_lowercase().split_whitespace().map(pattern).collect();
    store::search(conn, patterns, paging)
}

/// A LIKE pattern (with `\` to escape) for texts that contain `word` as it is.
fn pattern(word: &str) -> String {
    let mut pattern = String::from("%");
    for character in word.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

#[cfg(test)]
mod tests {
    use super::pattern;

    #[test]
    fn wildcards_of_like_are_searched_for_literally() {
        assert_eq!(pattern("100%_a\\b"), "%100\\%\\_a\\\\b%");
    }
}
