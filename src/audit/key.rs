//! The keys of seals: Ed25519 (RFC 8032), each known by a short hash of its public half.

use std::fmt;

use ed25519_dalek::{Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use super::digest::{Hash, Hex, MalformedHex};
use crate::kernel::random_bytes;

/// Which key: the first eight bytes of the SHA-256 of its public half.
pub type SealKeyId = Hex<8>;

/// A signature.
pub type Signature = Hex<64>;

/// The public half of a key: it can verify, not sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PublicKey(Hex<32>);

impl PublicKey {
    /// Which key this is.
    #[must_use]
    pub fn id(&self) -> SealKeyId {
        let mut id = [0; 8];
        id.copy_from_slice(&Hash::of(&[&self.0.0]).0[..8]);
        Hex(id)
    }

    /// Whether the private half signed this message.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &Signature) -> bool {
        let signature = ed25519_dalek::Signature::from_bytes(&signature.0);
        // Strict: no weak keys, and one signature has one form.
        VerifyingKey::from_bytes(&self.0.0)
            .is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for PublicKey {
    type Err = MalformedHex;

    fn from_str(text: &str) -> Result<Self, MalformedHex> {
        text.parse().map(Self)
    }
}

/// A key that seals. Its private half never leaves this type except into the key file.
pub struct SealKey(SigningKey);

impl SealKey {
    /// A new key, kept nowhere.
    #[must_use]
    pub fn generate() -> Self {
        Self::from_seed(Hex(random_bytes()))
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(Hex(self.0.verifying_key().to_bytes()))
    }

    pub(super) fn sign(&self, message: &[u8]) -> Signature {
        Hex(self.0.sign(message).to_bytes())
    }

    pub(super) fn from_seed(seed: Hex<32>) -> Self {
        Self(SigningKey::from_bytes(&seed.0))
    }

    /// The private half, for the key file.
    pub(super) fn seed(&self) -> Hex<32> {
        Hex(self.0.to_bytes())
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SealKey({})", self.public().id())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_message_and_key_only() {
        let key = SealKey::generate();
        let signature = key.sign(b"one");
        assert!(key.public().verifies(b"one", &signature));
        assert!(!key.public().verifies(b"two", &signature));
        assert!(!SealKey::generate().public().verifies(b"one", &signature));
        assert!(!key.public().verifies(b"one", &Hex([0; 64])));
    }

    #[test]
    fn a_key_shows_only_which_key_it_is() {
        let key = SealKey::generate();
        assert_eq!(format!("{key:?}"), format!("SealKey({})", key.public().id()));
    }
}
