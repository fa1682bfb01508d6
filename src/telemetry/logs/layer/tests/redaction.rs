//! No secret reaches a line, whichever way it is logged.

use serde_json::Value as Json;
use tracing::{debug, error, info, info_span};

use super::{Setup, failure, lines_of};
use crate::telemetry::redact::secrets;

/// A text as a field of a struct.
#[derive(Debug)]
#[expect(dead_code, reason = "seen through Debug only")]
struct Body<'a> {
    text: &'a str,
    number: u32,
}

/// All that a reader of the line can make of it: as it stands, and its strings decoded.
fn shows(line: &str, secret: &str) -> bool {
    let decoded: Vec<String> = match serde_json::from_str::<Json>(line) {
        Ok(Json::Object(fields)) => {
            fields.values().map(|v| v.to_string() + v.as_str().unwrap_or("")).collect()
        }
        _ => Vec::new(),
    };
    line.contains(secret) || decoded.iter().any(|text| text.contains(secret))
}

#[test]
fn no_planted_secret_reaches_a_line_by_any_way() {
    assert!(shows("{\"a\":\"x hun\\\\\\\"ter9\"}", "hun\\\"ter9"), "the checker sees a leak");
    let setup = Setup::new(1.0);
    for planted in secrets::planted() {
        let text = planted.text;
        let failure = failure(text);
        let error = &failure as &(dyn std::error::Error + 'static);
        let mut lines = setup.texts(|| {
            let _outer = info_span!("request", request_id = text, job = ?text).entered();
            let _inner = info_span!("inner", order.id = %text).entered();
            info!("{text}");
            info!(note = text, shown = %text, "as fields");
            debug!(body = ?Body { text, number: 3 }, list = ?[Some(text)], "as Debug");
            error!(error, "as an error");
        });
        assert_eq!(lines.len(), 4);
        lines.extend(setup.terminal.take());
        for line in lines {
            assert!(!shows(&line, planted.secret), "{}: {line}", planted.name);
        }
    }
}

#[test]
fn secrets_are_hidden_by_the_name_of_their_field() {
    let lines = lines_of(|| {
        info!(password = "a", api_key = ?Some("b"), cvv = 737, card = 4_111_111_111_111_111_u64,
            token = %"c", password_set = true, idempotency_key = "mine", "named");
    });
    for name in ["password", "api_key", "cvv", "card", "token"] {
        assert_eq!(lines[0][name], "[REDACTED]", "{name}");
    }
    assert_eq!(
        (&lines[0]["password_set"], &lines[0]["idempotency_key"]),
        (&true.into(), &"mine".into())
    );
}

#[test]
fn a_secret_that_the_longest_value_cuts_in_two_is_not_shown_in_part() {
    for offset in 0..20 {
        let text = "x".repeat(offset) + &" 4242 4242 4242 4242".repeat(1_000);
        let lines = lines_of(|| info!(text, shown = %text, "long"));
        for name in ["text", "shown"] {
            let shown = lines[0][name].as_str().unwrap();
            assert!(shown.contains("[REDACTED]") && !shown.contains("4242"), "{offset}: {shown}");
        }
        assert_eq!(lines[0]["truncated"], true);
    }
}
