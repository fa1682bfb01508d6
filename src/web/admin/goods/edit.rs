//! Making a product and changing it.

use std::collections::HashMap;
use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use askama::Template;
use serde::Deserialize;

use crate::catalog::{self, Product, ProductDetails, ProductInput};
use crate::db::Db;
use crate::error::{Error, Refusal};
use crate::http::Text;
use crate::inventory::{self, Level};
use crate::kernel::{Amount, Currency};
use crate::web::ShopSettings;
use crate::web::admin::desk::{Desk, Section};
use crate::web::admin::staff::{Act, Anyone, Changers, Staff};
use crate::web::frame::Frame;
use crate::web::page::{page, see_other};

/// A product as the form has it. What was left out is empty.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct ProductForm {
    sku: String,
    name: String,
    price: String,
    department: String,
    category: String,
    brand: String,
    package_size: String,
    /// The version that the form was made from; empty for a new product.
    version: String,
}

#[derive(Template)]
#[template(path = "admin/goods/product.html")]
struct EditPage {
    frame: Frame,
    desk: Desk,
    form: ProductForm,
    currency: Currency,
    product: Option<Product>,
    level: Option<Level>,
    wrong: Wrong,
    notice: Option<String>,
    saved: bool,
    may_change: bool,
}

impl EditPage {
    fn wrong(&self, field: &str) -> Option<String> {
        self.wrong.get(field).map(|code| self.frame.wrong(field, code))
    }

    /// The shop shows what has a price in its currency.
    fn is_in_shop(&self) -> bool {
        self.product.as_ref().is_some_and(|product| product.price.is_some())
    }

    /// Says something when nothing can be changed.
    fn lock(&self) -> &'static str {
        if self.may_change { "" } else { "readonly" }
    }

    /// A product keeps its article number.
    fn lock_sku(&self) -> &'static str {
        if self.form.version.is_empty() { self.lock() } else { "readonly" }
    }
}

/// Shows an empty form.
pub(super) async fn new(
    staff: Staff<Changers>,
    shop: Data<Arc<ShopSettings>>,
) -> Result<HttpResponse, Error> {
    let (frame, desk) = staff.surroundings(Section::Products);
    let empty = EditPage {
        frame,
        desk,
        form: ProductForm::default(),
        currency: shop.currency,
        product: None,
        level: None,
        wrong: HashMap::new(),
        notice: None,
        saved: false,
        may_change: true,
    };
    page(StatusCode::OK, &empty)
}

/// Whether the product was just saved.
#[derive(Debug, Deserialize)]
pub(super) struct Saved {
    saved: Option<String>,
}

/// Shows a product with its form.
pub(super) async fn show(
    staff: Staff<Anyone>,
    sku: Path<String>,
    saved: Query<Saved>,
    shop: Data<Arc<ShopSettings>>,
    db: Data<Arc<Db>>,
) -> Result<HttpResponse, Error> {
    let (product, level) = read(&db, sku.into_inner(), shop.currency).await?;
    let (frame, desk) = staff.surroundings(Section::Products);
    let shown = EditPage {
        frame,
        desk,
        form: ProductForm::of(&product, shop.currency),
        currency: shop.currency,
        product: Some(product),
        level: Some(level),
        wrong: HashMap::new(),
        notice: None,
        saved: saved.saved.is_some(),
        may_change: staff.may::<Changers>(),
    };
    page(StatusCode::OK, &shown)
}

async fn read(db: &Db, sku: String, currency: Currency) -> Result<(Product, Level), Error> {
    db.read(move |conn| {
        let product = catalog::product(conn, &sku, Some(currency))?;
        let product = product.ok_or_else(|| Refusal::not_found("product"))?;
        Ok((product, inventory::level(conn, &sku)?))
    })
    .await
}

/// Saves what the form says, unless the product was changed since the form was shown.
pub(super) async fn save(
    act: Act<Changers, ProductForm>,
    shop: Data<Arc<ShopSettings>>,
    db: Data<Arc<Db>>,
) -> Result<HttpResponse, Error> {
    let (staff, form) = (&act.staff, act.form.clone());
    let input = match form.read(shop.currency) {
        Ok(input) => input,
        Err(wrong) => return again(staff, &shop, &db, form, wrong, None).await,
    };
    let seen: Option<i64> = form.version.parse().ok();
    let saved = db
        .write(&staff.origin, move |tx| {
            let there = catalog::exists(tx.conn(), input.sku.as_str())?;
            if seen.is_none() && there {
                return Err(Refusal::invalid("sku", "taken", "there is one already").into());
            }
            catalog::put(tx, &input, seen)
        })
        .await;
    match saved {
        Ok(put) => Ok(see_other(&format!("/admin/product/{}?saved=1", put.product.sku))),
        Err(Error::Refused(refusal)) => {
            let at_sku = refusal.errors.iter().find(|error| error.field == "sku");
            let wrong = at_sku.map(|error| ("sku", error.code)).into_iter().collect();
            let (frame, _) = staff.surroundings(Section::Products);
            let notice = at_sku.is_none().then(|| frame.refused(&refusal));
            again(staff, &shop, &db, form, wrong, notice).await
        }
        Err(error) => Err(error),
    }
}

async fn again(
    staff: &Staff<Changers>,
    shop: &ShopSettings,
    db: &Db,
    form: ProductForm,
    wrong: Wrong,
    notice: Option<String>,
) -> Result<HttpResponse, Error> {
    let there = match form.version.is_empty() {
        true => None,
        false => Some(read(db, form.sku.clone(), shop.currency).await?),
    };
    let (product, level) = there.unzip();
    let (frame, desk) = staff.surroundings(Section::Products);
    let currency = shop.currency;
    let (saved, may_change) = (false, true);
    let shown =
        EditPage { frame, desk, form, currency, product, level, wrong, notice, saved, may_change };
    page(StatusCode::UNPROCESSABLE_ENTITY, &shown)
}

impl ProductForm {
    fn of(product: &Product, currency: Currency) -> Self {
        let text = |text: &Option<String>| text.clone().unwrap_or_default();
        Self {
            sku: product.sku.clone(),
            name: product.name.clone(),
            price: product.price.map(|price| price.to_units(currency)).unwrap_or_default(),
            department: text(&product.department),
            category: text(&product.category),
            brand: text(&product.brand),
            package_size: text(&product.package_size),
            version: product.version.to_string(),
        }
    }

    /// The product that the form describes, or what is wrong with each field.
    fn read(&self, currency: Currency) -> Result<ProductInput, Wrong> {
        let mut wrong = HashMap::new();
        let sku = self.sku.trim().parse();
        let sku = noted::<_, catalog::InvalidSku>(&mut wrong, "sku", sku);
        let name = noted(&mut wrong, "name", Text::check(self.name.trim().to_owned()));
        let price = noted(&mut wrong, "price", Amount::in_units(&self.price, currency));
        let department = optional(&mut wrong, "department", &self.department);
        let category = optional(&mut wrong, "category", &self.category);
        let brand = optional(&mut wrong, "brand", &self.brand);
        let package_size = optional(&mut wrong, "package_size", &self.package_size);
        match (sku, name, price) {
            (Some(sku), Some(name), Some(price)) if wrong.is_empty() => {
                let details = ProductDetails {
                    name,
                    price,
                    currency,
                    department,
                    category,
                    brand,
                    package_size,
                };
                Ok(ProductInput { sku, details })
            }
            _ => Err(wrong),
        }
    }
}

/// Codes of what is wrong, by field.
type Wrong = HashMap<&'static str, &'static str>;

fn noted<T, E>(wrong: &mut Wrong, field: &'static str, read: Result<T, E>) -> Option<T> {
    read.map_err(|_| wrong.insert(field, "invalid")).ok()
}

fn optional<const MAX: usize>(
    wrong: &mut Wrong,
    field: &'static str,
    text: &str,
) -> Option<Text<1, MAX>> {
    let text = text.trim();
    if text.is_empty() { None } else { noted(wrong, field, Text::check(text.to_owned())) }
}
