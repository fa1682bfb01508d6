//! Creating and replacing products.

use std::collections::{HashMap, HashSet};

use serde_json::Value;
use tracing::instrument;

use super::error::CatalogRefusal;
use super::model::{Product, ProductInput};
use super::store;
use crate::audit::{self, Entry, Subject};
use crate::db::WriteTx;
use crate::error::Error;

/// Rows of one statement at most, far below what either database takes.
const CHUNK: usize = 500;

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

/// Creates or replaces many products; of rows with the same SKU the later ones come after.
///
/// # Errors
/// What the database refuses; then none of them is kept.
#[instrument(name = "catalog.put_many", skip_all, fields(app.module = "catalog", rows = inputs.len()))]
pub fn put_many(tx: &mut WriteTx<'_>, inputs: &[ProductInput]) -> Result<PutCounts, Error> {
    let mut counts = PutCounts::default();
    for chunk in distinct_chunks(inputs) {
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

/// Runs of rows in which no SKU comes twice: one statement cannot write a row twice.
fn distinct_chunks(inputs: &[ProductInput]) -> Vec<&[ProductInput]> {
    let mut chunks = Vec::new();
    let mut rest = inputs;
    while !rest.is_empty() {
        let mut seen = HashSet::new();
        let end = rest.iter().take(CHUNK).take_while(|input| seen.insert(&input.sku)).count();
        let (chunk, after) = rest.split_at(end);
        chunks.push(chunk);
        rest = after;
    }
    chunks
}

/// What each product is and will be, by SKU: PostgreSQL locks rows in this one order.
fn plan(tx: &mut WriteTx<'_>, inputs: &[ProductInput]) -> Result<Vec<Planned>, Error> {
    let now = tx.now();
    let skus: Vec<&str> = inputs.iter().map(|input| input.sku.as_str()).collect();
    let found = store::by_skus(tx.conn(), &skus)?;
    let mut found: HashMap<String, Product> =
        found.into_iter().map(|product| (product.sku.clone(), product)).collect();
    let mut planned: Vec<Planned> = inputs
        .iter()
        .map(|input| {
            let before = found.remove(input.sku.as_str());
            Planned { after: Product::after(before.as_ref(), input, now), before }
        })
        .collect();
    planned.sort_by(|one, other| one.after.sku.cmp(&other.after.sku));
    Ok(planned)
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
    store::upsert_prices(tx, &products)?;
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
