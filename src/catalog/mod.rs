//! The catalogue: products and their prices.
//!
//! Invariants: a product has at least one price and at most one per currency; its version rises by
//! one with every change of it or of a price, and a change that changes nothing is none; nothing is
//! ever removed, because orders and stock name products by their SKU.
//! The shop finds products by the beginnings of their words.
//! Owns the tables `products`, `prices`, `product_words`.

mod browse;
mod cell;
mod demo;
mod error;
mod export;
mod get;
mod http;
mod model;
mod prices;
mod put;
mod row;
mod schema;
mod search;
mod store;
mod words;

pub use browse::{Browse, Shelved, browse, departments, on_shelf};
pub use cell::for_spreadsheet;
pub use demo::demo_rows;
pub use error::CatalogRefusal;
pub use export::after_sku;
pub use get::{Priced, any_product, exists, names, product};
pub use http::routes;
pub use model::{InvalidSku, Price, Product, ProductDetails, ProductInput, Sku};
pub use prices::Prices;
pub use put::{Put, PutCounts, put, put_many};
pub use row::{MAX_ON_HAND, ProductRow, ProductRows, RowError};
pub use search::search;
pub use words::{index_words, without_words};
