//! Why a payment was refused.

use super::model::{OperationKind, PaymentStatus};
use crate::error::Refusal;
use crate::kernel::Amount;

/// Every refusal of this room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentRefusal {
    /// There is no such payment.
    Unknown,
    /// The payment stands where this cannot be done.
    NotAllowed {
        /// What was asked.
        kind: OperationKind,
        /// Where it stands.
        status: PaymentStatus,
        /// What can be done instead.
        allowed: Vec<OperationKind>,
    },
    /// A request to the gateway is under way.
    InProgress,
    /// More was asked for than there is.
    TooMuch {
        /// What was asked.
        kind: OperationKind,
        /// The most that can be asked for.
        available: Amount,
    },
    /// The caller has seen another version.
    Changed {
        /// The version now.
        version: i64,
    },
}

impl From<PaymentRefusal> for Refusal {
    fn from(refusal: PaymentRefusal) -> Self {
        match refusal {
            PaymentRefusal::Unknown => Self::not_found("payment"),
            PaymentRefusal::NotAllowed { kind, status, allowed } => Self::new(
                409,
                "invalid_transition",
                format!("A payment that is {} cannot take a {}.", status.as_str(), kind.as_str()),
            )
            .with("status", status.as_str())
            .with("allowed", allowed.into_iter().map(OperationKind::as_str).collect::<Vec<_>>()),
            PaymentRefusal::InProgress => {
                let detail = "A request to the payment gateway is under way; try again shortly.";
                let mut refusal = Self::new(409, "payment_in_progress", detail);
                refusal.retry_after_s = Some(1);
                refusal
            }
            PaymentRefusal::TooMuch { kind, available } => {
                let what = match kind {
                    OperationKind::Refund => "amount_exceeds_refundable",
                    _ => "amount_exceeds_capturable",
                };
                let detail = format!("At most {available} is left for a {}.", kind.as_str());
                Self::new(409, what, detail).with("available", available.minor())
            }
            PaymentRefusal::Changed { version } => Self::new(
                412,
                "version_mismatch",
                "The payment has changed since you read it: read it again and decide anew.",
            )
            .with("version", version),
        }
    }
}
