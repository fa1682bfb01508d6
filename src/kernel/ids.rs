//! Identifiers: UUIDv7 (RFC 9562), so that they sort by the time they were made.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An identifier's text was not a UUID in its hyphenated form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an identifier")]
pub struct MalformedId;

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
            utoipa::ToSchema,
        )]
        #[schema(
            value_type = String,
            format = Uuid,
            example = "01938f2e-7a51-7c3e-b3a5-0d6f3a2b9c11",
        )]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new identifier, greater than every one this process made before.
            #[must_use]
            pub fn generate() -> Self {
                Self(now_v7())
            }

            /// The smallest identifier that can be made at this time: those made earlier sort
            /// before it. The time is cut to whole milliseconds.
            #[must_use]
            pub fn first_at(time: super::Timestamp) -> Self {
                let millis = u64::try_from(time.micros() / 1_000).unwrap_or_default();
                Self(uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid())
            }

            /// When it was made, cut to whole milliseconds; `None` for one of another maker.
            #[must_use]
            pub fn made_at(&self) -> Option<super::Timestamp> {
                let (seconds, nanos) = self.0.get_timestamp()?.to_unix();
                let micros = i64::try_from(seconds).ok()?.checked_mul(1_000_000)?;
                Some(super::Timestamp::from_micros(micros + i64::from(nanos / 1_000)))
            }

            /// The sixteen bytes, for hashing.
            #[must_use]
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = MalformedId;

            fn from_str(text: &str) -> Result<Self, MalformedId> {
                // Only the canonical form: one order must not have several addresses.
                let id = Uuid::try_parse(text).map_err(|_| MalformedId)?;
                let mut canonical = Uuid::encode_buffer();
                let same = id.as_hyphenated().encode_lower(&mut canonical) == text;
                same.then_some(Self(id)).ok_or(MalformedId)
            }
        }
    )+};
}

identifiers! {
    /// An order.
    OrderId,
    /// A line of an order.
    LineId,
    /// A payment of an order.
    PaymentId,
    /// One request to a gateway about a payment (authorize, capture, void, refund). It is also
    /// the idempotency key under which the gateway is asked.
    OperationId,
    /// A fulfilment: one parcel of an order.
    FulfilmentId,
    /// A stock transfer: a hold, a sale, an adjustment.
    TransferId,
    /// An import of products from a file.
    ImportId,
    /// A customer of the shop.
    CustomerId,
    /// A cart of a visitor of the shop.
    CartId,
    /// A row of erasable personal data.
    PersonalDataId,
    /// An entry of the journal.
    EntryId,
    /// An API key.
    KeyId,
    /// A person who works at the desk.
    StaffId,
    /// One HTTP request.
    RequestId,
}

#[expect(clippy::disallowed_methods, reason = "the one place that makes identifiers")]
fn now_v7() -> Uuid {
    Uuid::now_v7()
}

/// `N` bytes from the operating system's generator.
///
/// # Panics
/// When the operating system has no randomness to give, which leaves nothing safe to do.
#[must_use]
#[expect(clippy::disallowed_methods, clippy::expect_used, reason = "the one source of randomness")]
pub fn random_bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

#[cfg(test)]
mod tests {
    use super::super::Timestamp;
    use super::*;

    #[test]
    fn an_identifier_tells_when_it_was_made() {
        let moment = Timestamp::from_micros(1_795_455_552_001_000);
        let first = EntryId::first_at(moment);
        assert_eq!(first.made_at(), Some(moment));
        assert!(EntryId::generate() > first || EntryId::generate().made_at() < Some(moment));
        assert!(EntryId::first_at(EntryId::generate().made_at().unwrap()) <= EntryId::generate());
        assert!(first.to_string().parse::<EntryId>() == Ok(first));
    }
}
