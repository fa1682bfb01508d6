//! Being built.

mod demo;
mod opening;

pub use demo::load_demo;
pub use opening::set_opening_stock;
