//! What the databases of this process were asked: each statement once, with the values that it came
//! with written into it, so that it can be explained as it was run.

use std::collections::{BTreeMap, HashMap};
use std::sync::{LazyLock, Mutex};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};

/// By database and by text: the same text with other values is the same statement.
static CAPTURED: LazyLock<Mutex<HashMap<String, BTreeMap<String, String>>>> =
    LazyLock::new(Mutex::default);

/// From now on every new connection tells what it is asked.
pub fn begin() {
    set_default_instrumentation(|| Some(Box::new(Listener::default()))).unwrap();
}

/// The statements of a database that read or change rows.
pub fn statements(database: &str) -> Vec<String> {
    let captured = CAPTURED.lock().unwrap();
    captured.get(database).into_iter().flat_map(BTreeMap::values).cloned().collect()
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
        let Some((sql, values)) = shown.split_once(" -- binds: ") else { return };
        let verb = sql.split_whitespace().next().unwrap_or_default();
        if !["SELECT", "UPDATE", "DELETE", "INSERT", "WITH"].contains(&verb)
            || sql.contains("EXPLAIN")
        {
            return;
        }
        let mut captured = CAPTURED.lock().unwrap();
        let statements = captured.entry(self.database.clone()).or_default();
        statements.entry(sql.to_owned()).or_insert_with(|| filled(sql, values));
    }
}

/// The text with its values in it.
fn filled(sql: &str, values: &str) -> String {
    let values: Vec<String> = Reader(values).list().iter().map(Shown::literal).collect();
    if sql.contains('?') {
        let mut values = values.iter();
        let parts: Vec<&str> = sql.split('?').collect();
        let (last, parts) = parts.split_last().unwrap();
        let parts = parts.iter().map(|part| format!("{part}{}", values.next().unwrap()));
        return parts.collect::<String>() + last;
    }
    // The last one first: `$1` is in `$12` too.
    let numbered = values.iter().enumerate().rev();
    numbered
        .fold(sql.to_owned(), |sql, (place, value)| sql.replace(&format!("${}", place + 1), value))
}

/// A value as diesel shows it.
enum Shown {
    Text(String),
    /// A number, or nothing.
    Word(String),
    List(Vec<Shown>),
}

impl Shown {
    fn literal(&self) -> String {
        match self {
            // What stands for a value later on must not stand in one.
            Self::Text(text) => format!("'{}'", text.replace('\'', "''").replace(['?', '$'], "_")),
            Self::Word(word) if word == "None" => "NULL".to_owned(),
            Self::Word(word) => word.clone(),
            Self::List(list) => {
                let list: Vec<String> = list.iter().map(Self::literal).collect();
                format!("ARRAY[{}]::text[]", list.join(","))
            }
        }
    }
}

/// Reads `[1, "text", Some("text"), None, ["a", "b"]]`.
struct Reader<'a>(&'a str);

impl Reader<'_> {
    fn list(&mut self) -> Vec<Shown> {
        self.0 = self.0.strip_prefix('[').unwrap();
        let mut list = Vec::new();
        loop {
            self.0 = self.0.trim_start_matches([',', ' ']);
            match self.0.strip_prefix(']') {
                Some(rest) => {
                    self.0 = rest;
                    return list;
                }
                None => list.push(self.value()),
            }
        }
    }

    fn value(&mut self) -> Shown {
        if let Some(rest) = self.0.strip_prefix("Some(") {
            self.0 = rest;
            let value = self.value();
            self.0 = self.0.strip_prefix(')').unwrap();
            return value;
        }
        match self.0.chars().next().unwrap() {
            '[' => Shown::List(self.list()),
            '"' => Shown::Text(self.text()),
            _ => {
                let end = self.0.find([',', ']', ')']).unwrap();
                let (word, rest) = self.0.split_at(end);
                self.0 = rest;
                Shown::Word(word.to_owned())
            }
        }
    }

    fn text(&mut self) -> String {
        let mut text = String::new();
        let mut escaped = false;
        for (place, character) in self.0.char_indices().skip(1) {
            match character {
                '\\' if !escaped => escaped = true,
                '"' if !escaped => {
                    self.0 = &self.0[place + 1..];
                    return text;
                }
                _ => {
                    text.push(character);
                    escaped = false;
                }
            }
        }
        panic!("a text without an end: {}", self.0)
    }
}
