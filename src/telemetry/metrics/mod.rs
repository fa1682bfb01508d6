//! The metrics of the process, on the `prometheus` crate, as a page for scrapers.
//!
//! Two formats with the same series: the classic text, and OpenMetrics with exemplars that lead to
//! a trace. Label values come from closed sets, whose series are there from the start.

mod age;
mod catalogue;
mod exemplar;
mod histograms;
mod label;
mod negotiate;
mod openmetrics;
mod registrar;
mod telemetry;

use std::sync::LazyLock;

use prometheus::TextEncoder;

use crate::error::Error;

use catalogue::Catalogue;

pub use catalogue::{
    ActiveRequest, Held, OperationResult, OrderOutcome, OrderProcessing, PaymentOperation, Side,
    active_request, anonymous_refusal, db_batch, db_commit, db_refused, db_retry, db_wait,
    db_write, hold_expired, http_request, invariant, job_oldest_due, job_registered, job_run,
    journal, order_settled, overload_refusal, payment_captured, payment_operation,
    payment_refunded, pool_in_use, pool_size, pool_waiting, stock_adjusted,
};
pub(in crate::telemetry) use exemplar::PendingExemplar;
pub use histograms::{BucketView, ExemplarView, HistogramView, SeriesView, histograms};
pub use negotiate::Format;
pub(in crate::telemetry) use telemetry::{Samples, Source};

/// Registering fails only for a name used twice: a defect that the first start shows.
#[expect(clippy::expect_used, reason = "constant names, registered once, at start-up")]
static METRICS: LazyLock<Catalogue> =
    LazyLock::new(|| Catalogue::new().expect("metric names are unique"));

/// Everything, in one of the formats.
///
/// # Errors
/// When the registry cannot be encoded: a defect.
pub fn render(format: Format) -> Result<String, Error> {
    METRICS.render(format)
}

/// Every metric as it is now.
pub(in crate::telemetry) fn gathered() -> Vec<prometheus::proto::MetricFamily> {
    METRICS.page.registry.gather()
}

/// Takes what a part of the telemetry counts by itself onto the page.
pub(in crate::telemetry) fn register_source(source: Source) {
    METRICS.telemetry.add_source(source);
}

impl Catalogue {
    fn render(&self, format: Format) -> Result<String, Error> {
        let families = self.page.registry.gather();
        match format {
            Format::OpenMetrics => Ok(openmetrics::encode(&families, &self.page.exemplars)),
            Format::Text => TextEncoder::new()
                .encode_to_string(&families)
                .map_err(|failure| Error::internal("encoding metrics", failure)),
        }
    }
}

#[cfg(test)]
mod tests;
