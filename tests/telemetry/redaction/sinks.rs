//! Where telemetry ends up, and the search through all of it.

use std::collections::{BTreeMap, BTreeSet};

use memchr::memmem;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use serde_json::json;

use crate::secrets::planted;

/// How much of a sink is shown around a hit.
const AROUND: usize = 60;

/// Everything that was written, by where.
#[derive(Debug, Default)]
pub struct Sinks(BTreeMap<&'static str, String>);

impl Sinks {
    /// Adds what a sink holds to what it is known to hold.
    pub fn add(&mut self, sink: &'static str, bytes: &[u8]) {
        let text = self.0.entry(sink).or_default();
        text.push_str(&String::from_utf8_lossy(bytes));
        text.push('\n');
    }

    pub fn text(&self, sink: &str) -> &str {
        &self.0[sink]
    }

    pub fn names(&self) -> BTreeSet<&'static str> {
        self.0.keys().copied().collect()
    }

    /// Where this is found, however it is written there, each with what stands around it.
    pub fn hits(&self, secret: &str) -> BTreeMap<&'static str, String> {
        let spellings = spellings(secret);
        let mut hits = BTreeMap::new();
        for (sink, text) in &self.0 {
            // The standard library's search is not optimised in a test.
            let find = |spelling: &String| memmem::find(text.as_bytes(), spelling.as_bytes());
            if let Some(at) = spellings.iter().find_map(find) {
                let start = text.floor_char_boundary(at.saturating_sub(AROUND));
                let end = text.ceil_char_boundary((at + AROUND).min(text.len()));
                hits.insert(*sink, text[start..end].to_owned());
            }
        }
        hits
    }

    /// Every hit of every secret, told with its name.
    pub fn leaks(&self, secrets: &[(&str, &str)]) -> Vec<String> {
        let hits = secrets.iter().flat_map(|(name, secret)| {
            let hits = self.hits(secret);
            hits.into_iter().map(move |(sink, around)| format!("{name} in {sink}: {around:?}"))
        });
        hits.collect()
    }
}

/// A secret as it is written in texts, URLs, forms, JSON (also in a string of JSON) and by `Debug`;
/// a card also without what stands between its digits.
fn spellings(secret: &str) -> BTreeSet<String> {
    let json = |text: &str| {
        let quoted = serde_json::to_string(text).unwrap();
        quoted[1..quoted.len() - 1].to_owned()
    };
    let decoded = percent_decoded(secret);
    let mut spellings = BTreeSet::from([decoded.clone()]);
    for text in [secret, &decoded] {
        let escaped = percent_encoded(text);
        spellings.extend([text.to_owned(), json(text), json(&json(text))]);
        if escaped.contains('%') {
            spellings.extend([escaped.to_lowercase(), escaped.replace("%20", "+"), escaped]);
        }
        spellings.insert(text.escape_debug().to_string());
        spellings.insert(text.replace('+', " "));
    }
    let digits: String = secret.chars().filter(char::is_ascii_digit).collect();
    let is_card = secret.chars().all(|c| c.is_ascii_digit() || " -+".contains(c));
    if is_card && digits.len() >= 13 {
        spellings.insert(digits);
    }
    spellings
}

/// With everything encoded that has a meaning anywhere in a URL.
pub fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).filter(|_| *first == b'%').and_then(|hex| hex::decode(hex).ok());
        rest = if hex.is_some() { &after[2..] } else { after };
        bytes.push(hex.map_or(*first, |hex| hex[0]));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[test]
fn every_planted_secret_is_found_however_it_is_written() {
    for planted in planted() {
        let text = planted.text;
        let json = json!({ "http.request.body": text }).to_string();
        let span = Span {
            attributes: vec![KeyValue {
                key: "url.full".into(),
                value: Some(AnyValue { value: Some(any_value::Value::StringValue(text.into())) }),
                ..KeyValue::default()
            }],
            ..Span::default()
        };
        for (writing, bytes) in [
            ("text", text.into()),
            ("Debug", format!("{:?}", Some(text)).into()),
            ("JSON", json.clone().into()),
            ("JSON in JSON", json!({ "message": json }).to_string().into()),
            ("a URL", percent_encoded(text).into()),
            ("a form", percent_encoded(text).replace("%20", "+").into()),
            ("OTLP", span.encode_to_vec()),
        ] {
            let mut sinks = Sinks::default();
            sinks.add("sink", format!("before {}", planted.name.len()).as_bytes());
            assert!(sinks.hits(planted.secret).is_empty());
            sinks.add("sink", &bytes);
            let leaks = sinks.leaks(&[(planted.name, planted.secret)]);
            assert_eq!(leaks.len(), 1, "{} as {writing}: {sinks:?}", planted.name);
        }
    }
}
