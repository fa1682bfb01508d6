//! Rule files, read for what the tests ask of them. `promtool` reads them properly.

use std::collections::BTreeMap;

/// A rule with its settings; those of its annotations stand among them.
#[derive(Debug, Default)]
pub struct Rule {
    /// The alert, or the metric that is recorded.
    pub name: String,
    pub is_alert: bool,
    settings: BTreeMap<String, String>,
}

impl Rule {
    /// A setting, or nothing.
    pub fn get(&self, key: &str) -> &str {
        self.settings.get(key).map_or("", String::as_str)
    }
}

/// Every rule of a file.
pub fn rules_in(text: &str) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    // The setting whose text goes on in lines that stand further in.
    let mut open: Option<(usize, String)> = None;
    for line in text.lines() {
        let content = line.trim_start();
        let indent = line.len() - content.len();
        if content.is_empty() || content.starts_with('#') {
            continue;
        }
        if let Some((key, is_alert)) = heading(content) {
            rules.push(Rule { name: key.to_owned(), is_alert, ..Rule::default() });
            open = None;
            continue;
        }
        let Some(rule) = rules.last_mut() else { continue };
        if let Some((outer, key)) = open.take_if(|(outer, _)| indent > *outer) {
            let text = rule.settings.entry(key.clone()).or_default();
            *text = format!("{text} {content}").trim_start().to_owned();
            open = Some((outer, key));
        } else if let Some((key, value)) = content.split_once(':') {
            let value = value.trim();
            open = (value == ">-").then(|| (indent, key.to_owned()));
            let value = if value == ">-" { "" } else { value };
            rule.settings.insert(key.to_owned(), value.to_owned());
        }
    }
    rules
}

/// The name of the rule that begins here, and whether it is an alert.
fn heading(content: &str) -> Option<(&str, bool)> {
    let alert = content.strip_prefix("- alert: ").map(|name| (name, true));
    alert.or_else(|| content.strip_prefix("- record: ").map(|name| (name, false)))
}

#[test]
fn a_rule_is_read_with_all_its_settings() {
    let text = "groups:\n  - name: g\n    rules:\n      - record: a:b\n        expr: sum(c)\n\
                      # why\n      - alert: D\n        expr: >-\n          e\n          > 0\n\
                \x20       for: 5m\n        annotations:\n          summary: \"f: g\"\n\
                \x20         description: >-\n            h\n            i\n";
    let rules = rules_in(text);
    assert_eq!((rules.len(), rules[0].name.as_str(), rules[0].is_alert), (2, "a:b", false));
    assert_eq!(rules[0].get("expr"), "sum(c)");
    let alert = &rules[1];
    assert!(alert.is_alert);
    assert_eq!((alert.get("expr"), alert.get("for")), ("e > 0", "5m"));
    assert_eq!((alert.get("summary"), alert.get("description")), ("\"f: g\"", "h i"));
}
