//! Asking a gateway, outside any transaction, and not for ever.

use std::sync::Arc;
use std::time::Duration;

use tracing::{Span, instrument};

use super::gateway::{Answer, Gateway, Request};
use super::model::{Method, Operation};
use crate::kernel::Stopwatch;
use crate::telemetry::metrics::{self, OperationResult, PaymentOperation};
use crate::telemetry::{self, Account};

/// The gateways of this server.
pub struct Gateways {
    gateways: Vec<Arc<dyn Gateway>>,
    timeout: Duration,
}

/// What is known after asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// The outcome.
    Known(Answer),
    /// Nothing: it may or may not have been done.
    Unknown,
}

impl Gateways {
    /// These gateways, each waited for this long.
    #[must_use]
    pub fn new(gateways: Vec<Arc<dyn Gateway>>, timeout: Duration) -> Self {
        Self { gateways, timeout }
    }

    /// How long a caller of [`Self::ask`] waits at most.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Asks for an operation the first time.
    #[instrument(
        name = "payments.ask", skip_all,
        fields(otel.name = format!("payments.{}", operation.kind.as_str()), otel.kind = "client",
            otel.status_code, error.type, app.module = "payments",
            payment.id = %operation.payment_id, payment.gateway = operation.gateway, outcome)
    )]
    pub async fn ask(&self, operation: &Operation) -> Heard {
        let Some(gateway) = self.find(operation) else { return Heard::Unknown };
        let (request, took) = (request(operation), Stopwatch::start());
        let answer = tokio::time::timeout(self.timeout, gateway.execute(&request)).await;
        if let Some(account) = Account::current() {
            account.gateway(took.elapsed());
        }
        let heard = match answer {
            Ok(Ok(answer)) => Heard::Known(answer),
            Ok(Err(failure)) => {
                tracing::warn!(error = %failure, "a gateway gave no answer");
                failed("gateway_failure")
            }
            Err(_elapsed) => {
                tracing::warn!("a gateway did not answer in time");
                failed("timeout")
            }
        };
        count(operation, &heard, took);
        heard
    }

    /// Finds out how an operation came out, by its key. What the gateway never heard of is sent
    /// again with the same key, never given up for that.
    #[instrument(
        name = "payments.ask_again", skip_all,
        fields(otel.name = "payments.look_up", otel.kind = "client", otel.status_code, error.type,
            app.module = "payments", payment.id = %operation.payment_id,
            payment.gateway = operation.gateway, outcome)
    )]
    pub async fn ask_again(&self, operation: &Operation) -> Heard {
        let Some(gateway) = self.find(operation) else { return Heard::Unknown };
        let took = Stopwatch::start();
        let heard = match tokio::time::timeout(self.timeout, gateway.look_up(operation.id)).await {
            Ok(Ok(Some(answer))) => Heard::Known(answer),
            Ok(Ok(None)) => return self.ask(operation).await,
            Ok(Err(_)) => failed("gateway_failure"),
            Err(_elapsed) => failed("timeout"),
        };
        count(operation, &heard, took);
        heard
    }

    fn find(&self, operation: &Operation) -> Option<&Arc<dyn Gateway>> {
        let found = self.gateways.iter().find(|gateway| gateway.name() == operation.gateway);
        if found.is_none() {
            tracing::error!(gateway = operation.gateway, "this gateway is not configured");
        }
        found
    }
}

/// A gateway that fails is an error of the span; a card that is declined is an outcome.
fn failed(kind: &'static str) -> Heard {
    let span = Span::current();
    span.record("otel.status_code", "ERROR");
    span.record("error.type", kind);
    Heard::Unknown
}

/// The trace goes along, so that the gateway's own log can be asked about it.
fn request(operation: &Operation) -> Request {
    Request {
        id: operation.id,
        kind: operation.kind,
        payment_id: operation.payment_id,
        amount: operation.amount,
        currency: operation.currency,
        token: operation.token.clone(),
        capture_mode: operation.capture_mode,
        headers: telemetry::outbound_headers(),
    }
}

/// Only cards have a gateway to be asked: what is paid by hand is counted when it is recorded.
fn count(operation: &Operation, heard: &Heard, took: Stopwatch) {
    let result = match heard {
        Heard::Known(Answer::Approved { .. }) => OperationResult::Approved,
        Heard::Known(Answer::Declined { .. }) => OperationResult::Declined,
        Heard::Unknown => OperationResult::Unknown,
    };
    Span::current().record("outcome", result.as_str());
    let (method, kind) = (Method::Card.as_str(), operation.kind.as_str());
    metrics::payment_operation(PaymentOperation { method, kind, result }, Some(took.elapsed()));
}
