//! Times and sizes as they stand beside what is drawn: short, three digits at most.

use crate::kernel::Timestamp;

/// A time of so many microseconds.
pub(super) fn took(us: u64) -> String {
    match us {
        0..1_000 => format!("{us} µs"),
        1_000..1_000_000 => format!("{} ms", digits(us, 1_000)),
        _ => format!("{} s", digits(us, 1_000_000)),
    }
}

/// A time of so many seconds.
pub(super) fn seconds(seconds: f64) -> String {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
    let us = (seconds * 1e6).clamp(0.0, 1e15).round() as u64;
    took(us)
}

/// A size.
pub(super) fn bytes(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{} KiB", digits(bytes, 1_024)),
        1_048_576..1_073_741_824 => format!("{} MiB", digits(bytes, 1_048_576)),
        _ => format!("{} GiB", digits(bytes, 1_073_741_824)),
    }
}

/// `12.3` for 12,345 thousandths; whole from a hundred on.
fn digits(amount: u64, unit: u64) -> String {
    let hundredths = amount.saturating_mul(100) / unit;
    match hundredths {
        0..1_000 => format!("{}.{:02}", hundredths / 100, hundredths % 100),
        1_000..10_000 => format!("{}.{}", hundredths / 100, hundredths / 10 % 10),
        _ => format!("{}", hundredths / 100),
    }
}

/// The time of day with microseconds, in UTC.
pub(super) fn time_of_day(moment: Timestamp) -> String {
    let text = moment.to_string();
    text.get(11..26).map_or_else(|| text.clone(), str::to_owned)
}

/// The day and the second, in UTC.
pub(super) fn second(moment: Timestamp) -> String {
    let text = moment.to_string();
    text.get(..19).map_or_else(|| text.clone(), |short| short.replace('T', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_three_digits_and_a_unit() {
        for (us, text) in [
            (0, "0 µs"),
            (999, "999 µs"),
            (1_234, "1.23 ms"),
            (12_345, "12.3 ms"),
            (123_456, "123 ms"),
            (1_000_000, "1.00 s"),
            (3_600_000_000, "3600 s"),
        ] {
            assert_eq!(took(us), text);
        }
        assert_eq!(seconds(0.0025), "2.50 ms");
        assert_eq!(seconds(f64::INFINITY), "1000000000 s");
    }

    #[test]
    fn sizes_have_three_digits_and_a_unit() {
        assert_eq!(bytes(1_023), "1023 B");
        assert_eq!(bytes(64 << 20), "64.0 MiB");
    }

    #[test]
    fn moments_are_told_to_the_microsecond_and_to_the_second() {
        let moment = Timestamp::parse("2026-11-23T17:39:12.000001Z").unwrap();
        assert_eq!(time_of_day(moment), "17:39:12.000001");
        assert_eq!(second(moment), "2026-11-23 17:39:12");
    }
}
