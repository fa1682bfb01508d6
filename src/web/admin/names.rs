//! What those are called who did something.

use std::collections::HashMap;

use crate::db::Conn;
use crate::error::Error;
use crate::identity;
use crate::web::frame::Frame;

/// The names of people and keys, by what the journal calls them.
pub(super) struct Names(HashMap<String, String>);

impl Names {
    /// Those of now.
    ///
    /// # Errors
    /// What the database refuses.
    pub(super) fn read(conn: &mut Conn) -> Result<Self, Error> {
        let people = identity::people(conn)?.into_iter();
        let people = people.map(|person| (format!("staff:{}", person.id), person.name));
        let keys = identity::list(conn)?.into_iter();
        let keys = keys.map(|key| (format!("key:{}", key.id), key.name));
        Ok(Self(people.chain(keys).collect()))
    }

    /// The name of an actor that has one.
    pub(super) fn of(&self, actor: &str) -> Option<&str> {
        self.0.get(actor).map(String::as_str)
    }

    /// Who it was, in words: `by Ada`, `by the server`; what the journal calls it where there are
    /// none.
    pub(super) fn by(&self, frame: &Frame, actor: &str) -> String {
        let (kind, _) = actor.split_once(':').unwrap_or((actor, ""));
        let key = format!("desk.by.{kind}");
        match self.of(actor) {
            Some(name) => frame.tw(&key, "name", name),
            None if ["staff", "key"].contains(&kind) || !frame.texts.has(&key) => {
                frame.tw("desk.by.other", "name", actor)
            }
            None => frame.t(&key).to_owned(),
        }
    }
}
