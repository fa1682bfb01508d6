//! What clients send, and the rules that need no database.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::{Error, FieldError, Refusal};
use crate::http::{Metadata, Text};
use crate::kernel::{Amount, Currency, Secret};
use crate::payments::{CaptureMode, Method, NewPayment};

const LINES_MAX: usize = 500;
const QUANTITY_MAX: i64 = 1_000_000;

/// An order to be placed.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlaceOrder {
    /// The client's own name for the order; need not be unique.
    #[schema(value_type = Option<String>, max_length = 100)]
    pub(super) reference: Option<Text<1, 100>>,
    pub(super) customer: CustomerInput,
    pub(super) currency: Currency,
    /// 1 to 500.
    #[schema(min_items = 1, max_items = 500)]
    pub(super) lines: Vec<LineInput>,
    pub(super) payment: PaymentInput,
    /// Any names of parts: `{"line1": "…", "city": "…"}`.
    #[schema(value_type = Option<Object>)]
    pub(super) shipping_address: Option<Metadata>,
    /// The total that the buyer was shown; refused when it is not what the server computes.
    pub(super) expected_total: Option<Amount>,
    /// Up to 50 texts.
    #[schema(value_type = Option<Object>)]
    pub(super) metadata: Option<Metadata>,
}

/// Who orders.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CustomerInput {
    /// The client's own name for the customer.
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    pub(super) reference: Text<1, 100>,
    #[schema(value_type = Option<String>)]
    pub(super) email: Option<Text<3, 254>>,
    #[schema(value_type = Option<String>)]
    pub(super) name: Option<Text<1, 200>>,
}

/// A line to be ordered.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct LineInput {
    #[schema(value_type = String, min_length = 1, max_length = 64)]
    pub(super) sku: Text<1, 64>,
    /// 1 to 1,000,000.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub(super) quantity: i64,
}

/// How it is paid.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PaymentInput {
    method: Method,
    /// What the gateway knows the card by; for cards.
    #[schema(value_type = Option<String>)]
    token: Option<Secret<String>>,
    /// Whether the money is taken at once; for cards, `automatic` when not said.
    capture: Option<CaptureMode>,
}

impl PlaceOrder {
    /// The client's own name for the order; empty when it has none.
    pub(super) fn reference(&self) -> &str {
        self.reference.as_ref().map_or("", |text| text.as_str())
    }

    /// The rules that need no database; answers how it is paid.
    ///
    /// # Errors
    /// 422 with the field at fault.
    pub(super) fn check(&self) -> Result<NewPayment, Error> {
        if !(1..=LINES_MAX).contains(&self.lines.len()) {
            let detail = format!("must have 1 to {LINES_MAX} entries");
            return Err(Refusal::invalid("lines", "out_of_range", detail).into());
        }
        let bad = self.lines.iter().enumerate().filter_map(|(index, line)| {
            let detail = format!("must be 1 to {QUANTITY_MAX}");
            let field = format!("lines[{index}].quantity");
            let good = (1..=QUANTITY_MAX).contains(&line.quantity);
            (!good).then(|| FieldError::new(field, "out_of_range", detail))
        });
        let bad: Vec<_> = bad.collect();
        if !bad.is_empty() {
            let refusal = Refusal::new(422, "validation", "A quantity is out of range.");
            return Err(bad.into_iter().fold(refusal, Refusal::with_error).into());
        }
        self.payment.check()
    }
}

impl PaymentInput {
    fn check(&self) -> Result<NewPayment, Error> {
        let wrong = |field, detail| Err(Refusal::invalid(field, "invalid", detail).into());
        match (self.method, &self.token) {
            (Method::Card, None) => wrong("payment.token", "is needed for a card"),
            (Method::Card, Some(token)) => {
                let visible = |byte: u8| (0x21..=0x7e).contains(&byte);
                let text = token.expose();
                if !(1..=255).contains(&text.len()) || !text.bytes().all(visible) {
                    return wrong("payment.token", "must be 1 to 255 visible ASCII characters");
                }
                let capture = self.capture.unwrap_or(CaptureMode::Automatic);
                Ok(NewPayment::Card { token: token.clone(), capture })
            }
            (Method::Manual, Some(_)) => wrong("payment.token", "is for cards only"),
            (Method::Manual, None) if self.capture.is_some() => {
                wrong("payment.capture", "is for cards only")
            }
            (Method::Manual, None) => Ok(NewPayment::Manual),
        }
    }
}
