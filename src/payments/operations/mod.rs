//! Operations as they are stored: one row for each request to a gateway.

mod store;

pub(super) use store::{claim_due, close_operation, insert_operation, operations, put_off};
pub use store::{has_pending_for, oldest_unsettled, operations_of, payment_of, refund_view};
