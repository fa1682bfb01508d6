//! Payments and their operations: types and the state machine. No I/O.

use serde::Serialize;
use utoipa::ToSchema;

use super::gateway::Answer;
use crate::idempotency::ClaimId;
use crate::kernel::{Amount, Currency, OperationId, OrderId, PaymentId, Secret, Timestamp, words};

words! {
    /// How an order is paid.
    Method {
        /// By card, through a gateway.
        Card = "card",
        /// By invoice or cash: staff record the money.
        Manual = "manual",
    }
}

words! {
    /// Whether the money is taken at once.
    CaptureMode {
        /// As soon as the card is authorized.
        Automatic = "automatic",
        /// When staff say so.
        Manual = "manual",
    }
}

words! {
    /// How a payment stands.
    PaymentStatus {
        /// Its outcome is not known yet, or staff have not recorded the money.
        Pending = "pending",
        /// The buyer has to do something first.
        RequiresAction = "requires_action",
        /// The money is held.
        Authorized = "authorized",
        /// A part is taken, more can be.
        PartiallyCaptured = "partially_captured",
        /// The money is taken.
        Captured = "captured",
        /// The hold was let go.
        Voided = "voided",
        /// It was declined.
        Failed = "failed",
    }
}

words! {
    /// What a gateway is asked to do.
    OperationKind {
        /// Hold the money, and take it when capture is automatic.
        Authorize = "authorize",
        /// Take held money.
        Capture = "capture",
        /// Let held money go.
        Void = "void",
        /// Give taken money back.
        Refund = "refund",
    }
}

/// A payment of an order.
#[derive(Debug, Clone)]
pub struct Payment {
    pub(super) version: i64,
    /// Its identifier.
    pub id: PaymentId,
    /// Its order.
    pub order_id: OrderId,
    /// How it is paid.
    pub method: Method,
    /// Through whom.
    pub gateway: String,
    /// How it stands.
    pub status: PaymentStatus,
    /// Whether the money is taken at once.
    pub capture_mode: CaptureMode,
    /// The currency of all amounts.
    pub currency: Currency,
    /// What is to be paid.
    pub amount: Amount,
    /// What is or was held: nothing or all of `amount`. For a manual payment all, from the start.
    pub amount_authorized: Amount,
    /// Set aside for captures under way.
    pub amount_capturing: Amount,
    /// Taken.
    pub amount_captured: Amount,
    /// Set aside for voids under way.
    pub amount_voiding: Amount,
    /// Let go.
    pub amount_voided: Amount,
    /// Set aside for refunds under way.
    pub amount_refunding: Amount,
    /// Given back.
    pub amount_refunded: Amount,
    /// Why it was declined.
    pub decline_code: Option<String>,
    /// What the buyer has to do.
    pub next_action: Option<NextAction>,
    /// The gateway's own name for it.
    pub gateway_reference: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// What the buyer has to do before a payment goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct NextAction {
    /// `redirect`.
    pub r#type: String,
    /// Where to.
    pub url: String,
}

impl Payment {
    /// Held, and neither taken, let go nor set aside for either.
    #[must_use]
    pub fn capturable(&self) -> Amount {
        self.amount_authorized
            .minus_or_zero(self.amount_captured)
            .minus_or_zero(self.amount_capturing)
            .minus_or_zero(self.amount_voided)
            .minus_or_zero(self.amount_voiding)
    }

    /// Taken, and neither given back nor set aside for it.
    #[must_use]
    pub fn refundable(&self) -> Amount {
        self.amount_captured
            .minus_or_zero(self.amount_refunded)
            .minus_or_zero(self.amount_refunding)
    }

    /// Whether a gateway is being asked to take, let go or give back some of it.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        let aside = [self.amount_capturing, self.amount_voiding, self.amount_refunding];
        aside.iter().any(|amount| !amount.is_zero())
    }

    /// The version, for `ETag` and `If-Match`.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The payment after the outcome of an operation.
    ///
    /// # Errors
    /// When an amount would leave its range: a defect.
    pub(super) fn after(
        mut self,
        kind: OperationKind,
        amount: Amount,
        answer: &Answer,
    ) -> Result<Self, crate::kernel::MoneyError> {
        let approved = match answer {
            Answer::Approved { reference } => Some(reference),
            Answer::Declined { .. } => None,
        };
        let done = if approved.is_some() { amount } else { Amount::ZERO };
        match kind {
            OperationKind::Authorize => {
                self.amount_authorized = done;
                if self.capture_mode == CaptureMode::Automatic {
                    self.amount_captured = done;
                }
                self.gateway_reference = approved.cloned();
            }
            OperationKind::Capture => {
                self.amount_capturing = self.amount_capturing.minus_or_zero(amount);
                self.amount_captured = self.amount_captured.plus(done)?;
            }
            OperationKind::Void => {
                self.amount_voiding = self.amount_voiding.minus_or_zero(amount);
                self.amount_voided = self.amount_voided.plus(done)?;
            }
            OperationKind::Refund => {
                self.amount_refunding = self.amount_refunding.minus_or_zero(amount);
                self.amount_refunded = self.amount_refunded.plus(done)?;
            }
        }
        match (kind, answer) {
            (OperationKind::Authorize, Answer::Declined { code }) => {
                self.status = PaymentStatus::Failed;
                self.decline_code = Some(code.clone());
            }
            _ => self.status = self.status_by_amounts(),
        }
        Ok(self)
    }

    /// What the amounts say of a payment that was not declined.
    fn status_by_amounts(&self) -> PaymentStatus {
        let closed = self.amount_captured.minor() + self.amount_voided.minor();
        match (closed >= self.amount.minor(), self.amount_captured.is_zero(), self.method) {
            (true, false, _) => PaymentStatus::Captured,
            (true, true, _) => PaymentStatus::Voided,
            (false, false, _) => PaymentStatus::PartiallyCaptured,
            (false, true, Method::Card) => PaymentStatus::Authorized,
            (false, true, Method::Manual) => PaymentStatus::Pending,
        }
    }
}

/// One request to a gateway, with what is needed to make it.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its identifier, and the key under which the gateway is asked.
    pub id: OperationId,
    /// The payment.
    pub payment_id: PaymentId,
    /// The order.
    pub order_id: OrderId,
    /// What is asked.
    pub kind: OperationKind,
    /// How much.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// Whom.
    pub gateway: String,
    /// Whether an authorization takes the money at once.
    pub capture_mode: CaptureMode,
    /// What the card is known by, until the outcome is.
    pub token: Option<Secret<String>>,
    /// The idempotency key whose reply waits for the outcome.
    pub claim: Option<ClaimId>,
    /// How often the gateway was asked.
    pub attempts: i64,
    /// The trace that it began in.
    pub trace_id: Option<String>,
    /// The span of that trace to which settlement links back.
    pub span_id: Option<String>,
}

/// What was asked for about a payment, as the desk shows it.
#[derive(Debug, Clone)]
pub struct OperationView {
    /// Its identifier.
    pub id: OperationId,
    /// The payment.
    pub payment_id: PaymentId,
    /// What was asked.
    pub kind: OperationKind,
    /// `pending`, `succeeded` or `failed`.
    pub status: String,
    /// How much.
    pub amount: Amount,
    /// Why, in the words of who asked.
    pub reason: Option<String>,
    /// Why the gateway said no.
    pub failure_code: Option<String>,
    /// The trace that it began in.
    pub trace_id: Option<String>,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When its outcome was known.
    pub updated_at: Timestamp,
}

/// A payment as clients see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PaymentView {
    /// Its identifier.
    pub id: PaymentId,
    /// Its order.
    pub order_id: OrderId,
    /// How it is paid.
    pub method: Method,
    /// How it stands.
    pub status: PaymentStatus,
    /// What is to be paid.
    pub amount: Amount,
    /// Taken.
    pub amount_captured: Amount,
    /// Given back.
    pub amount_refunded: Amount,
    /// The currency of all amounts.
    pub currency: Currency,
    /// Why it was declined.
    pub decline_code: Option<String>,
    /// What the buyer has to do.
    pub next_action: Option<NextAction>,
    /// Counts changes; the `ETag`.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl From<&Payment> for PaymentView {
    fn from(payment: &Payment) -> Self {
        Self {
            id: payment.id,
            order_id: payment.order_id,
            method: payment.method,
            status: payment.status,
            amount: payment.amount,
            amount_captured: payment.amount_captured,
            amount_refunded: payment.amount_refunded,
            currency: payment.currency,
            decline_code: payment.decline_code.clone(),
            next_action: payment.next_action.clone(),
            version: payment.version,
            created_at: payment.created_at,
            updated_at: payment.updated_at,
        }
    }
}

/// A refund as clients see it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct RefundView {
    /// Its identifier.
    pub id: OperationId,
    /// Its payment.
    pub payment_id: PaymentId,
    /// How much.
    pub amount: Amount,
    /// Why, in the words of who gave it.
    pub reason: Option<String>,
    /// `pending`, `succeeded` or `failed`.
    #[schema(value_type = String)]
    pub status: String,
    /// When it was asked for.
    pub created_at: Timestamp,
}
