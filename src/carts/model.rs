//! What a cart is. No I/O.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::kernel::{Amount, CartId, Currency, Secret, random_bytes};

/// Different products of a cart at most: as many as an order takes.
pub const LINES_MAX: usize = 500;
/// Units of a product at most: as many as an order takes.
pub const QUANTITY_MAX: i64 = 1_000_000;

/// What a visitor's browser keeps to be known by: 43 characters of base64url.
#[derive(Debug, Clone)]
pub struct CartSecret(Secret<String>);

impl CartSecret {
    /// A new one.
    #[must_use]
    pub fn generate() -> Self {
        Self(Secret::new(URL_SAFE_NO_PAD.encode(random_bytes::<32>())))
    }

    /// What a browser sent, when it can be one.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let possible = text.len() == 43 && text.bytes().all(plain);
        possible.then(|| Self(Secret::new(text.to_owned())))
    }

    /// The text, for the browser only.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What the database knows it by: SHA-256 in hexadecimal.
    pub(super) fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.0.expose()))
    }
}

/// A cart as it stands now.
#[derive(Debug, Clone)]
pub struct Cart {
    /// Which one.
    pub id: CartId,
    /// The currency of its prices.
    pub currency: Currency,
    /// What is in it, in the order in which it was put there.
    pub lines: Vec<CartLine>,
    /// The sum of what can be ordered.
    pub total: Amount,
}

/// A product in a cart.
#[derive(Debug, Clone)]
pub struct CartLine {
    /// The product.
    pub sku: String,
    /// What it is called now; its SKU when it is not sold any more.
    pub name: String,
    /// How much one unit is.
    pub package_size: Option<String>,
    /// Units wanted.
    pub quantity: i64,
    /// For one unit, now; none when it is not sold any more.
    pub unit_price: Option<Amount>,
    /// For all units.
    pub total: Amount,
    /// Units that can be ordered now.
    pub available: i64,
}

impl CartLine {
    /// Whether it is sold, and there is enough of it.
    #[must_use]
    pub fn can_be_ordered(&self) -> bool {
        self.unit_price.is_some() && self.quantity <= self.available
    }
}

impl Cart {
    /// Whether all of it can be ordered.
    #[must_use]
    pub fn can_be_ordered(&self) -> bool {
        !self.lines.is_empty() && self.lines.iter().all(CartLine::can_be_ordered)
    }

    /// Units of all lines.
    #[must_use]
    pub fn units(&self) -> i64 {
        self.lines.iter().map(|line| line.quantity).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_read_as_it_was_made_and_nothing_else_is() {
        let secret = CartSecret::generate();
        assert_eq!(CartSecret::read(secret.expose()).unwrap().hash(), secret.hash());
        for other in ["", "short", &"x".repeat(44), &format!("{}'", "x".repeat(42))] {
            assert!(CartSecret::read(other).is_none(), "{other}");
        }
    }
}
