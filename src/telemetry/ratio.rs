//! A share of traces: all of one trace is in it, or nothing.

use opentelemetry::trace::TraceId;

/// A share of all traces, by trace id: every process that knows the id comes to the same answer,
/// and a tenth of the log lines is about the same traces as a tenth of the traces.
///
/// A trace's number is the low half of its id without the last bit, as in the sampler
/// `TraceIdRatioBased` of OpenTelemetry.
#[derive(Debug, Clone, Copy)]
pub(in crate::telemetry) struct Ratio(u64);

impl Ratio {
    /// `share` is 0 to 1.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a share of 2^63 needs no more digits than an f64 has"
    )]
    pub(in crate::telemetry) fn new(share: f64) -> Self {
        Self((share.clamp(0.0, 1.0) * (1_u64 << 63) as f64) as u64)
    }

    /// Whether the trace belongs to the share.
    pub(in crate::telemetry) fn takes(self, trace_id: TraceId) -> bool {
        let bytes = trace_id.to_bytes();
        let low = u64::from_be_bytes([
            bytes[8], bytes[9], bytes[10], bytes[11], bytes[12], bytes[13], bytes[14], bytes[15],
        ]);
        (low >> 1) < self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ratio_takes_its_share_and_always_the_same_traces() {
        let ids = (0..10_000_u128).map(|n| TraceId::from(n.wrapping_mul(0x9E37_79B9_7F4A_7C15)));
        let taken = |share| ids.clone().filter(|id| Ratio::new(share).takes(*id)).count();
        assert_eq!((taken(0.0), taken(1.0)), (0, 10_000));
        assert!((900..1_100).contains(&taken(0.1)), "{}", taken(0.1));
    }
}
