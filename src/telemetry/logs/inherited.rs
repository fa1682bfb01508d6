//! The few fields of spans that the lines within them carry, the innermost span's first.

use std::ops::Range;

use tracing::Metadata;
use tracing::field::Visit;
use tracing_subscriber::registry::{LookupSpan, Scope};

use super::fields::Visitor;

/// What lines take over from their spans, in the order in which they write it.
pub(super) const INHERITED: [&str; 9] = [
    "request_id",
    "user_id",
    "customer.id",
    "key.id",
    "http.route",
    "job",
    "order.id",
    "payment.id",
    "inventory.sku",
];
pub(super) const USER_ID: usize = 1;
/// Bytes of one inherited value, as rendered.
pub(super) const INHERITED_BYTES_MAX: usize = 256;

/// An identifier with its quotes.
const USUAL_BYTES: usize = 48;

fn position(name: &str) -> Option<usize> {
    INHERITED.iter().position(|inherited| *inherited == name)
}

/// Whether spans of this callsite have anything to hand down.
pub(super) fn hands_down(metadata: &Metadata<'_>) -> bool {
    metadata.fields().iter().any(|field| position(field.name()).is_some())
}

/// What one span hands down: rendered once, when it was recorded, and kept with the span.
#[derive(Default)]
pub(super) struct SpanFields([Option<Vec<u8>>; INHERITED.len()]);

impl SpanFields {
    /// Records what `visit` brings; a later value replaces an earlier one.
    pub(super) fn record(&mut self, visit: impl FnOnce(&mut dyn Visit)) {
        let mut text = String::new();
        visit(&mut Visitor(|field: &tracing::field::Field, value: super::fields::Value<'_>| {
            if let Some(index) = position(field.name()) {
                let mut out = Vec::with_capacity(USUAL_BYTES);
                value.render(field.name(), &mut out, &mut text, INHERITED_BYTES_MAX);
                self.0[index] = Some(out);
            }
        }));
    }

    /// Takes over what the other one has.
    pub(super) fn merge(&mut self, newer: Self) {
        for (value, newer) in self.0.iter_mut().zip(newer.0) {
            if newer.is_some() {
                *value = newer;
            }
        }
    }
}

/// What one line inherits, copied together from its spans.
#[derive(Default)]
pub(super) struct Inherited {
    bytes: Vec<u8>,
    places: [Option<Range<usize>>; INHERITED.len()],
}

impl Inherited {
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
        self.places = Default::default();
    }

    /// Gathers from the innermost span outwards. No span stays locked.
    pub(super) fn gather<'a, R: LookupSpan<'a>>(&mut self, scope: Option<Scope<'a, R>>) {
        for span in scope.into_iter().flatten() {
            if let Some(fields) = span.extensions().get::<SpanFields>() {
                for (index, value) in fields.0.iter().enumerate() {
                    value.iter().for_each(|value| self.offer(index, value));
                }
            }
        }
    }

    /// Takes a rendered value, if there is none yet.
    pub(super) fn offer(&mut self, index: usize, value: &[u8]) {
        if self.places[index].is_none() {
            let start = self.bytes.len();
            self.bytes.extend_from_slice(value);
            self.places[index] = Some(start..self.bytes.len());
        }
    }

    pub(super) fn has(&self, index: usize) -> bool {
        self.places[index].is_some()
    }

    /// Names and rendered values, in the order of the list.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        INHERITED
            .iter()
            .zip(&self.places)
            .filter_map(|(name, place)| place.clone().map(|place| (*name, &self.bytes[place])))
    }
}
