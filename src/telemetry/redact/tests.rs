//! The nets against planted secrets, innocent texts and random ones.

use std::borrow::Cow;

use super::secrets::{INNOCENT, planted};
use super::*;

/// With everything encoded that has a meaning anywhere in a URL.
fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let encode = |byte: u8| match plain(byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

#[test]
fn no_planted_secret_gets_through() {
    for planted in planted() {
        let clean = scrub(planted.text);
        assert!(planted.text.contains(planted.secret), "{} is not planted", planted.name);
        assert!(!clean.contains(planted.secret), "{}: {clean}", planted.name);
        assert!(clean.contains(REDACTED), "{}: {clean}", planted.name);
        let mut encoded = planted.text.to_owned();
        for times in 1..=2 {
            encoded = percent_encoded(&encoded);
            let clean = scrub(&encoded);
            assert!(!clean.contains(planted.secret), "{}, {times}: {clean}", planted.name);
            assert!(clean.contains(REDACTED), "{}, {times}: {clean}", planted.name);
        }
    }
    assert!(planted().len() >= 30);
}

#[test]
fn innocent_texts_come_out_as_they_went_in() {
    for text in INNOCENT {
        assert!(matches!(scrub(text), Cow::Borrowed(same) if same == *text), "{}", scrub(text));
    }
}

#[test]
fn what_stands_around_a_secret_stays() {
    for (text, clean) in [
        ("card 4111 1111 1111 1111, ok", "card [REDACTED], ok"),
        ("4111111111111111 4242424242424242", "[REDACTED] [REDACTED]"),
        ("postgres://u:p@db/orders", "postgres://[REDACTED]@db/orders"),
        ("/a?token=abc&b=c", "/a?token=[REDACTED]&b=c"),
        (r#"{"token":"a\"b","b":"c"}"#, r#"{"token":"[REDACTED]","b":"c"}"#),
        (r#"{\"token\":\"a\\\"b\",\"b\":1}"#, r#"{\"token\":\"[REDACTED]\",\"b\":1}"#),
        ("L { token: Some(\"a)\"), b: 1 }", "L { token: [REDACTED], b: 1 }"),
        ("mail jane@example.com.", "mail [REDACTED]."),
        ("Bearer abc123. Then", "Bearer [REDACTED]. Then"),
        (r#"[("token", "abc"), ("b", "c")]"#, r#"[("token", "[REDACTED]"), ("b", "c")]"#),
        ("é4111111111111111é", "é[REDACTED]é"),
        ("a%204111111111111111%20", "a [REDACTED] "),
    ] {
        assert_eq!(scrub(text), clean);
    }
}

#[test]
fn card_numbers_are_known_as_integers() {
    for card in [4_111_111_111_111_111, 4_222_222_222_222, 6_304_000_000_000_000_000] {
        assert!(scrub_number(card), "{card}");
    }
    for number in [0, 5, 4_111_111_111_111_112, 1_795_455_552_000_001, u64::MAX, 411_111_111_111] {
        assert!(!scrub_number(number), "{number}");
    }
}

#[test]
fn every_hit_is_counted_under_its_rule() {
    let emails = || counts().iter().find(|(rule, _)| *rule == "email").map(|(_, count)| *count);
    let before = emails();
    let _ = scrub("to jane@example.com and joe@example.com");
    assert!(emails() >= before.map(|count| count + 2));
    assert!(hides_field("password") && !hides_field("sku"));
}

/// Texts put together at random from what the rules look for.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }

    fn text(&mut self) -> String {
        const PIECES: &[&str] = &[
            "password",
            "token",
            "email",
            "=",
            ":",
            ": ",
            "\"",
            "\\\"",
            "\\\\",
            "'",
            "%22",
            "%3D",
            "%40",
            "%",
            "@",
            "://",
            "/",
            ".",
            ",",
            ", ",
            "(",
            ")",
            "{",
            "}",
            "[",
            "]",
            " ",
            "\n",
            "\\n",
            "-",
            "_",
            "é",
            "日",
            "\u{a0}",
            "4",
            "11",
            "4111111111111111",
            "1111",
            "eyJhbGciOiJIUzI1",
            "Bearer ",
            "basic ",
            "dk_",
            "tok_abc",
            "a",
            "b.co",
            "X9",
            "[REDACTED]",
            "-----BEGIN PRIVATE KEY-----",
            "-----END ",
            "cookie",
            "address",
            "&",
            ";",
            "+",
            "=>",
        ];
        (0..self.below(14)).map(|_| PIECES[self.below(PIECES.len())]).collect()
    }
}

#[test]
fn random_texts_never_panic_and_settle_at_once() {
    let mut random = Random(0x5eed_1234_abcd_0001);
    for _ in 0..60_000 {
        let text = random.text();
        let once = scrub(&text).into_owned();
        assert_eq!(scrub(&once), once, "from {text:?}");
    }
}

#[test]
fn a_card_in_a_random_text_is_found_wherever_it_stands_alone() {
    let mut random = Random(0x0ddb_a115_eed1);
    for _ in 0..20_000 {
        let text = format!("{} 4111111111111111, {}", random.text(), random.text());
        let alone = !text.contains("11 4111111111111111");
        assert!(!alone || !scrub(&text).contains(" 4111111111111111,"), "{text:?}");
    }
}
