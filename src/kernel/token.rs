//! What its holder is known by: a secret text that the database knows only the digest of.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::{Secret, random_bytes};

/// Characters of a token.
const LENGTH: usize = 43;

/// What a browser keeps, or a link carries: 43 characters of base64url.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token(Secret<String>);

impl Token {
    /// A new one, of 256 random bits.
    #[must_use]
    pub fn generate() -> Self {
        Self(Secret::new(URL_SAFE_NO_PAD.encode(random_bytes::<32>())))
    }

    /// What somebody sent, when it can be one.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let possible = text.len() == LENGTH && text.bytes().all(plain);
        possible.then(|| Self(Secret::new(text.to_owned())))
    }

    /// The text, for the one who is to have it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What the database knows it by: SHA-256 in hexadecimal.
    #[must_use]
    pub fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.0.expose()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_as_it_was_made_and_nothing_else_is() {
        let token = Token::generate();
        assert_eq!(Token::read(token.expose()).unwrap().hash(), token.hash());
        for other in ["", "short", &"x".repeat(44), &format!("{}'", "x".repeat(42))] {
            assert_eq!(Token::read(other), None, "{other}");
        }
        assert!(!format!("{token:?}").contains(token.expose()));
    }
}
