//! From times to places: in per cent of the width, so that a drawing needs no scale.

use std::fmt::Write;

use crate::insight::Part;

/// A rectangle of a drawing that is as wide as there is room.
#[derive(Debug, Clone)]
pub(super) struct Bar {
    /// What it stands for: a class of the stylesheet.
    pub(super) kind: &'static str,
    pub(super) x: String,
    pub(super) width: String,
}

impl Bar {
    /// A part of a whole of so many microseconds.
    pub(super) fn of(kind: &'static str, part: Part, whole: u64) -> Self {
        Self { kind, x: percent(part.from, whole), width: percent(part.us(), whole) }
    }

    /// Parts of a whole; those that are too close to be told apart become one.
    pub(super) fn all(kind: &'static str, parts: &[Part], whole: u64) -> Vec<Self> {
        let mut seen: Vec<Part> = Vec::new();
        for part in parts {
            match seen.last_mut().filter(|last| part.from.saturating_sub(last.to) < whole / 1_000) {
                Some(last) => last.to = part.to,
                None => seen.push(*part),
            }
        }
        seen.into_iter().map(|part| Self::of(kind, part, whole)).collect()
    }
}

/// A share in per cent, to a thousandth of one.
pub(super) fn percent(amount: u64, whole: u64) -> String {
    let thousandths = u128::from(amount.min(whole)) * 100_000 / u128::from(whole.max(1));
    match thousandths % 1_000 {
        0 => format!("{}%", thousandths / 1_000),
        rest => {
            let digits = format!("{rest:03}");
            format!("{}.{}%", thousandths / 1_000, digits.trim_end_matches('0'))
        }
    }
}

/// A text as one segment of an address (RFC 3986, 3.3).
pub(super) fn segment(text: &str) -> String {
    let mut segment = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_~.".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(segment, "%{byte:02X}");
        }
    }
    segment
}

/// Where an id leads to.
pub(super) fn about(id: &str) -> String {
    format!("/admin/telemetry/{}", segment(id))
}

/// Where a trace is, at one of its spans.
pub(super) fn span(trace_id: &str, span_id: &str) -> String {
    format!("{}#s-{}", about(trace_id), segment(span_id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_in_per_cent() {
        for (amount, whole, text) in [
            (0, 0, "0%"),
            (5, 0, "0%"),
            (1, 3, "33.333%"),
            (1, 2, "50%"),
            (9, 8, "100%"),
            (1, 40, "2.5%"),
            (u64::MAX, u64::MAX, "100%"),
        ] {
            assert_eq!(percent(amount, whole), text);
        }
    }

    #[test]
    fn parts_too_close_to_be_told_apart_become_one() {
        let parts = [(0, 10), (11, 20), (5_000, 6_000), (7_000, 7_000)];
        let parts = parts.map(|(from, to)| Part { from, to });
        let bars = Bar::all("own", &parts, 10_000);
        let drawn: Vec<_> = bars.iter().map(|bar| (bar.x.as_str(), bar.width.as_str())).collect();
        assert_eq!(drawn, [("0%", "0.2%"), ("50%", "10%"), ("70%", "0%")]);
    }

    #[test]
    fn any_id_is_one_segment() {
        assert_eq!(about("a/b?c#d é"), "/admin/telemetry/a%2Fb%3Fc%23d%20%C3%A9");
        assert_eq!(span("t", "s"), "/admin/telemetry/t#s-s");
    }
}
