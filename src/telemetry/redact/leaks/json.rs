//! A walk over JSON that keeps nothing: each value is looked at as it is read, also where a name
//! comes twice.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

use super::{Leaks, Place};

/// Looks at every name and value of a text of JSON; answers false when it is none, or not to its
/// end.
pub(super) fn look(text: &str, found: &mut Leaks) -> bool {
    let mut json = serde_json::Deserializer::from_str(text);
    let whole = Look { found, place: Place::default() }.deserialize(&mut json);
    whole.is_ok() && json.end().is_ok()
}

/// Looks at one value; answers it if it is a text.
struct Look<'l, 'p> {
    found: &'l mut Leaks,
    place: Place<'p>,
}

impl<'de> DeserializeSeed<'de> for Look<'_, '_> {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<Self::Value, D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Look<'_, '_> {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    /// A yes or no tells nothing.
    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        self.found.number(self.place, Some(number));
        Ok(None)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        self.found.number(self.place, None);
        Ok(None)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        self.found.number(self.place, None);
        Ok(None)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        self.found.text(self.place, text);
        Ok(Some(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let Self { found, place } = self;
        while items.next_element_seed(Look { found: &mut *found, place })?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let Self { found, place } = self;
        let (mut pair, mut after_public_key) = (None, false);
        while let Some(name) = members.next_key::<String>()? {
            found.text(Place::default(), &name);
            let place = place.member(&name, pair.as_deref(), after_public_key);
            let text = members.next_value_seed(Look { found: &mut *found, place })?;
            match name.as_str() {
                "key" | "name" => pair = text,
                "public_key" => after_public_key = true,
                _ => {}
            }
        }
        Ok(None)
    }
}
