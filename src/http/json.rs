//! Strict JSON: malformed text is 400, a wrong field or value 422 with the path of the field.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Error as _, MapAccess, Visitor};

use super::strict::Strict;
use crate::error::{Error, FieldError, Refusal};

/// Reads a body of shape `B`. Unknown and repeated fields are refused, and so are
/// arrays and objects in the place of objects and words.
///
/// # Errors
/// 400 `malformed_json` for text that is not JSON, 422 `validation` for JSON of another shape.
pub fn parse<B: DeserializeOwned>(text: &[u8]) -> Result<B, Error> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let body = serde_path_to_error::deserialize(Strict(&mut reader)).map_err(|failure| {
        let path = failure.path().to_string();
        refusal(&path, failure.inner())
    })?;
    reader.end().map_err(|failure| refusal(".", &failure))?;
    Ok(body)
}

fn refusal(path: &str, failure: &serde_json::Error) -> Refusal {
    use serde_json::error::Category;
    match failure.classify() {
        Category::Data => {
            let field = if path == "." { "body" } else { path };
            Refusal::new(422, "validation", format!("`{field}`: {failure}."))
                .with_error(FieldError::new(field, "invalid", failure.to_string()))
        }
        _ => Refusal::new(400, "malformed_json", format!("The body is not JSON: {failure}.")),
    }
}

/// Text from outside: `MIN` to `MAX` characters, and no control characters, so that it can be
/// stored in both databases and shown on one line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text<const MIN: usize, const MAX: usize>(String);

impl<const MIN: usize, const MAX: usize> Text<MIN, MAX> {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, owned.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }

    /// Checks text that does not come from JSON.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(text: String) -> Result<Self, String> {
        let length = text.chars().count();
        if !(MIN..=MAX).contains(&length) {
            return Err(format!("must have {MIN} to {MAX} characters, has {length}"));
        }
        if text.chars().any(char::is_control) {
            return Err("must not contain control characters".into());
        }
        Ok(Self(text))
    }
}

impl<'de, const MIN: usize, const MAX: usize> Deserialize<'de> for Text<MIN, MAX> {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Self::check(String::deserialize(from)?).map_err(D::Error::custom)
    }
}

/// Small labels that a client hangs on a thing: up to 50, names of 1 to 40 and values of 0 to 500
/// characters. A name given twice is refused.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
#[serde(transparent)]
pub struct Metadata(BTreeMap<String, String>);

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Labels;
        impl<'de> Visitor<'de> for Labels {
            type Value = Metadata;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of up to 50 texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metadata, A::Error> {
                let mut labels = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<Text<1, 40>, Text<0, 500>>()? {
                    let name = name.into_string();
                    if labels.len() == 50 {
                        return Err(A::Error::custom("at most 50 entries"));
                    }
                    if labels.insert(name.clone(), value.into_string()).is_some() {
                        return Err(A::Error::custom(format!("`{name}` occurs twice")));
                    }
                }
                Ok(Metadata(labels))
            }
        }
        from.deserialize_map(Labels)
    }
}
