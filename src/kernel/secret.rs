//! A value that never shows itself: not in `Debug`, not in a log line, not in JSON.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// Holds a key, token or personal value; reading it takes the word [`Secret::expose`].
#[derive(Clone, Deserialize, PartialEq, Eq)]
#[serde(transparent)]
pub struct Secret<T>(T);

impl<T> Secret<T> {
    /// Wraps a value.
    pub fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself, for the one place that needs it.
    pub fn expose(&self) -> &T {
        &self.0
    }
}

impl Secret<String> {
    /// Whether it is this text, in a time that tells nothing of where they differ.
    #[must_use]
    pub fn is(&self, text: &str) -> bool {
        let (ours, theirs) = (self.0.as_bytes(), text.as_bytes());
        let differ =
            |found: u8, (one, other): (&u8, &u8)| std::hint::black_box(found | one ^ other);
        ours.len() == theirs.len() && ours.iter().zip(theirs).fold(0, differ) == 0
    }
}

const MASK: &str = "[REDACTED]";

impl<T> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl<T> fmt::Display for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl<T> Serialize for Secret<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(MASK)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_shows_itself_in_no_form() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?} {secret:#?}"), [MASK; 3].join(" "));
        assert_eq!(serde_json::to_string(&Some(&secret)).unwrap(), format!("\"{MASK}\""));
        assert_eq!(*secret.expose(), "hunter2");
    }

    #[test]
    fn a_secret_is_told_from_every_other_text() {
        let secret = Secret::new("hunter2".to_owned());
        assert!(secret.is("hunter2"));
        for other in ["", "hunter", "hunter3", "Hunter2", "hunter22"] {
            assert!(!secret.is(other), "{other}");
        }
    }
}
