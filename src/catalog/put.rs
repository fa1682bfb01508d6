//! Creating and replacing products.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;
use tracing::instrument;

use super::error::CatalogRefusal;
use super::model::{Price, Product, ProductInput};
use super::{prices, store, words};
use crate::audit::{self, Entry, Subject};
use crate::db::WriteTx;
use crate::error::Error;

/// Products of one statement at most, far below what either database takes.
const CHUNK: usize = 1_000;

/// What a put did.
#[derive(Debug)]
pub struct Put {
    /// The product as it is now.
    pub product: Product,
    /// Whether it is new.
    pub created: bool,
}

/// How many products a file made and changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PutCounts {
    /// New ones.
    pub created: usize,
    /// Those that are different now.
    pub changed: usize,
    /// Those that were already as they should be.
    pub unchanged: usize,
}

/// A product before and after.
struct Planned {
    before: Option<Product>,
    after: Product,
}

impl Planned {
    fn is_change(&self) -> bool {
        self.before.as_ref().is_none_or(|before| before.version != self.after.version)
    }

    fn has_new_words(&self) -> bool {
        let after = self.after.search_text();
        self.before.as_ref().is_none_or(|before| before.search_text() != after)
    }

    fn new_prices(&self) -> impl Iterator<Item = (&str, &Price)> {
        let before = self.before.as_ref().map_or(&[][..], |before| &before.prices);
        let new = self.after.prices.iter().filter(|price| !before.contains(price));
        new.map(|price| (self.after.sku.as_str(), price))
    }
}

/// Creates or replaces one product, in the version `if_match` when the caller names one.
///
/// # Errors
/// 412 when the product is in another version.
#[instrument(
    name = "catalog.put", skip_all, fields(app.module = "catalog", inventory.sku = %input.sku)
)]
pub fn put(
    tx: &mut WriteTx<'_>,
    input: &ProductInput,
    if_match: Option<i64>,
) -> Result<Put, Error> {
    let planned = plan(tx, std::slice::from_ref(input))?;
    let current = planned.iter().find_map(|one| Some(one.before.as_ref()?.version));
    if if_match.is_some() && if_match != current {
        return Err(CatalogRefusal::VersionMismatch { current }.into());
    }
    write(tx, &planned)?;
    let product = planned.into_iter().next().map(|one| one.after);
    let product = product.ok_or_else(|| Error::internal("putting a product", "nothing planned"))?;
    Ok(Put { product, created: current.is_none() })
}

/// Creates or replaces many products. Several inputs for one SKU, each with the price in another
/// currency, make one product; otherwise the last one counts.
///
/// # Errors
/// What the database refuses; then none of them is kept.
#[instrument(
    name = "catalog.put_many", skip_all,
    fields(app.module = "catalog", inputs = inputs.len().cast_signed())
)]
pub fn put_many(tx: &mut WriteTx<'_>, inputs: &[ProductInput]) -> Result<PutCounts, Error> {
    let mut counts = PutCounts::default();
    for chunk in inputs.chunks(CHUNK) {
        let planned = plan(tx, chunk)?;
        write(tx, &planned)?;
        for one in &planned {
            match &one.before {
                None => counts.created += 1,
                Some(_) if one.is_change() => counts.changed += 1,
                Some(_) => counts.unchanged += 1,
            }
        }
    }
    Ok(counts)
}

/// What each product is and will be, by SKU: PostgreSQL locks rows in this one order.
fn plan(tx: &mut WriteTx<'_>, inputs: &[ProductInput]) -> Result<Vec<Planned>, Error> {
    let now = tx.now();
    let skus: Vec<&str> = inputs.iter().map(|input| input.sku.as_str()).collect();
    let found = store::by_skus(tx.conn(), &skus)?;
    let mut found: HashMap<String, Product> =
        found.into_iter().map(|product| (product.sku.clone(), product)).collect();
    let mut drafts: BTreeMap<&str, Product> = BTreeMap::new();
    for input in inputs {
        let sku = input.sku.as_str();
        let current = drafts.get(sku).or_else(|| found.get(sku));
        let draft = Product::draft(current, input, now);
        drafts.insert(sku, draft);
    }
    let planned = drafts.into_iter().map(|(sku, draft)| {
        let before = found.remove(sku);
        Planned { after: draft.following(before.as_ref()), before }
    });
    Ok(planned.collect())
}

fn write(tx: &mut WriteTx<'_>, planned: &[Planned]) -> Result<(), Error> {
    let changes: Vec<&Planned> = planned.iter().filter(|one| one.is_change()).collect();
    if changes.is_empty() {
        return Ok(());
    }
    let products: Vec<&Product> = changes.iter().map(|one| &one.after).collect();
    if store::upsert_products(tx, &products)? != products.len() {
        return Err(Error::Contention("a product was changed meanwhile".into()));
    }
    let worded: Vec<&Product> =
        changes.iter().filter(|one| one.has_new_words()).map(|one| &one.after).collect();
    words::keep(tx, &worded)?;
    prices::changed(tx);
    store::upsert_prices(tx, changes.iter().flat_map(|one| one.new_prices()))?;
    let entries = changes.into_iter().map(entry).collect::<Result<_, _>>()?;
    audit::record_all(tx, entries)
}

fn entry(change: &Planned) -> Result<Entry, Error> {
    let subject = Subject::Product(change.after.sku.clone());
    let entry = match &change.before {
        None => Entry::new("product.created", subject),
        Some(before) => Entry::new("product.changed", subject).before(state(before))?,
    };
    entry.after(state(&change.after))
}

fn state(product: &Product) -> Value {
    let mut state = product.content();
    state["version"] = product.version.into();
    state
}
