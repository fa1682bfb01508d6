//! Payments.

use std::time::Duration;

use prometheus::IntCounterVec;

use super::super::METRICS;
use super::super::exemplar::ExemplarHistogramVec;
use super::super::label::{Label, label};
use super::super::registrar::{Registrar, SECONDS};
use crate::kernel::{Amount, Currency};

label! {
    /// What came of asking a gateway.
    OperationResult {
        /// It was done.
        Approved = "approved",
        /// The gateway said no.
        Declined = "declined",
        /// Nothing was heard.
        Unknown = "unknown",
    }
}

const METHOD: Label = ("method", &["card", "manual"]);
const KIND: Label = ("kind", &["authorize", "capture", "void", "refund"]);

pub(super) struct Payments {
    operations: IntCounterVec,
    duration: ExemplarHistogramVec,
    captured_minor: IntCounterVec,
    refunded_minor: IntCounterVec,
    captured: IntCounterVec,
    refunded: IntCounterVec,
}

impl Payments {
    pub(super) fn register(to: &mut Registrar) -> prometheus::Result<Self> {
        // The currencies are those of ISO 4217, and a shop has few of them.
        let currency = ("currency", &[][..]);
        Ok(Self {
            operations: to.counters(
                "payment_operations_total",
                "Payment operations: gateways asked, and what staff recorded by hand",
                &[METHOD, KIND, ("result", OperationResult::WORDS)],
            )?,
            duration: to.exemplar_histograms(
                "payment_operation_duration_seconds",
                "Time at the gateway",
                SECONDS,
                &[KIND],
            )?,
            captured_minor: to.counters(
                "payments_captured_minor_total",
                "Money taken, in minor units of its currency",
                &[currency],
            )?,
            refunded_minor: to.counters(
                "payments_refunded_minor_total",
                "Money given back, in minor units of its currency",
                &[currency],
            )?,
            captured: to.counters("payments_captured_total", "Captures", &[METHOD])?,
            refunded: to.counters("payments_refunded_total", "Refunds", &[METHOD])?,
        })
    }
}

/// One operation on a payment.
#[derive(Debug, Clone, Copy)]
pub struct PaymentOperation {
    /// `card` or `manual`.
    pub method: &'static str,
    /// `authorize`, `capture`, `void` or `refund`.
    pub kind: &'static str,
    /// What came of it.
    pub result: OperationResult,
}

/// An operation came out; `took` is the time at its gateway, if one was asked.
pub fn payment_operation(operation: PaymentOperation, took: Option<Duration>) {
    let PaymentOperation { method, kind, result } = operation;
    METRICS.payments.operations.with_label_values(&[method, kind, result.as_str()]).inc();
    if let Some(took) = took {
        METRICS.payments.duration.observe(&[kind], took.as_secs_f64());
    }
}

/// Money was taken.
pub fn payment_captured(method: &'static str, amount: Amount, currency: Currency) {
    let payments = &METRICS.payments;
    payments.captured.with_label_values(&[method]).inc();
    let captured = payments.captured_minor.with_label_values(&[currency.as_str()]);
    captured.inc_by(amount.minor().unsigned_abs());
    // The share that is given back is a ratio of both: neither may be missing.
    payments.refunded_minor.with_label_values(&[currency.as_str()]);
}

/// Money was given back.
pub fn payment_refunded(method: &'static str, amount: Amount, currency: Currency) {
    let payments = &METRICS.payments;
    payments.refunded.with_label_values(&[method]).inc();
    let refunded = payments.refunded_minor.with_label_values(&[currency.as_str()]);
    refunded.inc_by(amount.minor().unsigned_abs());
    payments.captured_minor.with_label_values(&[currency.as_str()]);
}
