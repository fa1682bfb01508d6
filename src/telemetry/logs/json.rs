//! The few kinds of JSON values that lines are made of, written straight into a buffer.

use std::io::Write;

use crate::kernel::Timestamp;

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Writes text in quotes, at most `bytes_max` bytes between them, and says whether it was cut.
/// Control characters are escaped, also those beyond ASCII that move a terminal's cursor.
pub(super) fn string(out: &mut Vec<u8>, text: &str, bytes_max: usize) -> bool {
    out.push(b'"');
    let limit = out.len() + bytes_max;
    let bytes = text.as_bytes();
    let (mut written, mut cut) = (0, false);
    for (at, byte) in bytes.iter().enumerate() {
        if !needs_escape(bytes, at, *byte) {
            continue;
        }
        cut |= plain(out, &text[written..at], limit);
        let mut escape = [0; 6];
        let escape = escaped(&mut escape, bytes, at, *byte);
        if cut || out.len() + escape.len() > limit {
            cut = true;
            break;
        }
        out.extend_from_slice(escape);
        written = at + if *byte == 0xc2 { 2 } else { 1 };
    }
    if !cut {
        cut = plain(out, &text[written..], limit);
    }
    out.push(b'"');
    cut
}

/// Copies what needs no escapes, up to the limit and never half a character.
fn plain(out: &mut Vec<u8>, text: &str, limit: usize) -> bool {
    let room = limit.saturating_sub(out.len());
    let end = text.floor_char_boundary(room);
    out.extend_from_slice(&text.as_bytes()[..end]);
    end < text.len()
}

fn needs_escape(bytes: &[u8], at: usize, byte: u8) -> bool {
    match byte {
        b'"' | b'\\' | 0x7f | 0..0x20 => true,
        0xc2 => bytes.get(at + 1).is_some_and(|next| *next < 0xa0),
        _ => false,
    }
}

fn escaped<'a>(into: &'a mut [u8; 6], bytes: &[u8], at: usize, byte: u8) -> &'a [u8] {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            let code = if byte == 0xc2 { bytes[at + 1] } else { byte };
            let (high, low) = (HEX[usize::from(code >> 4)], HEX[usize::from(code & 15)]);
            *into = [b'\\', b'u', b'0', b'0', high, low];
            return into;
        }
    };
    into[..2].copy_from_slice(&[b'\\', short]);
    &into[..2]
}

/// Writes an integer.
pub(super) fn integer(out: &mut Vec<u8>, value: impl std::fmt::Display) {
    let _ = write!(out, "{value}");
}

/// Writes a number; what JSON has no number for becomes a string.
pub(super) fn float(out: &mut Vec<u8>, value: f64) {
    let _ = if value.is_finite() { write!(out, "{value:?}") } else { write!(out, "\"{value}\"") };
}

/// Writes bytes as hexadecimal digits, without quotes.
pub(super) fn hex(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        out.extend([HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
    }
}

/// The parts of a moment in UTC.
pub(super) struct Moment {
    year: u32,
    month: u32,
    day: u32,
    second_of_day: u32,
    micros: u32,
}

impl Moment {
    /// Moments before 1970 or after 9999 are moved to that border.
    pub(super) fn of(time: Timestamp) -> Self {
        const LAST: i64 = 253_402_300_799_999_999;
        let micros = time.micros().clamp(0, LAST);
        let seconds = micros / 1_000_000;
        let (year, month, day) = civil((seconds / 86_400) as u32);
        let second_of_day = (seconds % 86_400) as u32;
        Self { year, month, day, second_of_day, micros: (micros % 1_000_000) as u32 }
    }

    /// Writes RFC 3339 with microseconds: `2026-11-23T17:39:12.000001Z`.
    pub(super) fn rfc_3339(&self, out: &mut Vec<u8>) {
        digits::<4>(out, self.year);
        out.push(b'-');
        digits::<2>(out, self.month);
        out.push(b'-');
        digits::<2>(out, self.day);
        out.push(b'T');
        self.time_of_day(out);
        out.push(b'.');
        digits::<6>(out, self.micros);
        out.push(b'Z');
    }

    /// Writes `17:39:12`.
    pub(super) fn time_of_day(&self, out: &mut Vec<u8>) {
        digits::<2>(out, self.second_of_day / 3_600);
        out.push(b':');
        digits::<2>(out, self.second_of_day / 60 % 60);
        out.push(b':');
        digits::<2>(out, self.second_of_day % 60);
    }
}

fn digits<const N: usize>(out: &mut Vec<u8>, mut value: u32) {
    let mut digits = [b'0'; N];
    for digit in digits.iter_mut().rev() {
        *digit += (value % 10) as u8;
        value /= 10;
    }
    out.extend_from_slice(&digits);
}

/// Year, month and day of a number of days after 1970, counted in eras of 400 years that begin on
/// the first of March.
fn civil(days: u32) -> (u32, u32, u32) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (400 * era + year_of_era + u32::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str, max: usize) -> (String, bool) {
        let mut out = Vec::new();
        let cut = string(&mut out, text, max);
        (String::from_utf8(out).unwrap(), cut)
    }

    #[test]
    fn strings_read_back_as_they_were() {
        for text in ["", "plain", "a\"b\\c\n\r\t\u{1}\u{7f}\u{9b}é日\u{a0}", "\u{c2}\u{80}", "\\"]
        {
            let (json, cut) = rendered(text, 1_000);
            assert!(!cut && !json.bytes().any(|byte| byte < 0x20 || byte == 0x7f));
            assert!(!json.contains('\u{9b}'));
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }

    #[test]
    fn strings_are_cut_between_characters_and_escapes() {
        assert_eq!(rendered("abcdef", 3), ("\"abc\"".into(), true));
        assert_eq!(rendered("abé", 3), ("\"ab\"".into(), true));
        assert_eq!(rendered("ab\n", 3), ("\"ab\"".into(), true));
        assert_eq!(rendered("\n\n", 4), ("\"\\n\\n\"".into(), false));
        assert_eq!(rendered("abcdef\n", 3), ("\"abc\"".into(), true));
    }

    #[test]
    fn moments_are_written_as_the_kernel_writes_them() {
        let day = 86_400_000_000_i64;
        for days in (0..2_932_896).step_by(997) {
            let time = Timestamp::from_micros(days * day + days % day * 31);
            let mut out = Vec::new();
            Moment::of(time).rfc_3339(&mut out);
            assert_eq!(String::from_utf8(out).unwrap(), time.to_string());
        }
    }

    #[test]
    fn numbers_that_json_has_not_become_strings() {
        for (value, json) in
            [(1.0, "1.0"), (f64::NAN, "\"NaN\""), (f64::INFINITY, "\"inf\""), (-0.5, "-0.5")]
        {
            let mut out = Vec::new();
            float(&mut out, value);
            assert_eq!(out, json.as_bytes());
        }
    }
}
