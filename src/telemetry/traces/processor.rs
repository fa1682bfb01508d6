//! The one span processor: baggage copied at the start, and at the end on to the trace. One and not
//! several, because the SDK clones every span for each further one.
//!
//! Redaction waits until a trace is decided: spans end on threads that others wait for, such as the
//! writer lane, and what is idle is never looked at.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::baggage::BaggageExt;
use opentelemetry::trace::{Span as _, Status, TraceContextExt};
use opentelemetry::{Array, Context, KeyValue, StringValue, Value};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span, SpanData, SpanProcessor};

use super::keep::Keep;
use super::pipeline::Pipeline;
use crate::telemetry::{propagation, redact};

/// Takes every span on its way out.
#[derive(Debug)]
pub(super) struct Processor(pub(super) Arc<Pipeline>);

impl SpanProcessor for Processor {
    fn on_start(&self, span: &mut Span, parent: &Context) {
        if let Some(user) = parent.baggage().get(propagation::USER_ID) {
            span.set_attribute(KeyValue::new(propagation::USER_ID, user.clone()));
        }
        let above = parent.span();
        let above = above.span_context();
        if !above.is_valid() || above.is_remote() {
            let ids = span.span_context();
            let reason = if above.is_valid() { Keep::Inbound } else { Keep::Ratio };
            self.0.begin(ids.trace_id(), ids.is_sampled().then_some(reason));
        }
    }

    fn on_end(&self, span: SpanData) {
        self.0.end(span);
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// Everything in a span that could carry a secret: attributes, also those of events and links, and
/// the description of its status.
pub(super) fn redact_span(span: &mut SpanData, value_max: usize) {
    redact_attributes(&mut span.attributes, value_max);
    for event in &mut span.events.events {
        redact_attributes(&mut event.attributes, value_max);
        if let std::borrow::Cow::Owned(clean) = redact::scrub(&event.name) {
            event.name = clean.into();
        }
    }
    for link in &mut span.links.links {
        redact_attributes(&mut link.attributes, value_max);
    }
    if let Status::Error { description } = &mut span.status
        && let std::borrow::Cow::Owned(clean) = redact::scrub(description)
    {
        *description = clean.into();
    }
    if let std::borrow::Cow::Owned(clean) = redact::scrub(&span.name) {
        span.name = clean.into();
    }
}

fn redact_attributes(attributes: &mut [KeyValue], value_max: usize) {
    for attribute in attributes {
        if redact::hides_field(attribute.key.as_str()) {
            attribute.value = redact::REDACTED.into();
        } else {
            redact_value(&mut attribute.value, value_max);
        }
    }
}

fn redact_value(value: &mut Value, value_max: usize) {
    match value {
        Value::String(text) => {
            if let Some(clean) = redact_text(text, value_max) {
                *text = clean;
            }
        }
        Value::Array(Array::String(texts)) => {
            for text in texts {
                if let Some(clean) = redact_text(text, value_max) {
                    *text = clean;
                }
            }
        }
        Value::I64(number) if u64::try_from(*number).is_ok_and(redact::scrub_number) => {
            *value = redact::REDACTED.into()
        }
        _ => {}
    }
}

/// The text without secrets and not too long; `None` when it may stay as it is.
fn redact_text(text: &StringValue, value_max: usize) -> Option<StringValue> {
    let clean = redact::scrub(text.as_str());
    let too_long = clean.chars().nth(value_max).is_some();
    match clean {
        _ if too_long => Some(clean.chars().take(value_max).collect::<String>().into()),
        std::borrow::Cow::Owned(clean) => Some(clean.into()),
        std::borrow::Cow::Borrowed(_) => None,
    }
}
