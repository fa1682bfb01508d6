//! The whole catalogue as a file, in the columns that an import reads.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use futures_util::stream::{self, Stream};

use crate::catalog::{self, Product};
use crate::db::Db;
use crate::error::Error;
use crate::inventory;
use crate::web::admin::staff::{Anyone, Staff};

const COLUMNS: [&str; 9] = [
    "sku",
    "name",
    "department",
    "category",
    "brand",
    "package_size",
    "price_minor",
    "currency",
    "on_hand",
];
const PRODUCTS: i64 = 1_000;

/// Sends the catalogue, however large it is, without holding it.
pub(super) async fn download(_staff: Staff<Anyone>, db: Data<Arc<Db>>) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/csv; charset=utf-8"))
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"products.csv\""))
        .streaming(chunks(Arc::clone(db.get_ref())))
}

/// How far the file is written.
enum Place {
    Head,
    After(String),
    End,
}

fn chunks(db: Arc<Db>) -> impl Stream<Item = Result<Bytes, Error>> {
    stream::try_unfold((db, Place::Head), |(db, place)| async move {
        let after = match place {
            Place::Head => return Ok(Some((head()?, (db, Place::After(String::new()))))),
            Place::After(sku) => sku,
            Place::End => return Ok(None),
        };
        let rows = db
            .read(move |conn| {
                let products = catalog::after_sku(conn, &after, PRODUCTS)?;
                let skus: Vec<&str> = products.iter().map(|product| product.sku.as_str()).collect();
                let on_hand = inventory::on_hand(conn, &skus)?;
                Ok((products, on_hand))
            })
            .await?;
        let (products, on_hand) = rows;
        let next = match products.last() {
            Some(last) => Place::After(last.sku.clone()),
            None => Place::End,
        };
        let mut csv = csv::Writer::from_writer(Vec::new());
        for product in &products {
            let units = on_hand.get(&product.sku).copied().unwrap_or_default();
            write(&mut csv, product, units).map_err(unwritable)?;
        }
        Ok(Some((finished(csv)?, (db, next))))
    })
}

fn head() -> Result<Bytes, Error> {
    let mut csv = csv::Writer::from_writer(Vec::new());
    csv.write_record(COLUMNS).map_err(unwritable)?;
    finished(csv)
}

/// A row for each price: an import makes one product of them again.
fn write(csv: &mut csv::Writer<Vec<u8>>, product: &Product, units: i64) -> csv::Result<()> {
    let text = |text: &Option<String>| cell(text.as_deref().unwrap_or_default());
    for price in &product.prices {
        csv.write_record([
            cell(&product.sku),
            cell(&product.name),
            text(&product.department),
            text(&product.category),
            text(&product.brand),
            text(&product.package_size),
            price.amount.minor().to_string(),
            price.currency.to_string(),
            units.to_string(),
        ])?;
    }
    Ok(())
}

fn cell(text: &str) -> String {
    catalog::for_spreadsheet(text).into_owned()
}

fn finished(csv: csv::Writer<Vec<u8>>) -> Result<Bytes, Error> {
    let bytes = csv.into_inner();
    Ok(bytes.map_err(|failure| Error::internal("writing a file of products", failure))?.into())
}

fn unwritable(failure: csv::Error) -> Error {
    Error::internal("writing a file of products", failure)
}
