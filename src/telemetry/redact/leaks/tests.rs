use serde_json::json;

use super::super::secrets::{INNOCENT, planted};
use super::*;

/// The rules that a line breaks, with their fields: `card message`.
fn told(line: &str) -> Vec<String> {
    let leaks = leaks_in(line).leaks.into_iter();
    let told = leaks.map(|leak| match leak.field {
        Some(field) => format!("{} {field}", leak.rule.name()),
        None => leak.rule.name().to_owned(),
    });
    told.collect()
}

#[test]
fn every_planted_secret_is_seen_in_every_kind_of_line() {
    for planted in planted() {
        let text = planted.text;
        let first_line = text.lines().next().unwrap();
        assert!(!told(first_line).is_empty(), "{}", planted.name);
        for line in [
            json!({ "message": text }).to_string(),
            json!({ "spans": [{ "key": "note", "value": { "stringValue": text } }] }).to_string(),
            format!(r#"{{"message":{},"torn":"by a cra"#, json!(text)),
        ] {
            let told = told(&line);
            assert!(!told.is_empty(), "{}: {line}", planted.name);
            assert!(!told.concat().contains(planted.secret), "{}: {told:?}", planted.name);
        }
    }
}

#[test]
fn innocent_and_redacted_lines_are_clean() {
    for text in INNOCENT {
        for line in [json!({ "message": text, "token": "[REDACTED]" }).to_string(), (*text).into()]
        {
            assert_eq!(told(&line), [""; 0], "{line}");
        }
    }
    for line in [
        "",
        "{}",
        "null",
        r#"{"password":null,"token":true,"cookie":""}"#,
        r#"{"credentials":{"user":"[REDACTED]","n":null},"token":["[REDACTED]"]}"#,
        r#"{"key":"api_key","value":{"stringValue":"[REDACTED]"}}"#,
        r#"{"amount":411111111111111,"n":4111111111111112,"f":4111.5,"i":-41}"#,
    ] {
        assert_eq!(told(line), [""; 0], "{line}");
    }
}

#[test]
fn identifiers_that_are_card_numbers_by_chance_are_none() {
    let (id, moment) = ("4111111111111111", "6304000000000000000");
    for line in [
        json!({ "span_id": id, "key_id": id }),
        json!({ "spans": [{ "spanId": id, "parentSpanId": id, "startTimeUnixNano": moment }] }),
    ] {
        assert_eq!(told(&line.to_string()), [""; 0], "{line}");
    }
    assert_eq!(told(&json!({ "span_id": "4222222222222" }).to_string()), ["card span_id"]);
    assert_eq!(told(&json!({ "span": id }).to_string()), ["card span"]);
}

#[test]
fn a_mark_that_was_cut_off_with_its_value_is_no_secret() {
    for end in 1..REDACTED.len() {
        let cut = &REDACTED[..end];
        assert_eq!(told(&json!({ "url": format!("/?token={cut}") }).to_string()), [""; 0]);
        assert_eq!(told(&format!(r#"{{"n":1,"token":"{cut}"#)), [""; 0]);
        assert_eq!(told(&json!({ "token": cut }).to_string()), [""; 0]);
    }
    assert_eq!(told(r#"{"token":"[RED]"}"#), ["field_name token"]);
}

#[test]
fn a_secret_is_told_with_the_name_that_it_stands_under() {
    for (line, expected) in [
        (r#"{"password":"x"}"#, "field_name password"),
        (r#"{"pass\u0077ord":"x"}"#, "field_name password"),
        (r#"{"pin":1234}"#, "field_name pin"),
        (r#"{"pin":-1.5}"#, "field_name pin"),
        (r#"{"n":4111111111111111}"#, "card n"),
        (r#"{"a":[{"secret":{"b":["x"]}}]}"#, "field_name b"),
        (r#"{"attributes":[{"key":"jwt","value":{"stringValue":"x"}}]}"#, "field_name jwt"),
        (r#"[{"name":"cookie","value":"x"}]"#, "field_name cookie"),
        (r#"[{"key":"n","value":{"intValue":"4111111111111111"}}]"#, "card n"),
        (r#"{"m":"4111111111111111","m":"","m":"4111111111111111"}"#, "card m"),
        (r#"{"jane@example.com":1}"#, "email"),
        (r#"{"to jane@example.com":{"token":"x"}}"#, "email|field_name token"),
        (r#"{"signature":"x","public_key":"y"}"#, "field_name signature"),
        (r#""to jane@example.com""#, "email"),
        (r#"{"a":1} jane@example.com"#, "email"),
    ] {
        let expected: Vec<_> = expected.split('|').collect();
        let mut told = told(line);
        told.sort();
        assert_eq!(told, expected, "{line}");
    }
}

#[test]
fn a_checkpoint_is_there_to_be_read() {
    let signed =
        json!({ "number": 7, "public_key": "ab".repeat(32), "signature": "cd".repeat(64) });
    assert_eq!(told(&signed.to_string()), [""; 0]);
}

#[test]
fn identifiers_of_a_line_are_told_when_they_are_such() {
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let line = json!({
        "timestamp": "2026-11-23T17:39:12Z", "trace_id": trace, "request_id": "request-7",
    });
    let found = leaks_in(&line.to_string());
    assert_eq!(found.timestamp.as_deref(), Some("2026-11-23T17:39:12.000000Z"));
    assert_eq!(
        (found.trace_id.as_deref(), found.request_id.as_deref()),
        (Some(trace), Some("request-7"))
    );
    let line = json!({
        "timestamp": "hunter2", "trace_id": "hunter2",
        "request_id": "dk_3nYk0aXw9Qz-8rT_1", "message": "4111111111111111",
    });
    let found = leaks_in(&line.to_string());
    assert_eq!((found.timestamp, found.trace_id, found.request_id), (None, None, None));
    assert_eq!(found.leaks.len(), 2);
}
