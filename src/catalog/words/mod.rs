//! The words that products are found by in the shop.

mod store;

use std::collections::BTreeSet;

use super::model::Product;
use crate::db::{Conn, WriteTx};
use crate::error::Error;

/// A longer word is found by its beginning.
const WORD_CHARS: usize = 32;

/// The words of a text, in small letters: what stands between characters that are neither letters
/// nor digits.
#[must_use]
pub(super) fn words(text: &str) -> BTreeSet<String> {
    let parts = text.split(|character: char| !character.is_alphanumeric());
    let short = |part: &str| part.to_lowercase().chars().take(WORD_CHARS).collect::<String>();
    parts.filter(|part| !part.is_empty()).map(short).collect()
}

/// Keeps the words of products that were just written.
pub(super) fn keep(tx: &mut WriteTx<'_>, products: &[&Product]) -> Result<(), Error> {
    let texts: Vec<(&str, String)> =
        products.iter().map(|product| (product.sku.as_str(), product.search_text())).collect();
    store::replace(tx, &texts)
}

/// Products after this SKU that have no words, at most `limit`: those of an older binary.
///
/// # Errors
/// What the database refuses.
pub fn without_words(conn: &mut Conn, after: &str, limit: i64) -> Result<Vec<String>, Error> {
    store::without_words(conn, after, limit)
}

/// Keeps the words of these products; answers of how many.
///
/// # Errors
/// What the database refuses.
pub fn index_words(tx: &mut WriteTx<'_>, skus: &[String]) -> Result<usize, Error> {
    let texts = store::texts(tx.conn(), skus)?;
    let texts: Vec<(&str, String)> =
        texts.iter().map(|(sku, text)| (sku.as_str(), text.clone())).collect();
    store::replace(tx, &texts)?;
    Ok(texts.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_stands_between_other_characters() {
        let found = words("Field & Mill: crème-brûlée 350g, FIELD");
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            ["350g", "brûlée", "crème", "field", "mill"]
        );
        assert!(words(" .,- ").is_empty());
        assert_eq!(words(&"x".repeat(100)).first().map(String::len), Some(WORD_CHARS));
    }
}
