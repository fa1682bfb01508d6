//! The house rules, held by reading the source: which module may know which, who may name a
//! library, how long things may get. Each rule is a function over a file's path and text, and is
//! seen to fail on a planted fault.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "support/source.rs"]
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use source::{Token, functions, modules_named, tokens};

/// The modules from the top down. Each may know those of the lines below its own.
const LAYERS: &[&[&str]] = &[
    &["main"],
    &["cli"],
    &["app"],
    &["web"],
    &["insight", "check"],
    &["carts"],
    &["orders"],
    &["payments", "inventory"],
    &["catalog"],
    &["identity"],
    &["events", "jobs"],
    &["audit"],
    &["idempotency"],
    &["http"],
    &["db", "telemetry"],
    &["config", "error"],
    &["kernel"],
];

/// Who may also know a module on its own line. `payments` and `inventory` are not here, for good.
const NEIGHBOURS: &[(&str, &str)] = &[("db", "telemetry"), ("events", "jobs")];

const FUNCTION_LINES_MAX: usize = 70;
const FILE_LINES_MAX: usize = 400;
const LINE_MAX: usize = 100;
/// Scenarios stand inside a macro, where the formatter does not reach.
const SCENARIO_LINE_MAX: usize = 115;

/// Folders of one machine, which mean nothing on another.
const FOREIGN: &[&str] =
    &[concat!("/", "work/"), concat!("/", "root/"), concat!("/", "home/"), concat!("/", "Users/")];

// The rules --------------------------------------------------------------------------------

/// The top-level module that a file under `src/` belongs to; `lib.rs` is none.
fn module_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    let module = inside.split('/').next()?.trim_end_matches(".rs");
    (module != "lib").then_some(module)
}

/// How many modules deep a file is: 1 for a top-level module's own.
fn depth(path: &str) -> usize {
    let parts = path.split('/').count() - 1;
    if path.ends_with("/mod.rs") { parts - 1 } else { parts }
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The arrows of a file: the other modules that it names, with the line.
fn arrows(path: &str, text: &str) -> Vec<Token> {
    let mut named = modules_named(&tokens(text), depth(path));
    named.retain(|to| module_of(path).is_some_and(|from| from != to.text));
    named
}

/// Unknown modules, and arrows that do not point downwards.
fn arrow_faults(path: &str, text: &str) -> Vec<String> {
    let Some(from) = module_of(path) else { return Vec::new() };
    if layer(from).is_none() {
        return vec![format!("{path}: module `{from}` has no place in LAYERS")];
    }
    let mut faults = Vec::new();
    for Token { text: to, line } in arrows(path, text) {
        match layer(&to) {
            None => faults.push(format!("{path}:{line}: `{to}` is no module of the house")),
            below if below > layer(from) => {}
            _ if NEIGHBOURS.contains(&(from, to.as_str())) => {}
            _ => faults.push(format!("{path}:{line}: `{from}` must not know `{to}`")),
        }
    }
    faults
}

/// A way from a module back to itself.
fn cycle(graph: &BTreeMap<String, BTreeSet<String>>) -> Option<Vec<String>> {
    fn walk(
        graph: &BTreeMap<String, BTreeSet<String>>,
        path: &mut Vec<String>,
    ) -> Option<Vec<String>> {
        let here = path.last()?.clone();
        for next in graph.get(&here).into_iter().flatten() {
            if path.contains(next) {
                return Some(path.clone());
            }
            path.push(next.clone());
            if let Some(found) = walk(graph, path) {
                return Some(found);
            }
            path.pop();
        }
        None
    }
    graph.keys().find_map(|start| walk(graph, &mut vec![start.clone()]))
}

/// Libraries named outside the places that keep them.
fn library_faults(path: &str, text: &str) -> Vec<String> {
    let Some(module) = module_of(path) else { return Vec::new() };
    let file = path.rsplit('/').next().unwrap_or(path);
    let stores = module == "db" || file == "store.rs" || file == "schema.rs";
    let serves = ["http", "web", "app"].contains(&module) || file == "http.rs";
    let traces = module == "telemetry";
    let mut faults = Vec::new();
    for Token { text: word, line } in tokens(text) {
        let allowed = match word.as_str() {
            word if word == "diesel" || word.starts_with("diesel_") => stores,
            word if word.contains("actix_web") || word.starts_with("actix") => serves,
            word if word.contains("opentelemetry") => traces,
            _ => true,
        };
        if !allowed {
            faults.push(format!("{path}:{line}: `{word}` is not named here"));
        }
    }
    faults
}

/// Tables and queries that leave their module.
fn privacy_faults(path: &str, text: &str) -> Vec<String> {
    let tokens = tokens(text);
    let open = tokens.windows(3).filter(|three| {
        let [before, keyword, name] = three else { return false };
        keyword.text == "mod"
            && ["store", "schema"].contains(&name.text.as_str())
            && ["pub", ")"].contains(&before.text.as_str())
    });
    open.map(|three| format!("{path}:{}: `{}` is private", three[2].line, three[2].text)).collect()
}

/// Files and functions that have grown too long.
fn length_faults(path: &str, text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if text.lines().count() > FILE_LINES_MAX {
        faults.push(format!("{path}: {} lines", text.lines().count()));
    }
    for (name, lines) in functions(&tokens(text)) {
        if lines > FUNCTION_LINES_MAX {
            faults.push(format!("{path}: `{name}` has {lines} lines"));
        }
    }
    faults
}

fn width_faults(path: &str, text: &str) -> Vec<String> {
    let most = if path.starts_with("tests/server/") { SCENARIO_LINE_MAX } else { LINE_MAX };
    let wide = text.lines().enumerate().filter(|(_, line)| line.chars().count() > most);
    wide.map(|(index, _)| format!("{path}:{}: longer than {most}", index + 1)).collect()
}

fn foreign_faults(path: &str, text: &str) -> Vec<String> {
    let found = FOREIGN.iter().filter(|word| text.contains(**word));
    found.map(|word| format!("{path}: names {word}")).collect()
}

// The house ----------------------------------------------------------------------------------

type Rule = fn(&str, &str) -> Vec<String>;

/// Every text file under one of these places, with its path from the root.
fn files(places: &[&str]) -> Vec<(String, String)> {
    fn walk(root: &Path, place: &str, found: &mut Vec<(String, String)>) {
        let path = root.join(place);
        if path.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                let name = entry.unwrap().file_name().into_string().unwrap();
                walk(root, &format!("{place}/{name}"), found);
            }
        } else if let Ok(text) = fs::read_to_string(&path) {
            found.push((place.to_owned(), text));
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    places.iter().for_each(|place| walk(root, place, &mut found));
    found.sort();
    found
}

fn hold(rule: Rule, files: &[(String, String)]) {
    assert!(!files.is_empty());
    let faults: Vec<String> = files.iter().flat_map(|(path, text)| rule(path, text)).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

fn sources() -> Vec<(String, String)> {
    files(&["src"])
}

#[test]
fn arrows_point_only_downwards() {
    hold(arrow_faults, &sources());
}

#[test]
fn no_module_knows_itself_through_others() {
    let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in sources() {
        let Some(from) = module_of(&path) else { continue };
        let to = arrows(&path, &text).into_iter().map(|to| to.text);
        graph.entry(from.to_owned()).or_default().extend(to);
    }
    assert_eq!(cycle(&graph), None);
}

#[test]
fn libraries_are_named_only_where_they_are_kept() {
    hold(library_faults, &sources());
}

#[test]
fn tables_and_queries_are_private() {
    hold(privacy_faults, &sources());
}

#[test]
fn functions_and_files_stay_short() {
    hold(length_faults, &sources());
}

#[test]
fn lines_fit_the_page() {
    let mut files = files(&["src", "tests", "benches"]);
    files.retain(|(path, _)| path.ends_with(".rs"));
    hold(width_faults, &files);
}

#[test]
fn no_file_names_a_folder_of_one_machine() {
    let places = [
        "src",
        "tests",
        "benches",
        "migrations",
        "config",
        "templates",
        "ops",
        ".ci",
        "README.md",
        "ARCHITECTURE.md",
        "Cargo.toml",
        "clippy.toml",
        "deny.toml",
    ];
    hold(foreign_faults, &files(&places));
}

// The rules are seen to fail -------------------------------------------------------------------

fn faulty(rule: Rule, path: &str, text: &str) -> bool {
    !rule(path, text).is_empty()
}

#[test]
fn a_planted_upward_arrow_is_seen_however_it_is_written() {
    for upward in [
        "use crate::orders::place;",
        "use crate::{db::Conn, orders::{self, Order}};",
        "fn f() -> crate::orders::Order { todo!() }",
        "use super::super::orders::place;",
        "use crate::inventory;",
        "use docket::orders;",
    ] {
        assert!(faulty(arrow_faults, "src/payments/capture.rs", upward), "{upward}");
    }
    for fine in [
        "use crate::{db::{Conn, Statement}, error::Error};",
        "use super::store;",
        "use crate::payments::Payment;",
        "// use crate::orders;",
        "const TEXT: &str = r#\"crate::orders \"quoted\"\"#; const C: char = '\"';",
        "#[cfg(test)]\nmod tests { use crate::orders; }",
    ] {
        assert_eq!(arrow_faults("src/payments/capture.rs", fine), [""; 0], "{fine}");
    }
    assert_eq!(arrow_faults("src/db/lane.rs", "use crate::telemetry::metrics;"), [""; 0]);
    assert!(faulty(arrow_faults, "src/telemetry/logs.rs", "use crate::db::Conn;"));
    assert!(faulty(arrow_faults, "src/main.rs", "fn main() { docket::nowhere::run() }"));
    assert_eq!(arrow_faults("src/main.rs", "fn main() { docket::cli::run() }"), [""; 0]);
}

#[test]
fn a_planted_unknown_module_is_seen() {
    assert!(faulty(arrow_faults, "src/util/mod.rs", ""));
    assert!(faulty(arrow_faults, "src/util.rs", ""));
}

#[test]
fn a_planted_cycle_is_seen() {
    let graph = |pairs: &[(&str, &str)]| {
        let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in pairs {
            graph.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        graph
    };
    assert_eq!(cycle(&graph(&[("a", "b"), ("b", "c"), ("a", "c")])), None);
    assert!(cycle(&graph(&[("a", "b"), ("b", "c"), ("c", "b")])).is_some());
}

#[test]
fn a_planted_library_is_seen() {
    assert!(faulty(library_faults, "src/orders/place.rs", "use diesel::prelude::*;"));
    assert!(faulty(library_faults, "src/orders/place.rs", "use actix_web::web;"));
    assert!(faulty(library_faults, "src/orders/place.rs", "use utoipa_actix_web::service_config;"));
    assert!(faulty(library_faults, "src/db/mod.rs", "use tracing_actix_web::TracingLogger;"));
    assert!(faulty(library_faults, "src/http/mod.rs", "use opentelemetry::Context;"));
    assert!(faulty(library_faults, "src/app.rs", "tracing_opentelemetry::layer()"));
    assert_eq!(library_faults("src/orders/store.rs", "use diesel::prelude::*;"), [""; 0]);
    assert_eq!(library_faults("src/orders/http.rs", "use actix_web::web;"), [""; 0]);
    assert_eq!(library_faults("src/orders/place.rs", "/// diesel's ways"), [""; 0]);
}

#[test]
fn a_planted_open_door_is_seen() {
    assert!(faulty(privacy_faults, "src/orders/mod.rs", "pub mod store;"));
    assert!(faulty(privacy_faults, "src/orders/mod.rs", "pub(crate) mod schema;"));
    assert_eq!(privacy_faults("src/orders/mod.rs", "mod store;\nmod schema;"), [""; 0]);
}

#[test]
fn planted_lengths_are_seen() {
    let function =
        |lines: usize| format!("fn long(a: [u8; 2]) {{\n{}}}\n", "    a;\n".repeat(lines));
    assert_eq!(length_faults("src/a.rs", &function(68)), [""; 0]);
    assert!(faulty(length_faults, "src/a.rs", &function(69)));
    assert!(faulty(length_faults, "src/a.rs", &"\n".repeat(401)));
    assert!(faulty(width_faults, "src/a.rs", &"x".repeat(101)));
    assert!(faulty(width_faults, "tests/server/a.rs", &"x".repeat(116)));
    assert_eq!(width_faults("src/a.rs", &"é".repeat(100)), [""; 0]);
}

#[test]
fn a_planted_folder_is_seen() {
    for folder in FOREIGN {
        assert!(faulty(foreign_faults, "README.md", &format!("see {folder}notes")));
    }
}
