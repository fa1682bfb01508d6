//! What a person of the desk is. No I/O.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::kernel::{Secret, StaffId, Timestamp, random_bytes, words};

words! {
    /// What a person of the desk is there for.
    Role {
        /// Everything, people and keys as well.
        Owner = "owner",
        /// Orders, products and stock.
        Clerk = "clerk",
        /// Looking at everything but people's addresses, changing nothing.
        Auditor = "auditor",
    }
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::Owner, Self::Clerk, Self::Auditor];
}

/// A person of the desk.
#[derive(Debug, Clone)]
pub struct Person {
    /// Who.
    pub id: StaffId,
    /// What the person signs in as.
    pub login: String,
    /// What the person is called.
    pub name: String,
    /// What the person may do.
    pub role: Role,
    /// Whether a password was ever set.
    pub has_password: bool,
    /// Since when the person may not sign in.
    pub disabled_at: Option<Timestamp>,
    /// Since when the person is known.
    pub created_at: Timestamp,
}

/// What a browser or a link is known by: 43 characters of base64url.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaffToken(Secret<String>);

impl StaffToken {
    /// A new one, of 256 random bits.
    #[must_use]
    pub fn generate() -> Self {
        Self(Secret::new(URL_SAFE_NO_PAD.encode(random_bytes::<32>())))
    }

    /// What somebody sent, when it can be one.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let possible = text.len() == 43 && text.bytes().all(plain);
        possible.then(|| Self(Secret::new(text.to_owned())))
    }

    /// The text, for the one who is to have it.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// What the database knows it by: SHA-256 in hexadecimal.
    pub(super) fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.0.expose()))
    }
}

/// A name to sign in as, as it is stored: without a difference between large and small letters.
/// `None` when it can be nobody's.
pub(super) fn login(text: &str) -> Option<String> {
    let login = text.trim().to_ascii_lowercase();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._@-".contains(&byte);
    ((1..=64).contains(&login.len()) && login.bytes().all(plain)).then_some(login)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_is_the_same_in_large_and_small_letters() {
        assert_eq!(login(" Ada.L@example.com "), Some("ada.l@example.com".into()));
        for other in ["", "a b", "a/b", "ä", &"x".repeat(65)] {
            assert_eq!(login(other), None, "{other}");
        }
    }

    #[test]
    fn a_token_is_read_as_it_was_made_and_nothing_else_is() {
        let token = StaffToken::generate();
        assert_eq!(StaffToken::read(token.expose()).unwrap().hash(), token.hash());
        for other in ["", "short", &"x".repeat(44), &format!("{}'", "x".repeat(42))] {
            assert_eq!(StaffToken::read(other), None, "{other}");
        }
    }
}
