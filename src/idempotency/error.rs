//! Why a key was refused.

use crate::error::Refusal;

/// Every refusal of this room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdempotencyRefusal {
    /// The key came before with another body.
    KeyReused,
    /// The key's first request is still running.
    KeyInUse,
}

impl From<IdempotencyRefusal> for Refusal {
    fn from(refusal: IdempotencyRefusal) -> Self {
        match refusal {
            IdempotencyRefusal::KeyReused => Self::new(
                422,
                "idempotency_key_reused",
                "This key was used with another body. Repeat the first body exactly, or use a new \
                 key for a new change.",
            ),
            IdempotencyRefusal::KeyInUse => {
                let mut refusal = Self::new(
                    409,
                    "idempotency_key_in_use",
                    "The first request with this key is still running. Try again shortly with the \
                     same key.",
                );
                refusal.retry_after_s = Some(1);
                refusal
            }
        }
    }
}
