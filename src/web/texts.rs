//! Every word that a visitor reads, by key. A language is a file of `templates/texts/` and a line
//! here.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::LazyLock;

use toml::{Table, Value};

/// The languages; the first is the one of visitors whose own is not here.
const LANGUAGES: &[(&str, &str)] = &[("en", include_str!("../../templates/texts/en.toml"))];

static LOADED: LazyLock<Vec<(&str, Texts)>> = LazyLock::new(|| {
    LANGUAGES.iter().map(|(code, text)| (*code, Texts::read(code, text))).collect()
});

/// The texts of one language.
#[derive(Debug)]
pub(super) struct Texts {
    /// The language: `en`.
    pub(super) language: &'static str,
    by_key: HashMap<String, String>,
}

impl Texts {
    /// The texts of this language, or of the first.
    pub(super) fn of(language: &str) -> &'static Self {
        let found = LOADED.iter().find(|(code, _)| *code == language);
        &found.unwrap_or(&LOADED[0]).1
    }

    fn read(language: &'static str, text: &str) -> Self {
        // A test reads every file; one that is not TOML shows keys instead of texts.
        let table: Table = text.parse().unwrap_or_default();
        let mut by_key = HashMap::new();
        flatten("", &table, &mut by_key);
        Self { language, by_key }
    }

    /// The text of a key; the key itself when there is none.
    pub(super) fn get<'t>(&'t self, key: &'t str) -> &'t str {
        self.by_key.get(key).map_or(key, String::as_str)
    }

    /// Whether there is a text of this key.
    pub(super) fn has(&self, key: &str) -> bool {
        self.by_key.contains_key(key)
    }

    /// The text of a key with `{name}` filled in.
    pub(super) fn with(&self, key: &str, name: &str, value: impl Display) -> String {
        self.get(key).replace(&format!("{{{name}}}"), &value.to_string())
    }

    /// The text for so many things: of `key.one` or `key.other`, with `{n}` filled in as `shown`.
    pub(super) fn count(&self, key: &str, n: i64, shown: impl Display) -> String {
        let form = if n == 1 { "one" } else { "other" };
        self.with(&format!("{key}.{form}"), "n", shown)
    }
}

fn flatten(prefix: &str, table: &Table, into: &mut HashMap<String, String>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            Value::Table(inner) => flatten(&key, inner, into),
            Value::String(text) => {
                into.insert(key, text.clone());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn keys(texts: &Texts) -> BTreeSet<&String> {
        texts.by_key.keys().collect()
    }

    #[test]
    fn every_language_has_the_same_texts() {
        for (code, text) in LANGUAGES {
            text.parse::<Table>().unwrap_or_else(|wrong| panic!("{code}: {wrong}"));
            assert_eq!(keys(Texts::of(code)), keys(&LOADED[0].1), "{code}");
        }
    }

    /// The keys that a text of code or template asks for: what stands in quotes after one of the
    /// calls.
    fn asked_for(text: &str) -> Vec<String> {
        let calls = [".t(\"", ".tw(\"", "texts.get(\"", "texts.with(\""];
        let starts = calls
            .iter()
            .flat_map(|call| text.match_indices(call).map(|(at, call)| &text[at + call.len()..]));
        let named = starts.filter_map(|rest| rest.split('"').next());
        let counted = text.match_indices(".tn(\"").flat_map(|(at, call)| {
            let key = text[at + call.len()..].split('"').next().unwrap_or_default();
            [format!("{key}.one"), format!("{key}.other")]
        });
        named.map(str::to_owned).chain(counted).collect()
    }

    fn files(folder: &Path, found: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                files(&path, found);
            } else if let Ok(text) = std::fs::read_to_string(&path) {
                found.push((path.display().to_string(), text));
            }
        }
    }

    #[test]
    fn every_text_that_is_asked_for_is_there() {
        let mut found = Vec::new();
        files(Path::new("templates"), &mut found);
        files(Path::new("src/web"), &mut found);
        let texts = &LOADED[0].1;
        let missing: Vec<String> = found
            .iter()
            .filter(|(path, _)| !path.ends_with("texts.rs"))
            .flat_map(|(path, text)| {
                asked_for(text).into_iter().map(move |key| (path.clone(), key))
            })
            .filter(|(_, key)| !texts.has(key))
            .map(|(path, key)| format!("{path}: {key}"))
            .collect();
        assert!(missing.is_empty(), "{missing:#?}");
    }

    #[test]
    fn a_missing_text_is_noticed() {
        assert_eq!(asked_for("{{ frame.t(\"no.such\") }}"), ["no.such"]);
        assert!(!LOADED[0].1.has("no.such"));
        assert_eq!(Texts::of("xx").get("no.such"), "no.such");
    }
}
