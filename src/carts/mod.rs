//! Carts: what visitors of the shop are about to order.
//!
//! Invariants: a cart is known by the digest of a secret that only its visitor's browser keeps; it
//! has a line per product, with at least one unit; prices and stock are looked up when it is shown
//! and again when it is ordered, never kept. Of a cart one order stands at most (`orders` holds
//! that). A cart is a draft: it promises nothing, so its changes are not journalled.
//! Owns the tables `carts`, `cart_lines`.

mod change;
mod check_out;
mod error;
mod find;
mod model;
mod schema;
mod store;
mod view;

pub use change::{add, remove_old, set};
pub use check_out::{CheckOut, CheckedOut, Payment, check_out};
pub use error::CartRefusal;
pub use find::{OpenCart, begin, find, open};
pub use model::{Cart, CartLine, LINES_MAX, QUANTITY_MAX};
pub use view::{units, view};
