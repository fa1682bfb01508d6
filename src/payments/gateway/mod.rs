//! Gateways: who moves the money. One file per gateway.

mod manual;
mod store;
mod test;

use async_trait::async_trait;

pub use manual::ManualGateway;
pub use test::TestGateway;

use super::model::{CaptureMode, OperationKind};
use crate::kernel::{Amount, Currency, OperationId, PaymentId, Secret};

/// What a gateway is asked.
#[derive(Debug, Clone)]
pub struct Request {
    /// The idempotency key: asked twice under one key, a gateway acts once.
    pub id: OperationId,
    /// What to do.
    pub kind: OperationKind,
    /// Whose payment.
    pub payment_id: PaymentId,
    /// How much.
    pub amount: Amount,
    /// In which currency.
    pub currency: Currency,
    /// What the card is known by; for authorizations.
    pub token: Option<Secret<String>>,
    /// Whether an authorization takes the money at once.
    pub capture_mode: CaptureMode,
    /// What goes along in the headers: `traceparent` (W3C Trace Context). Never baggage.
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// The trace in which it is asked, as its header has it.
    #[must_use]
    pub fn traceparent(&self) -> Option<&str> {
        let headers = self.headers.iter();
        let mut found = headers.filter(|(name, _)| name == "traceparent");
        found.next().map(|(_, value)| value.as_str())
    }
}

/// What a gateway answers for certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Done.
    Approved {
        /// The gateway's own name for it.
        reference: String,
    },
    /// Not done, and it will not be.
    Declined {
        /// Why, in the gateway's words.
        code: String,
    },
}

/// No certain answer came: it may or may not have been done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the gateway gave no answer: {0}")]
pub struct GatewayFailure(pub String);

/// Someone who moves money.
#[async_trait]
pub trait Gateway: Send + Sync {
    /// Its name, as stored with each payment.
    fn name(&self) -> &'static str;

    /// Does what is asked, once per key. While it waits for somebody else, such as a network, it
    /// holds a [`Waiting`](crate::http::Waiting), so that other requests are let in meanwhile.
    ///
    /// # Errors
    /// [`GatewayFailure`] when it is unknown whether it was done.
    async fn execute(&self, request: &Request) -> Result<Answer, GatewayFailure>;

    /// What was done under this key; `None` when the gateway never heard of it.
    ///
    /// # Errors
    /// [`GatewayFailure`] when the gateway cannot be asked.
    async fn look_up(&self, id: OperationId) -> Result<Option<Answer>, GatewayFailure>;
}
