//! `name=value`, `name: value`, `"name": "value"` where the name is a secret's: in URLs, forms,
//! headers, JSON (also inside strings, escaped any number of times) and `Debug` output.

use std::ops::Range;

use super::REDACTED;
use super::names::is_secret_name;
use super::text::Text;

const NAME_BYTES_MAX: usize = 64;
/// What may stand between a name and its separator.
const CLOSERS: &[u8] = b"\"'`])";
/// Values that tell nothing.
const EMPTY: [&[u8]; 6] = [b"null", b"None", b"true", b"false", b"{}", b"[]"];
/// What ends a value without quotes.
const ENDS: &[u8] = b"&,;\"'`)]}<>|\\";
/// Names whose values hold spaces.
const WHOLE_LINE: [&str; 4] = ["authorization", "cookie", "passphrase", "address"];

/// The value after the separator here (`=`, `:`).
pub(super) fn value(text: Text<'_>, at: usize) -> Option<Range<usize>> {
    let name = name_before(text, at)?;
    if !is_secret_name(name) {
        return None;
    }
    let start = if text.byte(at + 1) == Some(b'>') { at + 2 } else { at + 1 };
    value_from(text, text.run_after(start, is_blank), takes_line(name))
}

/// The second of a pair, `("name", "value")`, whose comma is here.
pub(super) fn second(text: Text<'_>, comma: usize) -> Option<Range<usize>> {
    let quoted = text.before(comma) == Some(b'"');
    let name = name_before(text, comma).filter(|name| quoted && is_secret_name(name))?;
    let start = text.run_after(comma + 1, is_blank);
    let opens = matches!(text.byte(start), Some(b'"' | b'\\'));
    opens.then(|| value_from(text, start, takes_line(name))).flatten()
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn takes_line(name: &str) -> bool {
    WHOLE_LINE.iter().any(|end| {
        let tail = name.len().checked_sub(end.len()).and_then(|start| name.get(start..));
        tail.is_some_and(|tail| tail.eq_ignore_ascii_case(end))
    })
}

/// The name that ends before a separator, without its quotes and brackets.
fn name_before<'a>(text: Text<'a>, separator: usize) -> Option<&'a str> {
    let mut end = text.run_before(separator, is_blank);
    while text.before(end).is_some_and(|byte| CLOSERS.contains(&byte)) {
        end = text.run_before(end - 1, |byte| byte == b'\\');
    }
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    let mut start = text.run_before(end, is_name).max(end.saturating_sub(NAME_BYTES_MAX));
    if text.before(start) == Some(b'\\') && matches!(text.byte(start), Some(b'n' | b'r' | b't')) {
        start += 1;
    }
    (start < end).then(|| std::str::from_utf8(&text.bytes[start..end]).ok()).flatten()
}

fn value_from(text: Text<'_>, start: usize, whole_line: bool) -> Option<Range<usize>> {
    let found = match opening(text.tail(start)) {
        Some(quote) => start + quote..closing(text, start, quote),
        None if whole_line => start..text.run_after(start, |byte| !b"\r\n\"'\\".contains(&byte)),
        None => start..bare_end(text, start),
    };
    let value = &text.bytes[found.clone()];
    let empty = value.is_empty() || EMPTY.contains(&value);
    (!empty && !value.starts_with(REDACTED.as_bytes())).then_some(found)
}

/// How long the quote is that a value opens with: with all backslashes before it.
fn opening(tail: &[u8]) -> Option<usize> {
    let slashes = tail.iter().take_while(|byte| **byte == b'\\').count();
    matches!(tail.get(slashes), Some(b'"' | b'\'' | b'`')).then_some(slashes + 1)
}

/// Where the quote that opened here closes, or the text ends. A quote that belongs to the value is
/// escaped once more than the one that opened it.
fn closing(text: Text<'_>, start: usize, width: usize) -> usize {
    let (quote, inside) = (text.bytes[start + width - 1], start + width);
    let (slashes, mut run) = (width - 1, 0);
    for (offset, byte) in text.tail(inside).iter().enumerate() {
        match *byte {
            b'\\' => run += 1,
            byte if byte == quote && run % (2 * width) == slashes => {
                return inside + offset - slashes;
            }
            _ => run = 0,
        }
    }
    text.bytes.len()
}

/// Where a value without quotes ends; one that opens a bracket ends where that closes.
fn bare_end(text: Text<'_>, start: usize) -> usize {
    let ends = |byte: u8| byte.is_ascii_whitespace() || ENDS.contains(&byte);
    let end = text.run_after(start, |byte| !ends(byte) && !b"([{".contains(&byte));
    // A struct's name stands a blank before its brace.
    let brace = text.run_after(end, is_blank);
    match (text.byte(end), text.byte(brace)) {
        (Some(b'(' | b'[' | b'{'), _) => bracket_end(text, end),
        (_, Some(b'{')) if end > start => bracket_end(text, brace),
        _ => end,
    }
}

fn bracket_end(text: Text<'_>, open: usize) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (offset, byte) in text.tail(open).iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            b'(' | b'[' | b'{' if !quoted => depth += 1,
            b')' | b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return open + offset + 1;
        }
    }
    text.bytes.len()
}
