//! Numbers, money and dates as a visitor writes them. The rules are those of Unicode's CLDR.

use icu_calendar::{Date, Gregorian};
use icu_datetime::{FixedCalendarDateTimeFormatter, fieldsets};
use icu_decimal::DecimalFormatter;
use icu_decimal::input::Decimal;
use icu_locale_core::{Locale as Tag, locale};
use icu_time::{DateTime, Time};

use super::texts::Texts;
use crate::kernel::{Amount, Currency, Timestamp};

const NO_BREAK: char = '\u{a0}';

/// Of an `Accept-Language` that much is read.
const HEADER_MOST: usize = 512;

/// Languages that write the currency after the amount.
const SUFFIXED: &str =
    " bg cs da de el es et fi fr hr hu it lt lv nb pl pt ro ru sk sl sr sv uk vi ";

/// A locale with how much it is wanted; none that is not wanted at all.
fn weighted(part: &str) -> Option<(f32, Tag)> {
    let (tag, weight) = part.split_once(";q=").unwrap_or((part, "1"));
    let weight: f32 = weight.trim().parse().unwrap_or(0.0);
    let tag: Tag = tag.trim().parse().ok()?;
    (!tag.id.language.is_unknown() && weight > 0.0).then_some((weight, tag))
}

/// How a visitor writes.
pub(super) struct Locale {
    tag: Tag,
}

impl Locale {
    /// The first locale of an `Accept-Language` header (RFC 9110, 12.5.4), by its weights, whose
    /// language the pages speak; where they speak none of them, the first. Without a header it is
    /// American English.
    pub(super) fn of(accept_language: &str) -> Self {
        let header = accept_language.get(..HEADER_MOST).unwrap_or(accept_language);
        let mut wanted: Vec<(f32, Tag)> = header.split(',').filter_map(weighted).collect();
        // Those of one weight stay in their order.
        wanted.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        let spoken = wanted.iter().find(|(_, tag)| Texts::speak(tag.id.language.as_str()));
        let best = spoken.or(wanted.first());
        Self { tag: best.map_or(locale!("en-US"), |(_, tag)| tag.clone()) }
    }

    /// Its language: `en`.
    pub(super) fn language(&self) -> &str {
        self.tag.id.language.as_str()
    }

    /// A whole number.
    pub(super) fn number(&self, number: i64) -> String {
        self.decimal(&Decimal::from(number))
    }

    fn decimal(&self, number: &Decimal) -> String {
        match DecimalFormatter::try_new((&self.tag).into(), Default::default()) {
            Ok(formatter) => formatter.format(number).to_string(),
            Err(_) => number.to_string(),
        }
    }

    /// An amount of money.
    pub(super) fn money(&self, amount: Amount, currency: Currency) -> String {
        self.minor(amount.minor(), currency)
    }

    /// An amount of money that may be below zero, in minor units.
    pub(super) fn minor(&self, minor: i64, currency: Currency) -> String {
        let mut number = Decimal::from(minor);
        number.multiply_pow10(-i16::from(currency.minor_digits()));
        let number = self.decimal(&number);
        let symbol = self.symbol(currency);
        let suffixed = SUFFIXED.contains(&format!(" {} ", self.language()));
        match (suffixed, symbol.ends_with(|last: char| last.is_alphabetic())) {
            (true, _) => format!("{number}{NO_BREAK}{symbol}"),
            (false, true) => format!("{symbol}{NO_BREAK}{number}"),
            (false, false) => match number.strip_prefix(['-', '−']) {
                Some(number) => format!("−{symbol}{number}"),
                None => format!("{symbol}{number}"),
            },
        }
    }

    /// Dollars of other countries are told apart by their code.
    fn symbol(&self, currency: Currency) -> String {
        let region = self.tag.id.region.map_or_else(String::new, |region| region.to_string());
        let symbol = match currency.as_str() {
            "USD" if region.is_empty() || region == "US" || self.language() != "en" => "$",
            "USD" => "US$",
            "EUR" => "€",
            "GBP" => "£",
            "JPY" => "¥",
            "INR" => "₹",
            code => return code.to_owned(),
        };
        symbol.to_owned()
    }

    /// A day.
    pub(super) fn day(&self, moment: Timestamp) -> String {
        let formatter = FixedCalendarDateTimeFormatter::<Gregorian, _>::try_new(
            (&self.tag).into(),
            fieldsets::YMD::medium(),
        );
        match (formatter, civil(moment)) {
            (Ok(formatter), Some(civil)) => formatter.format(&civil.date).to_string(),
            _ => moment.to_string(),
        }
    }

    /// A day and the minute, in UTC.
    pub(super) fn minute(&self, moment: Timestamp) -> String {
        let fields = fieldsets::YMD::medium().with_time_hm();
        let formatter =
            FixedCalendarDateTimeFormatter::<Gregorian, _>::try_new((&self.tag).into(), fields);
        match (formatter, civil(moment)) {
            (Ok(formatter), Some(civil)) => format!("{} UTC", formatter.format(&civil)),
            _ => moment.to_string(),
        }
    }
}

/// From microseconds to what stands on a calendar.
fn civil(moment: Timestamp) -> Option<DateTime<Gregorian>> {
    let text = moment.to_string();
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<u8>().ok();
    let year: i32 = text.get(0..4)?.parse().ok()?;
    let date = Date::try_new_gregorian(year, part(5, 7)?, part(8, 10)?).ok()?;
    let time = Time::try_new(part(11, 13)?, part(14, 16)?, part(17, 19)?, 0).ok()?;
    Some(DateTime { date, time })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(accept: &str, minor: i64, currency: &str) -> String {
        Locale::of(accept).minor(minor, currency.parse().unwrap()).replace(NO_BREAK, " ")
    }

    #[test]
    fn money_is_written_as_the_visitor_writes_it() {
        for (accept, minor, currency, written) in [
            ("", 123_456, "USD", "$1,234.56"),
            ("en-GB", 349, "USD", "US$3.49"),
            ("en-GB,en;q=0.9", 349, "GBP", "£3.49"),
            ("de-DE,de;q=0.9,en;q=0.5", 123_456, "EUR", "1.234,56 €"),
            ("fr;q=0.4, en;q=0.8", 5, "EUR", "€0.05"),
            ("ja", 1_500, "JPY", "¥1,500"),
            ("en", 1_500, "KWD", "KWD 1.500"),
            ("en", -349, "USD", "−$3.49"),
            ("!!", 1, "CHF", "CHF 0.01"),
        ] {
            assert_eq!(money(accept, minor, currency), written, "{accept}");
        }
    }

    #[test]
    fn a_language_that_the_pages_speak_goes_before_one_that_they_do_not() {
        for (accept, language) in [
            ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7", "en"),
            ("nl,de-AT;q=0.5", "de"),
            ("de;q=0, en;q=0.1", "en"),
            ("de-CH", "de"),
            ("fr;q=0.2, nl", "nl"),
            ("*", "en"),
        ] {
            assert_eq!(Locale::of(accept).language(), language, "{accept}");
        }
    }

    #[test]
    fn days_are_written_as_the_visitor_writes_them() {
        let moment = Timestamp::parse("2026-11-23T17:39:12Z").unwrap();
        assert_eq!(Locale::of("en-US").day(moment), "Nov 23, 2026");
        assert_eq!(Locale::of("de").day(moment), "23.11.2026");
        assert!(Locale::of("en-GB").minute(moment).ends_with("17:39 UTC"));
    }
}
