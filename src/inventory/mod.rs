//! Stock: levels, the transfers that move them, and the holds of orders.
//!
//! Invariants: `on_hand` is the sum of all posted movements, `reserved` that of all pending ones;
//! neither goes below zero and `reserved` never above `on_hand`, held by guarded updates and
//! CHECKs; movements are append-only. A hold is a pending transfer: posted it becomes a sale,
//! voided or expired it never was. Owns `stock_locations`, `stock_levels`, `stock_transfers`,
//! `stock_movements`, `stock_stretches`, `product_imports`.

mod adjust;
mod available;
mod demo;
mod error;
mod hold;
mod http;
mod import;
mod model;
mod opening;
mod schema;
mod stock;
mod store;
mod stretch;

pub use adjust::adjust;
pub use available::{available, on_hand};
pub use demo::load_demo;
pub use error::{InventoryRefusal, Shortage};
pub use hold::{give_back, post, release, reserve};
pub use http::routes;
pub use import::{
    ImportId, ImportState, ImportView, begin_import, end_interrupted_imports, import_rows, imports,
    run_import,
};
pub use model::{Adjustment, Level, Movement, Release, Wanted};
pub use opening::set_opening_stock;
pub use stock::{level, movements, scarce};
pub use stretch::begin_stretch_when_full;
