//! The net: one pass over a text that stops only at bytes from which a rule can start.

use std::borrow::Cow;
use std::ops::Range;

use super::count::{Rule, count};
use super::text::Text;
use super::{REDACTED, card, named, percent, shapes};

/// No secret is shorter, with the name that gives it away.
const BYTES_MIN: usize = 7;

/// The bytes that stop the pass.
const STOPS: [bool; 256] = {
    let mut stops = [false; 256];
    let bytes = b"0123456789@:=_-,Bbe";
    let mut next = 0;
    while next < bytes.len() {
        stops[bytes[next] as usize] = true;
        next += 1;
    }
    stops
};

/// A cut can lay open what its neighbour hid; random texts settle after two.
const PASSES_MAX: usize = 4;
/// A URL within a URL within a URL.
const DECODINGS_MAX: usize = 3;

/// The text without its secrets: card numbers, credentials, keys, e-mail addresses, and the values
/// of secret names. A text without any is handed back as it is. What comes out goes through
/// unchanged a second time.
///
/// What shows itself only when the text is percent-decoded is cut out of the decoded text.
#[must_use]
pub fn scrub(text: &str) -> Cow<'_, str> {
    cleaned(text, &mut count)
}

/// Tells the rule of every secret that [`scrub`] would cut out of a text; counts nothing.
pub(super) fn look(text: &str, tell: &mut dyn FnMut(Rule)) {
    let _ = cleaned(text, tell);
}

fn cleaned<'a>(text: &'a str, tell: &mut dyn FnMut(Rule)) -> Cow<'a, str> {
    let mut clean = passes(text, tell).map_or(Cow::Borrowed(text), Cow::Owned);
    let mut decoded = percent::decoded(&clean);
    for _ in 0..DECODINGS_MAX {
        let Some(mut plain) = decoded else { break };
        if let Some(cleaner) = passes(&plain, tell) {
            plain.clone_from(&cleaner);
            clean = Cow::Owned(cleaner);
        }
        decoded = percent::decoded(&plain);
    }
    clean
}

/// The text after as many passes as it takes; `None` when there is nothing to cut out.
fn passes(text: &str, tell: &mut dyn FnMut(Rule)) -> Option<String> {
    let mut clean = pass(text, tell)?;
    for _ in 1..PASSES_MAX {
        match pass(&clean, tell) {
            Some(cleaner) => clean = cleaner,
            None => break,
        }
    }
    Some(clean)
}

/// The text with everything cut out that one pass finds; `None` when that is nothing.
fn pass(text: &str, tell: &mut dyn FnMut(Rule)) -> Option<String> {
    let bytes = text.as_bytes();
    if bytes.len() < BYTES_MIN {
        return None;
    }
    let mut clean = String::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(offset) = bytes[at..].iter().position(|byte| STOPS[usize::from(*byte)]) {
        at += offset;
        let view = Text { bytes, floor: copied };
        let Some((rule, found)) = found_at(view, at) else {
            at = after(view, at);
            continue;
        };
        tell(rule);
        // Rules cut at ASCII bytes, so the boundaries move nothing: they keep a slip from a panic.
        let end = text.ceil_char_boundary(found.end.max(copied + 1));
        clean.push_str(&text[copied..text.floor_char_boundary(found.start.max(copied))]);
        clean.push_str(REDACTED);
        (copied, at) = (end, end);
    }
    (copied > 0).then(|| {
        clean.push_str(&text[copied..]);
        clean
    })
}

/// Where to go on after a stop without a find.
fn after(text: Text<'_>, at: usize) -> usize {
    match text.bytes[at] {
        b'0'..=b'9' => text.run_after(at, |byte| byte.is_ascii_digit()),
        _ => at + 1,
    }
}

fn found_at(text: Text<'_>, at: usize) -> Option<(Rule, Range<usize>)> {
    let next = text.byte(at + 1);
    let (rule, found) = match (text.bytes[at], next?) {
        (b'0'..=b'9', _) => (Rule::Card, card::end_at(text, at).map(|end| at..end)),
        (b'@', _) => (Rule::Email, shapes::email(text, at)),
        (b':', b'/') if text.byte(at + 2) == Some(b'/') => {
            (Rule::UrlUserinfo, shapes::userinfo(text, at))
        }
        (b':', b':' | b'=') => return None,
        (b':', _) if text.before(at) == Some(b':') => return None,
        (b':' | b'=', _) => (Rule::NamedValue, named::value(text, at)),
        (b',', _) => (Rule::NamedValue, named::second(text, at)),
        (b'_', _) => (Rule::Key, shapes::key(text, at)),
        (b'e', b'y') => (Rule::Jwt, shapes::jwt(text, at)),
        (b'b' | b'B', b'a' | b'A' | b'e' | b'E') => {
            (Rule::Credential, shapes::credential(text, at))
        }
        (b'-', b'-') => (Rule::PrivateKey, shapes::private_key(text, at)),
        _ => return None,
    };
    Some((rule, found?))
}
