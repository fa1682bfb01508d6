//! Trace ids that begin with the time, as UUIDv7 does: whoever has a trace id knows where in the
//! journal and in which log file to look, and no index has to be kept for it. The last 80 bits
//! are random (W3C Trace Context asks for 56).

use std::time::Duration;

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_sdk::trace::{IdGenerator, RandomIdGenerator};

use crate::kernel::{Clock, Timestamp};

const RANDOM_BITS: u32 = 80;

/// Gives ids that begin with the milliseconds since 1970.
#[derive(Debug, Clone, Default)]
pub(super) struct TimedIds(RandomIdGenerator);

impl IdGenerator for TimedIds {
    fn new_trace_id(&self) -> TraceId {
        let millis = u128::try_from(Clock::System.now().micros() / 1_000).unwrap_or_default();
        let random = u128::from_be_bytes(self.0.new_trace_id().to_bytes());
        TraceId::from(millis << RANDOM_BITS | random & ((1 << RANDOM_BITS) - 1))
    }

    fn new_span_id(&self) -> SpanId {
        self.0.new_span_id()
    }
}

/// The id of a trace that has no spans: for an answer that was not worth one.
#[must_use]
pub fn new_trace_id() -> String {
    TimedIds::default().new_trace_id().to_string()
}

/// Ids of other makers do not begin with a time of these.
const PLAUSIBLE: Duration = Duration::from_secs(20 * 365 * 24 * 3600);

/// When the trace of this id (32 hexadecimal digits) began; `None` when the id is not one of
/// docket's own.
#[must_use]
pub fn trace_began(trace_id: &str) -> Option<Timestamp> {
    let bytes = TraceId::from_hex(trace_id).ok()?.to_bytes();
    let millis = u128::from_be_bytes(bytes) >> RANDOM_BITS;
    let began = Timestamp::from_micros(i64::try_from(millis).ok()?.checked_mul(1_000)?);
    let now = Clock::System.now();
    (began > now.before(PLAUSIBLE) && began < now.after(Duration::from_secs(60))).then_some(began)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_when_its_trace_began() {
        let before = Clock::System.now();
        let id = TimedIds::default().new_trace_id().to_string();
        let began = trace_began(&id).unwrap();
        assert!(began.after(Duration::from_millis(1)) > before && began <= Clock::System.now());
        assert_ne!(id, TimedIds::default().new_trace_id().to_string());
    }

    #[test]
    fn ids_of_others_tell_nothing() {
        assert_eq!(trace_began("4bf92f3577b34da6a3ce929d0e0e4736"), None);
        assert_eq!(trace_began("no id"), None);
    }
}
