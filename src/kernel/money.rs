//! Money: an integer of minor units and an ISO 4217 code, with checked arithmetic.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The greatest amount that a JSON number carries exactly: 2^53 − 1 minor units.
pub const MAX_AMOUNT: i64 = (1 << 53) - 1;

/// Why an amount or a currency was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not a number with as many decimal places as the currency has.
    #[error("write an amount like 12.50, with at most {0} decimal places")]
    NotWritten(u8),
    /// Below zero or above [`MAX_AMOUNT`].
    #[error("an amount is between 0 and {MAX_AMOUNT} minor units")]
    OutOfRange,
    /// Not three upper-case letters of ISO 4217.
    #[error("a currency is a three-letter code of ISO 4217, like USD")]
    UnknownCurrency,
}

/// An amount in minor units, from 0 to [`MAX_AMOUNT`].
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Default, utoipa::ToSchema,
)]
#[schema(value_type = i64, minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 349)]
#[serde(transparent)]
pub struct Amount(i64);

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount of `minor` units.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] below zero and above [`MAX_AMOUNT`].
    pub fn new(minor: i64) -> Result<Self, MoneyError> {
        (0..=MAX_AMOUNT).contains(&minor).then_some(Self(minor)).ok_or(MoneyError::OutOfRange)
    }

    /// The minor units.
    #[must_use]
    pub fn minor(self) -> i64 {
        self.0
    }

    /// Whether there is nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum of both.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] above [`MAX_AMOUNT`].
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        self.0.checked_add(other.0).ok_or(MoneyError::OutOfRange).and_then(Self::new)
    }

    /// What is left after `other` is taken away; nothing when `other` is greater.
    #[must_use]
    pub fn minus_or_zero(self, other: Self) -> Self {
        Self((self.0 - other.0).max(0))
    }

    /// `quantity` times this amount.
    ///
    /// # Errors
    /// [`MoneyError::OutOfRange`] above [`MAX_AMOUNT`] or for a negative quantity.
    pub fn times(self, quantity: i64) -> Result<Self, MoneyError> {
        self.0.checked_mul(quantity).ok_or(MoneyError::OutOfRange).and_then(Self::new)
    }
}

impl Amount {
    /// An amount as a person writes it, in units of the currency: `12.50`, `12,5`, `12`.
    ///
    /// # Errors
    /// [`MoneyError::NotWritten`] for anything else, a separator of thousands as well: it would be
    /// guessed what it means. [`MoneyError::OutOfRange`] above [`MAX_AMOUNT`].
    pub fn in_units(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        let digits = currency.minor_digits();
        let wrong = || MoneyError::NotWritten(digits);
        let text = text.trim();
        let (whole, part) = text.split_once(['.', ',']).unwrap_or((text, ""));
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !plain(whole) || !plain(part) || part.len() > usize::from(digits) {
            return Err(wrong());
        }
        let minor = format!("{whole}{part:0<width$}", width = usize::from(digits));
        Self::new(minor.parse().map_err(|_| MoneyError::OutOfRange)?)
    }

    /// The amount in units of the currency, as [`Self::in_units`] reads it.
    #[must_use]
    pub fn to_units(self, currency: Currency) -> String {
        let digits = usize::from(currency.minor_digits());
        let text = format!("{:0>width$}", self.0, width = digits + 1);
        match text.split_at(text.len() - digits) {
            (whole, "") => whole.to_owned(),
            (whole, part) => format!("{whole}.{part}"),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The active codes of ISO 4217 that name money one can pay with.
const CURRENCIES: &str = "\
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD \
    BTN BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD \
    FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES \
    KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR \
    MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB \
    RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD \
    TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG";

/// A currency: an active code of ISO 4217.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, utoipa::ToSchema)]
#[schema(value_type = String, min_length = 3, max_length = 3, example = "USD")]
pub struct Currency([u8; 3]);

impl Currency {
    /// The code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only ASCII letters get in, so the fallback is never taken.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// Those whose unit is not a hundred of the smallest ones (ISO 4217, column "minor unit").
const NO_MINOR_UNIT: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
const THOUSANDS: &str = "BHD IQD JOD KWD LYD OMR TND";

impl Currency {
    /// Decimal places of an amount written in units: 2 for most.
    #[must_use]
    pub fn minor_digits(&self) -> u8 {
        let listed = |list: &str| list.split(' ').any(|code| code == self.as_str());
        match (listed(NO_MINOR_UNIT), listed(THOUSANDS)) {
            (true, _) => 0,
            (_, true) => 3,
            _ => 2,
        }
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let code: [u8; 3] = text.as_bytes().try_into().map_err(|_| MoneyError::UnknownCurrency)?;
        // Every order and payment that is read asks this.
        let known = CURRENCIES.as_bytes().chunks(4).any(|currency| currency[..3] == code);
        known.then_some(Self(code)).ok_or(MoneyError::UnknownCurrency)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_refuse_to_leave_their_range() {
        assert_eq!(Amount::new(-1), Err(MoneyError::OutOfRange));
        assert_eq!(Amount::new(MAX_AMOUNT + 1), Err(MoneyError::OutOfRange));
        let most = Amount::new(MAX_AMOUNT).unwrap();
        assert_eq!(most.plus(Amount(1)), Err(MoneyError::OutOfRange));
        assert_eq!(most.times(2), Err(MoneyError::OutOfRange));
        assert_eq!(Amount(349).times(3), Ok(Amount(1047)));
    }

    #[test]
    fn amounts_are_read_as_people_write_them_and_nothing_is_guessed() {
        let read = |text, currency: &str| Amount::in_units(text, currency.parse().unwrap());
        for (text, currency, minor) in [
            ("12.50", "USD", 1250),
            (" 12,5 ", "USD", 1250),
            ("12", "USD", 1200),
            ("0.05", "USD", 5),
            ("12.", "USD", 1200),
            ("1500", "JPY", 1500),
            ("1.5", "KWD", 1500),
        ] {
            assert_eq!(read(text, currency), Ok(Amount(minor)), "{text} {currency}");
        }
        for (text, currency) in [
            ("", "USD"),
            (".5", "USD"),
            ("1.234", "USD"),
            ("1,234.50", "USD"),
            ("-1", "USD"),
            ("1e3", "USD"),
            ("1.5", "JPY"),
            ("٣", "USD"),
            ("$5", "USD"),
        ] {
            assert!(matches!(read(text, currency), Err(MoneyError::NotWritten(_))), "{text}");
        }
        assert_eq!(read("99999999999999999999", "USD"), Err(MoneyError::OutOfRange));
        for (minor, currency, text) in
            [(1250, "USD", "12.50"), (5, "USD", "0.05"), (0, "USD", "0.00"), (1500, "JPY", "1500")]
        {
            assert_eq!(Amount(minor).to_units(currency.parse().unwrap()), text);
        }
    }

    #[test]
    fn only_active_currencies_are_known() {
        assert_eq!("USD".parse::<Currency>().unwrap().as_str(), "USD");
        for unknown in ["usd", "US", "XXX", "", "USDX", "D A"] {
            assert!(unknown.parse::<Currency>().is_err(), "{unknown}");
        }
    }
}
