//! Secrets known by their shape alone: e-mail addresses, keys, tokens, credentials.

use std::ops::Range;

use super::REDACTED;
use super::text::{Text, is_token};

/// How keys begin, and how many characters must follow: ours, gateways', webhooks', forges'.
const KEYS: [(&[u8], usize); 10] = [
    (b"dk_", 8),
    (b"tok_", 3),
    (b"sk_live_", 8),
    (b"sk_test_", 8),
    (b"rk_live_", 8),
    (b"rk_test_", 8),
    (b"whsec_", 8),
    (b"ghp_", 20),
    (b"gho_", 20),
    (b"ghs_", 20),
];
const SCHEMES: [&[u8]; 2] = [b"bearer", b"basic"];
/// A word shorter than this in small letters after a scheme's name is prose: `Bearer token`.
const PROSE_BYTES_MAX: usize = 20;
const CREDENTIAL_BYTES_MIN: usize = 4;
const PEM_BEGIN: &[u8] = b"-----BEGIN ";
const PEM_END: &[u8] = b"-----END ";

/// An e-mail address around the `@` here.
pub(super) fn email(text: Text<'_>, at: usize) -> Option<Range<usize>> {
    let start = text.run_before(at, |byte| {
        is_token(byte) || !byte.is_ascii() || matches!(byte, b'.' | b'%' | b'+')
    });
    let domain = at + 1;
    let part_of_domain =
        |byte: u8| byte.is_ascii_alphanumeric() || !byte.is_ascii() || matches!(byte, b'.' | b'-');
    let mut end = text.run_after(domain, part_of_domain);
    while end > domain && matches!(text.bytes[end - 1], b'.' | b'-') {
        end -= 1;
    }
    let domain = &text.bytes[domain..end];
    let top = domain.len() - domain.iter().rposition(|byte| *byte == b'.')? - 1;
    let alphabetic =
        domain.iter().rev().take(top).all(|b| b.is_ascii_alphabetic() || !b.is_ascii());
    (start < at && top >= 2 && alphabetic && domain[0] != b'.').then_some(start..end)
}

/// What stands before the `@` of a URL's authority; `at` is the colon before `//`.
pub(super) fn userinfo(text: Text<'_>, at: usize) -> Option<Range<usize>> {
    let start = at + b"://".len();
    let end = text
        .run_after(start, |byte| !byte.is_ascii_whitespace() && !b"/?#\"'<>\\`".contains(&byte));
    let length = text.bytes.get(start..end)?.iter().rposition(|byte| *byte == b'@')?;
    let found = start..start + length;
    (length > 0 && &text.bytes[found.clone()] != REDACTED.as_bytes()).then_some(found)
}

/// A key whose prefix has its first `_` here.
pub(super) fn key(text: Text<'_>, at: usize) -> Option<Range<usize>> {
    KEYS.iter().find_map(|(prefix, rest)| {
        let before = prefix.iter().position(|byte| *byte == b'_')?;
        let start = at.checked_sub(before).filter(|start| *start >= text.floor)?;
        let body = start + prefix.len();
        if !text.tail(start).starts_with(prefix) || !text.starts_word(start) {
            return None;
        }
        let end = text.run_after(body, is_token);
        (end - body >= *rest).then_some(start..end)
    })
}

/// A JSON Web Token that starts here: two parts in base64url at least, the first one an object.
pub(super) fn jwt(text: Text<'_>, start: usize) -> Option<Range<usize>> {
    const HEAD_BYTES_MIN: usize = 10;
    let apart = text.before(start).is_none_or(|byte| !is_token(byte)) || text.follows_escape(start);
    if !text.tail(start).starts_with(b"eyJ") || !apart {
        return None;
    }
    let head = text.run_after(start, is_token);
    if head - start < HEAD_BYTES_MIN || text.byte(head) != Some(b'.') {
        return None;
    }
    let end = text.run_after(head, |byte| is_token(byte) || byte == b'.');
    (end > head + 2).then_some(start..end)
}

/// The credential after `Bearer` or `Basic`, whose name starts here.
pub(super) fn credential(text: Text<'_>, at: usize) -> Option<Range<usize>> {
    let begins = |name: &&[u8]| {
        text.bytes.get(at..at + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name))
    };
    let name = SCHEMES.iter().find(|name| begins(name))?;
    if !text.starts_word(at) {
        return None;
    }
    let gap = at + name.len();
    let start = text.run_after(gap, |byte| matches!(byte, b' ' | b'\t' | b'+'));
    let letters = text.run_after(start, |byte| is_token(byte) || b".~+/%".contains(&byte));
    let word = &text.bytes[start..letters];
    let word = &word[..word.iter().rposition(|byte| *byte != b'.').map_or(0, |last| last + 1)];
    let end = text.run_after(start + word.len(), |byte| byte == b'=');
    let secret = word.len() >= CREDENTIAL_BYTES_MIN && !is_prose(word);
    (start > gap && secret).then_some(start..end)
}

fn is_prose(word: &[u8]) -> bool {
    let small = word.iter().skip(1).all(u8::is_ascii_lowercase);
    small && word[0].is_ascii_alphabetic() && word.len() < PROSE_BYTES_MAX
}

/// A private key in PEM that starts here, to its end or to the end of the text.
pub(super) fn private_key(text: Text<'_>, start: usize) -> Option<Range<usize>> {
    let rest = text.tail(start).strip_prefix(PEM_BEGIN)?;
    let label = rest.iter().position(|byte| *byte == b'-')?;
    rest[..label].ends_with(b"PRIVATE KEY").then(|| {
        let end = rest.windows(PEM_END.len()).position(|found| found == PEM_END);
        let end = end.map_or(text.bytes.len(), |end| {
            let label = start + PEM_BEGIN.len() + end + PEM_END.len();
            text.run_after(text.run_after(label, |byte| byte != b'-'), |byte| byte == b'-')
        });
        start..end
    })
}
