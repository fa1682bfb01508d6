//! Fixed-size bytes as the journal stores and sends them: lower-case hexadecimal.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// `N` bytes, written as `2 * N` lower-case hexadecimal digits and in no other way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hex<const N: usize>(pub(super) [u8; N]);

/// A SHA-256 hash.
pub type Hash = Hex<32>;

impl Hash {
    /// Stands before the first link of the chain.
    pub const ZERO: Self = Self([0; 32]);

    /// The hash of these parts, one after the other.
    pub(super) fn of(parts: &[&[u8]]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            digest.update(part);
        }
        Self(digest.finalize().into())
    }
}

impl<const N: usize> From<[u8; N]> for Hex<N> {
    fn from(bytes: [u8; N]) -> Self {
        Self(bytes)
    }
}

/// The text is not this many lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not {0} lower-case hexadecimal digits")]
pub struct MalformedHex(usize);

impl<const N: usize> fmt::Display for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl<const N: usize> fmt::Debug for Hex<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<const N: usize> FromStr for Hex<N> {
    type Err = MalformedHex;

    fn from_str(text: &str) -> Result<Self, MalformedHex> {
        let mut bytes = [0; N];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| MalformedHex(2 * N))?;
        // One value has one text, so that a changed text is never the same value.
        let lower = !text.bytes().any(|byte| byte.is_ascii_uppercase());
        lower.then_some(Self(bytes)).ok_or(MalformedHex(2 * N))
    }
}

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_lower_case_text_is_read() {
        assert_eq!("00ff".parse(), Ok(Hex([0, 255])));
        for wrong in ["00FF", "00f", "00ff00", "zz00", " 00f"] {
            assert_eq!(wrong.parse::<Hex<2>>(), Err(MalformedHex(4)), "{wrong}");
        }
    }
}
