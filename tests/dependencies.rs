//! Which crates may be in the binary, by the rules of `deny.toml`: their licences, the ones that
//! are refused or may come once only, and where they come from. It needs no more than what cargo
//! downloaded for the build.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

// What is there, and what may be ----------------------------------------------------------------

/// What `cargo metadata` tells.
#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    source: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    dependencies: Vec<String>,
}

/// `deny.toml`, as far as this test holds it.
#[derive(Deserialize)]
struct Rules {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licenses {
    allow: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Bans {
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    /// The only crates that may depend on it directly.
    #[serde(default)]
    wrappers: Vec<String>,
    /// It may come, in one version.
    #[serde(default)]
    deny_multiple_versions: bool,
}

fn metadata() -> Metadata {
    let cargo = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO"))
            .args(arguments)
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let version = cargo(&["--version", "--verbose"]);
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    let offline = ["metadata", "--locked", "--offline", "--format-version", "1"];
    let text = cargo(&[offline.as_slice(), &["--filter-platform", host]].concat());
    serde_json::from_str(&text).unwrap()
}

fn rules() -> Rules {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deny.toml");
    toml::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

// Licences ------------------------------------------------------------------------------------

/// Whether an SPDX expression can be met with the allowed licences: AND binds closer than OR.
fn licence_is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (met, rest) = any_of(&words, allowed);
    met && rest.is_empty()
}

type Parsed<'a, 'b> = (bool, &'a [&'b str]);

fn any_of<'a, 'b>(words: &'a [&'b str], allowed: &BTreeSet<String>) -> Parsed<'a, 'b> {
    let (mut met, mut rest) = all_of(words, allowed);
    while let ["OR", after @ ..] = rest {
        let (other, after) = all_of(after, allowed);
        (met, rest) = (met || other, after);
    }
    (met, rest)
}

fn all_of<'a, 'b>(words: &'a [&'b str], allowed: &BTreeSet<String>) -> Parsed<'a, 'b> {
    let (mut met, mut rest) = one(words, allowed);
    while let ["AND", after @ ..] = rest {
        let (other, after) = one(after, allowed);
        (met, rest) = (met && other, after);
    }
    (met, rest)
}

fn one<'a, 'b>(words: &'a [&'b str], allowed: &BTreeSet<String>) -> Parsed<'a, 'b> {
    match words {
        ["(", after @ ..] => match any_of(after, allowed) {
            (met, [")", rest @ ..]) => (met, rest),
            (_, rest) => (false, rest),
        },
        [name, "WITH", exception, rest @ ..] => {
            (allowed.contains(&format!("{name} WITH {exception}")), rest)
        }
        [name, rest @ ..] => (allowed.contains(*name), rest),
        [] => (false, words),
    }
}

fn licence_faults(metadata: &Metadata, rules: &Rules) -> Vec<String> {
    let refused = metadata.packages.iter().filter(|package| {
        let expression = package.license.as_deref().unwrap_or_default();
        !licence_is_allowed(expression, &rules.licenses.allow)
    });
    refused.map(|package| format!("{}: {:?}", package.name, package.license)).collect()
}

// Bans and sources ----------------------------------------------------------------------------

fn ban_faults(metadata: &Metadata, rules: &Rules) -> Vec<String> {
    let mut faults = Vec::new();
    for ban in &rules.bans.deny {
        let found: Vec<&Package> =
            metadata.packages.iter().filter(|package| package.name == ban.name).collect();
        if ban.deny_multiple_versions {
            if found.len() > 1 {
                faults.push(format!("{} comes {} times", ban.name, found.len()));
            }
            continue;
        }
        for package in found {
            let users = users(metadata, &package.id);
            if users.is_empty() || users.iter().any(|user| !ban.wrappers.contains(user)) {
                faults.push(format!("{} {} is used by {users:?}", ban.name, package.version));
            }
        }
    }
    faults
}

/// The names of the packages that depend on this one directly.
fn users(metadata: &Metadata, id: &String) -> Vec<String> {
    let names: BTreeMap<&str, &str> = metadata
        .packages
        .iter()
        .map(|package| (package.id.as_str(), package.name.as_str()))
        .collect();
    let users = metadata.resolve.nodes.iter().filter(|node| node.dependencies.contains(id));
    users.map(|node| names[node.id.as_str()].to_owned()).collect()
}

/// Everything is ours or from the public registry: nothing from git, nothing from a copy.
fn source_faults(metadata: &Metadata) -> Vec<String> {
    const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";
    let foreign = metadata.packages.iter().filter(|package| match package.source.as_deref() {
        None => package.name != "docket",
        Some(source) => source != REGISTRY,
    });
    foreign.map(|package| format!("{} from {:?}", package.name, package.source)).collect()
}

// The tests -----------------------------------------------------------------------------------

#[test]
fn every_dependency_keeps_the_rules() {
    let (metadata, rules) = (metadata(), rules());
    assert!(metadata.packages.len() > 100);
    assert_eq!(licence_faults(&metadata, &rules), [""; 0]);
    assert_eq!(ban_faults(&metadata, &rules), [""; 0]);
    assert_eq!(source_faults(&metadata), [""; 0]);
}

fn planted(packages: &[(&str, &str, Option<&str>)], uses: &[(usize, usize)]) -> Metadata {
    let id = |index: usize| format!("#{index}");
    let package =
        |(index, (name, license, source)): (usize, &(&str, &str, Option<&str>))| Package {
            id: id(index),
            name: (*name).to_owned(),
            version: "1.0.0".to_owned(),
            license: Some((*license).to_owned()),
            source: source.map(str::to_owned),
        };
    let dependencies = |from: usize| {
        uses.iter().filter(|(user, _)| *user == from).map(|(_, used)| id(*used)).collect()
    };
    Metadata {
        packages: packages.iter().enumerate().map(package).collect(),
        resolve: Resolve {
            nodes: (0..packages.len())
                .map(|index| Node { id: id(index), dependencies: dependencies(index) })
                .collect(),
        },
    }
}

#[test]
fn planted_licences_are_seen() {
    let allowed = rules().licenses.allow;
    for fine in [
        "MIT OR Apache-2.0",
        "MIT/GPL-3.0",
        "(MIT OR Apache-2.0) AND Unicode-3.0",
        "GPL-2.0 AND MIT OR Zlib",
        "Apache-2.0 WITH LLVM-exception",
    ] {
        assert!(licence_is_allowed(fine, &allowed), "{fine}");
    }
    for refused in [
        "",
        "GPL-3.0-or-later",
        "MIT AND GPL-3.0",
        "(MIT AND AGPL-3.0) OR SSPL-1.0",
        "MIT WITH something",
        "(MIT",
        "MIT)",
    ] {
        assert!(!licence_is_allowed(refused, &allowed), "{refused}");
    }
    let metadata = planted(&[("left", "GPL-3.0-only", None)], &[]);
    assert_eq!(licence_faults(&metadata, &rules()).len(), 1);
}

#[test]
fn planted_bans_and_sources_are_seen() {
    let packages = [
        ("docket", "MIT", None),
        ("pq-src", "MIT", None),
        ("openssl-sys", "MIT", Some("git+https://example.com/a")),
        ("tokio", "MIT", None),
        ("reqwest", "MIT", None),
    ];
    let fine = planted(&packages, &[(0, 1), (1, 2)]);
    assert_eq!(ban_faults(&fine, &rules()), [""; 0]);
    let wrapped_by_another = planted(&packages, &[(1, 2), (4, 2)]);
    assert_eq!(ban_faults(&wrapped_by_another, &rules()).len(), 1);
    let banned = planted(&[("docket", "MIT", None), ("native-tls", "MIT", None)], &[(0, 1)]);
    assert_eq!(ban_faults(&banned, &rules()).len(), 1);
    let twice = planted(&[("tokio", "MIT", None), ("tokio", "MIT", None)], &[]);
    assert_eq!(ban_faults(&twice, &rules()).len(), 1);
    assert_eq!(source_faults(&fine).len(), 4, "all but docket are from elsewhere");
}
