//! Payments, the operations that gateways are asked for, and the ledger of what money did.
//!
//! Invariants: an amount is set aside in the payment (`capturing`, `voiding`, `refunding`) by a
//! guarded update before a gateway is asked, so no two requests spend it; every gateway call has
//! one stable key, its operation's id; an operation is settled once, by whoever knows its outcome
//! first; every settled operation has its ledger transfers and its journal entry in the same
//! transaction. Owns `payments`, `payment_operations`, `ledger_transfers`, `gateway_events`, and,
//! for the test gateway, `test_gateway_records`.

mod ask;
mod begin;
mod due;
mod error;
mod gateway;
mod http;
mod ledger;
mod model;
mod open;
mod operations;
mod schema;
mod settle;
mod store;

pub use ask::{Gateways, Heard};
pub use begin::{Ask, begin};
pub use due::{claim_due, put_off};
pub use error::PaymentRefusal;
pub use gateway::{Answer, Gateway, GatewayFailure, ManualGateway, Request, TestGateway};
pub use http::routes;
pub use model::{
    CaptureMode, Method, NextAction, Operation, OperationKind, OperationView, Payment,
    PaymentStatus, PaymentView, RefundView,
};
pub use open::{NewPayment, open};
pub use operations::{has_pending_for, oldest_unsettled, operations_of, payment_of, refund_view};
pub use settle::{Settled, settle};
pub use store::{newest, of_order, of_orders, payment};
