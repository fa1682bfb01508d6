//! Every word that a visitor reads, by key. A language is a file of `templates/texts/` and its code
//! here; parts of the pages that the file leaves out are shown in the first language.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::LazyLock;

use toml::{Table, Value};

macro_rules! languages {
    ($($code:literal),+) => {
        &[$(($code, include_str!(concat!("../../templates/texts/", $code, ".toml")))),+]
    };
}

/// The languages; the first is the one of visitors whose own is not here, and of what another one
/// has no text for.
const LANGUAGES: &[(&str, &str)] = languages!["en", "de"];

static LOADED: LazyLock<Vec<Texts>> = LazyLock::new(|| {
    let first = read(LANGUAGES[0].1);
    let whole = |(language, text): &(&'static str, &str)| {
        let mut by_key = first.clone();
        by_key.extend(read(text));
        Texts { language, by_key }
    };
    LANGUAGES.iter().map(whole).collect()
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
        LOADED.iter().find(|texts| texts.language == language).unwrap_or(&LOADED[0])
    }

    /// Whether there are texts of this language.
    pub(super) fn speak(language: &str) -> bool {
        LANGUAGES.iter().any(|(code, _)| *code == language)
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

/// The texts of a file by their keys. A test reads every file; one that is not TOML shows keys
/// instead of texts.
fn read(text: &str) -> HashMap<String, String> {
    let mut by_key = HashMap::new();
    flatten("", &text.parse().unwrap_or_default(), &mut by_key);
    by_key
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

    #[test]
    fn every_file_of_texts_is_a_language() {
        let files = std::fs::read_dir("templates/texts").unwrap();
        let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
        let found: BTreeSet<String> = names.collect();
        let languages = LANGUAGES.iter().map(|(code, _)| format!("{code}.toml"));
        assert_eq!(found, languages.collect());
        for (code, text) in LANGUAGES {
            text.parse::<Table>().unwrap_or_else(|wrong| panic!("{code}: {wrong}"));
        }
    }

    /// What is filled into a text.
    fn names(text: &str) -> BTreeSet<&str> {
        let opened = text.split('{').skip(1);
        opened.map(|rest| rest.split_once('}').expect("a name in braces").0).collect()
    }

    /// What is wrong with a language: texts that nobody asks for, or that are filled in otherwise,
    /// and parts of the pages that are translated by half.
    fn faults(first: &HashMap<String, String>, other: &HashMap<String, String>) -> Vec<String> {
        let part = |key: &str| key.split('.').next().unwrap_or_default().to_owned();
        let parts: BTreeSet<String> = other.keys().map(|key| part(key)).collect();
        let strange = other.keys().filter(|key| !first.contains_key(*key));
        let missing = first.keys().filter(|key| parts.contains(&part(key)));
        let missing = missing.filter(|key| !other.contains_key(*key));
        let filled = other
            .iter()
            .filter(|(key, text)| first.get(*key).is_some_and(|first| names(first) != names(text)));
        let filled = filled.map(|(key, _)| key);
        strange.chain(missing).chain(filled).cloned().collect()
    }

    #[test]
    fn languages_say_the_same() {
        let first = read(LANGUAGES[0].1);
        for (code, text) in LANGUAGES {
            let faults = faults(&first, &read(text));
            assert!(faults.is_empty(), "{code}: {faults:#?}");
        }
    }

    #[test]
    fn a_language_that_says_something_else_is_noticed() {
        let first = read("[a]\nx = \"{n} left\"\ny = \"here\"\n[b]\nz = \"there\"");
        for (text, fault) in [
            ("[a]\nx = \"noch {m}\"\ny = \"da\"", "a.x"),
            ("[a]\nx = \"noch {n}\"", "a.y"),
            ("[b]\nz = \"dort\"\nw = \"wo\"", "b.w"),
        ] {
            assert_eq!(faults(&first, &read(text)), [fault]);
        }
        assert!(faults(&first, &read("[b]\nz = \"dort\"")).is_empty());
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
        let texts = &LOADED[0];
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
        assert!(!LOADED[0].has("no.such"));
        assert_eq!(Texts::of("xx").get("no.such"), "no.such");
    }
}
