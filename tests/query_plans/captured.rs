//! What the databases of this process were asked: the text of each statement, once.

use std::collections::{BTreeSet, HashMap};
use std::sync::{LazyLock, Mutex};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

/// By database.
static CAPTURED: LazyLock<Mutex<HashMap<String, BTreeSet<String>>>> = LazyLock::new(Mutex::default);

/// From now on every new connection tells what it is asked.
pub fn begin() {
    set_default_instrumentation(|| Some(Box::new(Listener::default()))).unwrap();
}

/// The statements of a database that read or change rows.
pub fn statements(database: &str) -> Vec<String> {
    let captured = CAPTURED.lock().unwrap();
    captured.get(database).into_iter().flatten().cloned().collect()
}

#[derive(Default)]
struct Listener {
    database: String,
}

impl Instrumentation for Listener {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => {
                self.database = url.to_owned();
            }
            InstrumentationEvent::StartQuery { query, .. } => self.note(&query.to_string()),
            _ => {}
        }
    }
}

impl Listener {
    /// A statement as diesel shows it: its text, and its values behind it.
    fn note(&self, shown: &str) {
        let Some((sql, _values)) = shown.split_once(" -- binds: ") else { return };
        let verb = sql.split_whitespace().next().unwrap_or_default();
        if ["SELECT", "UPDATE", "DELETE", "INSERT", "WITH"].contains(&verb) {
            let mut captured = CAPTURED.lock().unwrap();
            captured.entry(self.database.clone()).or_default().insert(sql.to_owned());
        }
    }
}
