//! What a crash interrupts: one request each, on a product of its own, and what must come of it.

use serde_json::{Value, json};

use crate::buyer::{Answer, Buyer, card, order_of};

const PRICE: i64 = 500;
const STOCK: i64 = 10;
const ORDERED: i64 = 2;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// An order by card.
    Place,
    /// An order by a card whose gateway never answers: settlement finishes it.
    PlaceUnheard,
    /// An order on invoice that expires at once.
    PlaceToExpire,
    /// All held money of an order is taken.
    Capture,
    /// All held money of an order is let go.
    Void,
    /// A part of an order's money is given back.
    Refund,
    /// A paid order is cancelled: money back.
    CancelPaid,
    /// An order whose money is held is cancelled: money let go.
    CancelHeld,
    /// An order of whose money a part is taken is cancelled: both.
    CancelPartlyCaptured,
}

/// How an order and its money stand in the end.
type State = (&'static str, &'static str, &'static str, i64, i64);

impl Action {
    fn is_placing(self) -> bool {
        matches!(self, Self::Place | Self::PlaceUnheard | Self::PlaceToExpire)
    }

    /// The final status of the answer.
    fn status(self) -> u16 {
        if self.is_placing() || self == Self::Refund { 201 } else { 200 }
    }

    /// The order's status and payment status; the payment's status, captured and refunded amounts.
    fn outcome(self) -> State {
        match self {
            Self::Place | Self::PlaceUnheard | Self::Capture => {
                ("confirmed", "paid", "captured", 1_000, 0)
            }
            Self::Void => ("confirmed", "voided", "voided", 0, 0),
            Self::Refund => ("confirmed", "partially_refunded", "captured", 1_000, 400),
            Self::CancelPaid => ("cancelled", "refunded", "captured", 1_000, 1_000),
            Self::CancelPartlyCaptured => ("cancelled", "refunded", "captured", 400, 400),
            Self::CancelHeld | Self::PlaceToExpire => ("cancelled", "voided", "voided", 0, 0),
        }
    }

    /// How the order is paid that the action places, or that is there before it.
    fn payment(self) -> Value {
        match self {
            Self::Place | Self::Refund | Self::CancelPaid => card("tok_visa"),
            Self::PlaceUnheard => card("tok_timeout"),
            Self::PlaceToExpire => json!({ "method": "manual" }),
            Self::Capture | Self::Void | Self::CancelHeld | Self::CancelPartlyCaptured => {
                json!({ "method": "card", "token": "tok_visa", "capture": "manual" })
            }
        }
    }
}

/// One request, ready to be sent.
#[derive(Debug)]
pub struct Subject {
    action: Action,
    name: String,
    path: String,
    body: Value,
}

impl Subject {
    /// Brings about what the request needs.
    pub async fn prepare(buyer: &Buyer, api: &str, action: Action, number: usize) -> Self {
        let name = format!("subject-{number}");
        buyer.stock(api, &name, PRICE, STOCK).await;
        let order = order_of(&name, &name, ORDERED, action.payment());
        if action.is_placing() {
            return Self { action, name, path: "/v1/orders".into(), body: order };
        }
        let before = format!("{name}-before");
        let placed = buyer.post(&format!("{api}/v1/orders"), &before, &order).await.unwrap();
        let placed = placed.expect(201);
        let order_path = format!("/v1/orders/{}", placed["id"].as_str().unwrap());
        let payment_path =
            format!("/v1/payments/{}", placed["payments"][0]["id"].as_str().unwrap());
        if action == Action::CancelPartlyCaptured {
            let url = format!("{api}{payment_path}/capture");
            buyer.post(&url, &before, &json!({ "amount": 400 })).await.unwrap().expect(200);
        }
        let (path, body) = match action {
            Action::Capture => (format!("{payment_path}/capture"), json!({})),
            Action::Void => (format!("{payment_path}/void"), json!({})),
            Action::Refund => (format!("{payment_path}/refunds"), json!({ "amount": 400 })),
            _ => (format!("{order_path}/cancel"), json!({})),
        };
        Self { action, name, path, body }
    }

    /// Sends the request once.
    pub async fn ask(&self, buyer: &Buyer, api: &str) -> Option<Answer> {
        buyer.post(&format!("{api}{}", self.path), &self.name, &self.body).await
    }

    /// The same request comes to its final answer, is answered so ever after, and has been carried
    /// out once.
    pub async fn is_done(&self, buyer: &Buyer, api: &str) {
        let url = format!("{api}{}", self.path);
        let answer = buyer.post_until_final(&url, &self.name, &self.body).await;
        assert_eq!(answer.status, self.action.status(), "{self:?}: {answer:?}");
        let again = self.ask(buyer, api).await.unwrap();
        assert!(again.replayed, "{self:?}: {again:?}");
        assert_eq!((again.status, again.body), (answer.status, answer.body));

        let list = format!("{api}/v1/orders?reference={}", self.name);
        let mut states = self.states(buyer, &list).await;
        // Expiry has its own beat.
        while self.action == Action::PlaceToExpire && states[0].0 == "confirmed" {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            states = self.states(buyer, &list).await;
        }
        let (status, payment_status, payment, captured, refunded) = self.action.outcome();
        let outcome = [(status.into(), payment_status.into(), payment.into(), captured, refunded)];
        assert_eq!(states, outcome, "{self:?}");
        let level = buyer.get(&format!("{api}/v1/inventory/{}", self.name)).await.unwrap();
        let left = if status == "cancelled" { STOCK } else { STOCK - ORDERED };
        let level = level.expect(200);
        assert_eq!((&level["on_hand"], &level["reserved"]), (&json!(left), &json!(0)), "{self:?}");
    }

    /// How each order of this subject and its money stand.
    async fn states(&self, buyer: &Buyer, list: &str) -> Vec<(String, String, String, i64, i64)> {
        let listed = buyer.get(list).await.unwrap().expect(200);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let state = |order: &Value| {
            assert_eq!(order["payments"].as_array().unwrap().len(), 1, "{self:?}");
            let payment = &order["payments"][0];
            (
                text(&order["status"]),
                text(&order["payment_status"]),
                text(&payment["status"]),
                payment["amount_captured"].as_i64().unwrap(),
                payment["amount_refunded"].as_i64().unwrap(),
            )
        };
        listed["data"].as_array().unwrap().iter().map(state).collect()
    }
}
