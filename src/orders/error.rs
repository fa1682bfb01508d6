//! Why an order was refused.

use serde_json::Value;

use super::model::OrderStatus;
use crate::error::{FieldError, Refusal};
use crate::inventory::Shortage;
use crate::kernel::{Amount, OrderId};
use crate::payments::PaymentRefusal;

/// Every refusal of this room.
#[derive(Debug, Clone, PartialEq)]
pub enum OrderRefusal {
    /// There is no such order.
    Unknown,
    /// There is no such customer.
    UnknownCustomer,
    /// Products that are not in the catalogue, by line.
    UnknownSku(Vec<(usize, String)>),
    /// Products without a price in the order's currency, by line.
    CurrencyMismatch(Vec<(usize, String)>),
    /// The prices have changed since the caller computed its total.
    TotalMismatch {
        /// The caller's total.
        expected: Amount,
        /// The server's.
        actual: Amount,
    },
    /// Not enough of some products; each with the first line that wants it.
    InsufficientStock(Vec<(usize, Shortage)>),
    /// The order cannot go there from where it is.
    InvalidTransition {
        /// Where it is.
        from: OrderStatus,
        /// Where it was to go.
        to: OrderStatus,
    },
    /// The cart was ordered already.
    CartOrdered(OrderId),
    /// A request to the gateway is under way.
    PaymentInProgress,
    /// The money is neither there nor held nor promised.
    PaymentNotSecured,
    /// A line that is not of this order.
    UnknownLine {
        /// Its place in the request.
        index: usize,
    },
    /// More than is left to fulfil.
    ExceedsUnfulfilled {
        /// The line's place in the request.
        index: usize,
        /// Units left.
        left: i64,
    },
    /// Nothing is left to fulfil.
    NothingLeft,
    /// The caller has seen another version.
    Changed {
        /// The version now.
        version: i64,
    },
}

impl From<OrderRefusal> for Refusal {
    fn from(refusal: OrderRefusal) -> Self {
        match refusal {
            OrderRefusal::Unknown => Self::not_found("order"),
            OrderRefusal::UnknownCustomer => Self::not_found("customer"),
            OrderRefusal::UnknownSku(lines) => by_line(
                lines,
                "unknown_sku",
                "There is no product",
                "The catalogue lacks a product",
            ),
            OrderRefusal::CurrencyMismatch(lines) => by_line(
                lines,
                "currency_mismatch",
                "There is no price in this currency for",
                "A product has no price in the order's currency",
            ),
            OrderRefusal::TotalMismatch { expected, actual } => {
                let detail = "Prices have changed: show the new total and ask again.";
                Self::new(409, "total_mismatch", detail)
                    .with("expected", expected.minor())
                    .with("actual", actual.minor())
            }
            OrderRefusal::InsufficientStock(shortages) => insufficient(shortages),
            OrderRefusal::InvalidTransition { from, to } => {
                let detail =
                    format!("An order that is {} cannot become {}.", from.as_str(), to.as_str());
                let allowed: Vec<Value> =
                    from.next().iter().map(|status| status.as_str().into()).collect();
                Self::new(409, "invalid_transition", detail)
                    .with("status", from.as_str())
                    .with("allowed", allowed)
            }
            OrderRefusal::CartOrdered(order_id) => {
                Self::new(409, "cart_ordered", "This cart was ordered already.")
                    .with("order_id", order_id.to_string())
            }
            OrderRefusal::PaymentInProgress => PaymentRefusal::InProgress.into(),
            OrderRefusal::PaymentNotSecured => Self::new(
                409,
                "payment_not_secured",
                "The money for this order is neither there nor held: nothing is to be sent.",
            ),
            OrderRefusal::UnknownLine { index } => Self::invalid(
                format!("lines[{index}].line_id"),
                "unknown_line",
                "not of this order",
            ),
            OrderRefusal::ExceedsUnfulfilled { index, left } => {
                let field = format!("lines[{index}].quantity");
                let detail = format!("only {left} are left to fulfil");
                let error =
                    FieldError::new(field, "exceeds_unfulfilled", detail).with("left", left);
                Self::new(409, "exceeds_unfulfilled", "More than is left to fulfil.")
                    .with_error(error)
            }
            OrderRefusal::NothingLeft => {
                Self::new(409, "exceeds_unfulfilled", "Everything of this order is fulfilled.")
            }
            OrderRefusal::Changed { version } => Self::new(
                412,
                "version_mismatch",
                "The order has changed since you read it: read it again and decide anew.",
            )
            .with("version", version),
        }
    }
}

fn by_line(
    lines: Vec<(usize, String)>,
    code: &'static str,
    wrong: &str,
    detail: &'static str,
) -> Refusal {
    let errors = lines.into_iter().map(|(index, sku)| {
        FieldError::new(format!("lines[{index}].sku"), code, format!("{wrong} `{sku}`."))
            .with("sku", sku)
    });
    errors.fold(Refusal::new(422, code, format!("{detail}.")), Refusal::with_error)
}

fn insufficient(shortages: Vec<(usize, Shortage)>) -> Refusal {
    let errors = shortages.into_iter().map(|(index, short)| {
        let detail =
            format!("{} of `{}` wanted, {} available", short.requested, short.sku, short.available);
        FieldError::new(format!("lines[{index}].quantity"), "insufficient_stock", detail)
            .with("sku", short.sku)
            .with("requested", short.requested)
            .with("available", short.available)
    });
    let detail = "There is not enough in stock; order less or wait for more.";
    errors.fold(Refusal::new(409, "insufficient_stock", detail), Refusal::with_error)
}
