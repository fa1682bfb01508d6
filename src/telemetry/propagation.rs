//! Trace context across the border of the process (W3C Trace Context, W3C Baggage).
//!
//! Whoever calls is believed only when it is a trusted peer: anybody else's trace is linked to and
//! a new one begun, or a stranger could have every one of its requests kept, or hide them in a
//! trace of somebody else's. Baggage goes no further than here.

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use opentelemetry::baggage::BaggageExt;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::account::Account;
use super::context::current_span;
use super::redact;
use crate::config::{Propagator, Telemetry};
use crate::kernel::Origin;

/// The one entry of baggage that is taken in.
pub(super) const USER_ID: &str = "user_id";
const USER_ID_MAX: usize = 128;

/// Whom this process believes, and what it passes on.
static POLICY: OnceLock<Telemetry> = OnceLock::new();

/// The headers of a request, whatever holds them.
pub trait InboundHeaders {
    /// The value of a header, when it is there and text.
    fn header(&self, name: &str) -> Option<&str>;
}

struct Inbound<'a, H>(&'a H);

impl<H: InboundHeaders> Extractor for Inbound<'_, H> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.header(name)
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent", "tracestate", "baggage"]
    }
}

/// From now on this is the policy of the process; the first one stays.
pub(super) fn set_policy(config: &Telemetry) {
    let _ = POLICY.set(config.clone());
}

/// Begins the trace of a request, or goes on with the one that a trusted peer brought. To be
/// called before the request's span is entered or asked for anything.
pub fn begin_request(span: &Span, headers: &impl InboundHeaders, peer: Option<IpAddr>) {
    let mut context = Context::new().with_value(Arc::new(Account::default()));
    let brought = brought(headers);
    let trusted = POLICY.get().zip(peer).is_some_and(|(policy, peer)| policy.trusts(peer));
    if trusted {
        if let Some(user) = user_of(headers) {
            context = context.with_baggage([KeyValue::new(USER_ID, user)]);
        }
        if let Some(ids) = &brought {
            context = context.with_remote_span_context(ids.clone());
        }
    } else if let Some(ids) = brought {
        span.add_link(ids);
    }
    // It fails only where no spans are recorded at all.
    let _ = span.set_parent(context);
}

fn brought(headers: &impl InboundHeaders) -> Option<SpanContext> {
    if !propagates(Propagator::TraceContext) {
        return None;
    }
    headers.header("traceparent")?;
    let context =
        TraceContextPropagator::new().extract_with_context(&Context::new(), &Inbound(headers));
    let ids = context.span().span_context().clone();
    ids.is_valid().then(|| {
        let (trace_id, span_id, flags) = (ids.trace_id(), ids.span_id(), ids.trace_flags());
        SpanContext::new(trace_id, span_id, flags, true, without_secrets(ids.trace_state()))
    })
}

/// What others noted about the trace goes out with every span of it: members that tell a secret
/// are not taken in.
fn without_secrets(state: &TraceState) -> TraceState {
    let header = state.header();
    let clean = |member: &&str| matches!(redact::scrub(member), Cow::Borrowed(_));
    let members = header.split(',').filter(clean).filter_map(|member| member.split_once('='));
    TraceState::from_key_value(members).unwrap_or_default()
}

fn user_of(headers: &impl InboundHeaders) -> Option<String> {
    if !propagates(Propagator::Baggage) {
        return None;
    }
    headers.header("baggage")?;
    let context = BaggagePropagator::new().extract_with_context(&Context::new(), &Inbound(headers));
    let user = context.baggage().get(USER_ID)?.as_str().to_owned();
    let plain = |byte: u8| byte.is_ascii_graphic();
    (!user.is_empty() && user.len() <= USER_ID_MAX && user.bytes().all(plain)).then_some(user)
}

fn propagates(propagator: Propagator) -> bool {
    POLICY.get().is_none_or(|policy| policy.propagates(propagator))
}

/// The headers that tell a third party in which trace it is asked: `traceparent`, and `tracestate`
/// when there is one. Never baggage: it is nobody else's business.
#[must_use]
pub fn outbound_headers() -> Vec<(String, String)> {
    struct Headers(Vec<(String, String)>);
    impl Injector for Headers {
        fn set(&mut self, name: &str, value: String) {
            if !value.is_empty() {
                self.0.push((name.to_owned(), value));
            }
        }
    }
    let mut headers = Headers(Vec::new());
    if propagates(Propagator::TraceContext) {
        TraceContextPropagator::new().inject_context(&Context::current(), &mut headers);
    }
    headers.0
}

/// The origin of what is done in the span that is entered now, whoever does it.
#[must_use]
pub fn traced(origin: &Origin) -> Origin {
    let (trace_id, span_id) = current_span().unzip();
    Origin { trace_id, span_id, ..origin.clone() }
}

/// Links `span` to the span that these ids name (32 and 16 hexadecimal digits): work that goes on
/// in a trace of its own points back to where it comes from.
pub fn link(span: &Span, trace_id: Option<&str>, span_id: Option<&str>) {
    let ids = trace_id.zip(span_id).and_then(|(trace_id, span_id)| {
        Some((TraceId::from_hex(trace_id).ok()?, SpanId::from_hex(span_id).ok()?))
    });
    if let Some((trace_id, span_id)) = ids {
        let flags = TraceFlags::default();
        span.add_link(SpanContext::new(trace_id, span_id, flags, true, TraceState::default()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Brought(&'static str);

    impl InboundHeaders for Brought {
        fn header(&self, name: &str) -> Option<&str> {
            match name {
                "traceparent" => Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
                "tracestate" => Some(self.0),
                _ => None,
            }
        }
    }

    #[test]
    fn what_others_noted_comes_in_without_secrets() {
        for (header, taken) in [
            ("shop=1,peer=a:b;c", "shop=1,peer=a:b;c"),
            ("shop=4111111111111111,peer=2", "peer=2"),
            ("shop=1,token=abc", "shop=1"),
            ("shop=jane%40example.com", ""),
            ("", ""),
        ] {
            let ids = brought(&Brought(header)).unwrap();
            assert_eq!(ids.trace_state().header(), taken);
            assert!(ids.is_sampled() && ids.is_remote());
        }
    }
}
