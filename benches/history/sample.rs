//! Real orders of a real server, in every state that orders come to rest in: what a history is
//! made of.

use serde_json::{Value, json};

use crate::buyer::Buyer;
use crate::process::Home;
use crate::shop::{Shop, new_key};

/// What becomes of an order after it was placed.
#[derive(Clone, Copy)]
enum Story {
    Paid,
    Completed,
    PartlyFulfilled,
    Authorized,
    PartlyCaptured,
    Declined,
    CancelledWhenPaid,
    Voided,
    PartlyRefunded,
    Unpaid,
    PaidByHand,
}

/// Of a hundred orders so many go this way.
const SHARES: [(usize, Story); 11] = [
    (68, Story::Paid),
    (10, Story::Completed),
    (3, Story::PartlyFulfilled),
    (3, Story::Authorized),
    (2, Story::PartlyCaptured),
    (5, Story::Declined),
    (2, Story::CancelledWhenPaid),
    (1, Story::Voided),
    (2, Story::PartlyRefunded),
    (2, Story::Unpaid),
    (2, Story::PaidByHand),
];

/// What waits for its money in the history must not expire while it is measured.
const PATIENT: &[(&str, &str)] = &[("DOCKET_PAYMENTS__MANUAL_DEADLINE_HOURS", "87600")];

impl Story {
    /// The story of the order at this place: well mixed, as 37 and 100 share no factor.
    fn at(place: usize) -> Self {
        let mut left = place * 37 % 100;
        for (share, story) in SHARES {
            if left < share {
                return story;
            }
            left -= share;
        }
        Self::Paid
    }

    fn payment(self) -> Value {
        match self {
            Self::Authorized | Self::PartlyCaptured | Self::Voided => {
                json!({ "method": "card", "token": "tok_visa", "capture": "manual" })
            }
            Self::Declined => json!({ "method": "card", "token": "tok_chargeDeclined" }),
            Self::Unpaid | Self::PaidByHand => json!({ "method": "manual" }),
            _ => json!({ "method": "card", "token": "tok_visa" }),
        }
    }

    /// The request that comes after the order was placed: path and body.
    fn then(self, order: &Value) -> Option<(String, Value)> {
        let of_order = |act: &str| format!("/v1/orders/{}/{act}", word(&order["id"]));
        let of_payment =
            |act: &str| format!("/v1/payments/{}/{act}", word(&order["payments"][0]["id"]));
        let first_line = &order["lines"][0]["id"];
        Some(match self {
            Self::Paid | Self::Authorized | Self::Declined | Self::Unpaid => return None,
            Self::Completed => (of_order("fulfilments"), json!({ "tracking": "parcel" })),
            Self::PartlyFulfilled => {
                let line = json!({ "line_id": first_line, "quantity": 1 });
                (of_order("fulfilments"), json!({ "lines": [line] }))
            }
            Self::PartlyCaptured => (of_payment("capture"), json!({ "amount": 1 })),
            Self::CancelledWhenPaid => (of_order("cancel"), json!({ "reason": "late" })),
            Self::Voided => (of_payment("void"), json!({})),
            Self::PartlyRefunded => (of_payment("refunds"), json!({ "amount": 1 })),
            Self::PaidByHand => (of_payment("capture"), json!({})),
        })
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Places so many orders, one after the other, in a home that has the products.
pub fn place(home: &Home, shop: &Shop, count: usize) {
    let bodies = shop.orders(count, |place, order| {
        order["payment"] = Story::at(place).payment();
        if place % 4 == 0 {
            order["customer"]["email"] = "buyer@example.org".into();
        }
    });
    let server = home.start(PATIENT);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let buyer = Buyer::new();
        for (place, body) in bodies.iter().enumerate() {
            let body = serde_json::from_str(body).unwrap();
            let url = format!("{}/v1/orders", server.api);
            let placed = buyer.post(&url, &new_key(), &body).await.unwrap();
            assert!(matches!(placed.status, 201 | 402), "{placed:?}");
            if let Some((path, body)) = Story::at(place).then(&placed.json()) {
                let url = format!("{}{path}", server.api);
                let done = buyer.post(&url, &new_key(), &body).await.unwrap();
                assert!(matches!(done.status, 200 | 201), "{done:?}");
            }
        }
    });
    server.stop();
}
