//! Card numbers: 13 to 19 digits that pass the Luhn check.

use super::text::{Text, is_word};

const DIGITS_MIN: usize = 13;
const DIGITS_MAX: usize = 19;
/// What may stand between groups of digits, the same throughout a number.
const SEPARATORS: [&[u8]; 4] = [b" ", b"-", b"+", "\u{a0}".as_bytes()];
/// Where the dashes of a UUID are.
const UUID_DASHES: [usize; 4] = [8, 13, 18, 23];
const UUID_BYTES: usize = 36;

/// Whether this number can be a card's.
#[must_use]
pub fn scrub_number(number: u64) -> bool {
    const SMALLEST: u64 = 10_u64.pow(DIGITS_MIN as u32 - 1);
    const TOO_LARGE: u64 = 10_u64.pow(DIGITS_MAX as u32);
    if !(SMALLEST..TOO_LARGE).contains(&number) {
        return false;
    }
    let mut digits = Digits::default();
    let mut power = 10_u64.pow(number.ilog10());
    while power > 0 {
        digits.push(b'0' + (number / power % 10) as u8);
        power /= 10;
    }
    digits.are_a_card()
}

/// The end of the card number whose first group of digits starts here.
pub(super) fn end_at(text: Text<'_>, start: usize) -> Option<usize> {
    if !matches!(text.byte(start)?, b'2'..=b'6')
        || !text.starts_word(start)
        || is_fraction(text, start)
    {
        return None;
    }
    let mut digits = Digits::default();
    let mut found = None;
    let mut end = digits.take_group(text, start)?;
    let separator = SEPARATORS.into_iter().find(|between| text.tail(end).starts_with(between));
    loop {
        if text.byte(end).is_none_or(|byte| !is_word(byte)) && digits.are_a_card() {
            found = Some(end);
        }
        let Some(between) = separator.filter(|between| text.tail(end).starts_with(between)) else {
            break;
        };
        match digits.take_group(text, end + between.len()) {
            Some(next) => end = next,
            None => break,
        }
    }
    found.filter(|_| !in_uuid(text, start))
}

/// The digits behind a decimal point are no number of their own.
fn is_fraction(text: Text<'_>, start: usize) -> bool {
    matches!(text.head(start), [.., before, b'.'] if before.is_ascii_digit())
}

fn in_uuid(text: Text<'_>, at: usize) -> bool {
    let belongs = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    let start = text.run_before(at, belongs);
    let end = text.run_after(at, belongs);
    end - start == UUID_BYTES && UUID_DASHES.iter().all(|dash| text.bytes[start + dash] == b'-')
}

/// The digits of a number so far.
#[derive(Default)]
struct Digits {
    digits: [u8; DIGITS_MAX],
    count: usize,
}

impl Digits {
    fn push(&mut self, digit: u8) {
        self.digits[self.count] = digit - b'0';
        self.count += 1;
    }

    /// Adds a group of at least two digits and says where it ends; `None` when there is none or
    /// the number gets too long.
    fn take_group(&mut self, text: Text<'_>, start: usize) -> Option<usize> {
        let room = DIGITS_MAX - self.count;
        let group = text.tail(start).iter().take(room + 1).take_while(|b| b.is_ascii_digit());
        let length = group.clone().count();
        if !(2..=room).contains(&length) {
            return None;
        }
        group.for_each(|digit| self.push(*digit));
        Some(start + length)
    }

    fn are_a_card(&self) -> bool {
        self.count >= DIGITS_MIN && (2..=6).contains(&self.digits[0]) && self.pass_luhn()
    }

    fn pass_luhn(&self) -> bool {
        let digits = self.digits[..self.count].iter().rev().enumerate();
        let sum: u32 = digits
            .map(|(place, digit)| match (place % 2, u32::from(*digit)) {
                (1, digit) if digit > 4 => 2 * digit - 9,
                (1, digit) => 2 * digit,
                (_, digit) => digit,
            })
            .sum();
        sum.is_multiple_of(10)
    }
}
