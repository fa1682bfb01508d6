//! Percent-encoding, as in URLs.

/// The text with every `%41` as what it stands for; `None` when it has none.
pub(super) fn decoded(text: &str) -> Option<String> {
    let bytes = text.as_bytes();
    let first = text.match_indices('%').find(|(at, _)| escape(&bytes[*at..]).is_some())?.0;
    let (mut decoded, mut at) = (bytes[..first].to_vec(), first);
    while at < bytes.len() {
        let byte = escape(&bytes[at..]);
        decoded.push(byte.unwrap_or(bytes[at]));
        at += if byte.is_some() { 3 } else { 1 };
    }
    Some(String::from_utf8_lossy(&decoded).into_owned())
}

/// The byte that the text's first three stand for.
fn escape(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}
