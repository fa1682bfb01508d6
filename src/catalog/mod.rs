//! The catalogue: products and their prices.
//!
//! Invariants: a product has at least one price and at most one per currency; its version rises by
//! one with every change of it or of a price, and a change that changes nothing is none; nothing is
//! ever removed, because orders and stock name products by their SKU.
//! Owns the tables `products`, `prices`.

mod demo;
mod error;
mod get;
mod http;
mod model;
mod prices;
mod put;
mod row;
mod schema;
mod search;
mod store;

pub use demo::demo_rows;
pub use error::CatalogRefusal;
pub use get::{Priced, any_product, exists, product};
pub use http::routes;
pub use model::{Price, Product, ProductDetails, ProductInput, Sku};
pub use prices::Prices;
pub use put::{Put, PutCounts, put, put_many};
pub use row::{MAX_ON_HAND, ProductRow, ProductRows, RowError};
pub use search::search;
