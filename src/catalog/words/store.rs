//! Queries on `product_words`.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use super::words;
use crate::catalog::schema::{product_words, products};
use crate::db::{Conn, Statement, Value, WriteTx};
use crate::error::Error;

/// Words of one statement at most, two values each.
const CHUNK: usize = 2_000;

/// Replaces the words of each product by those of its text.
pub(super) fn replace(tx: &mut WriteTx<'_>, texts: &[(&str, String)]) -> Result<(), Error> {
    if texts.is_empty() {
        return Ok(());
    }
    let places = vec!["?"; texts.len()].join(",");
    let delete = Statement::new(format!("DELETE FROM product_words WHERE sku IN ({places})"));
    tx.execute(delete.bind_all(texts.iter().map(|(sku, _)| *sku)))?;
    let pairs =
        texts.iter().flat_map(|(sku, text)| words(text).into_iter().map(|word| (word, *sku)));
    let mut pairs: Vec<(String, &str)> = pairs.collect();
    // In the order of the key: neighbours are written together.
    pairs.sort_unstable();
    for chunk in pairs.chunks(CHUNK) {
        let rows =
            chunk.iter().map(|(word, sku)| -> [Value; 2] { [word.as_str().into(), (*sku).into()] });
        tx.execute(Statement::insert("product_words", ["word", "sku"], rows))?;
    }
    Ok(())
}

/// Each has one word at least, its SKU.
pub(super) fn without_words(
    conn: &mut Conn,
    after: &str,
    limit: i64,
) -> Result<Vec<String>, Error> {
    let worded = product_words::table
        .filter(product_words::sku.eq(products::sku))
        .select(product_words::sku);
    Ok(products::table
        .filter(products::sku.gt(after).and(not(exists(worded))))
        .order(products::sku)
        .limit(limit)
        .select(products::sku)
        .load(conn)?)
}

pub(super) fn texts(conn: &mut Conn, skus: &[String]) -> Result<Vec<(String, String)>, Error> {
    Ok(products::table
        .filter(products::sku.eq_any(skus))
        .select((products::sku, products::search_text))
        .load(conn)?)
}
