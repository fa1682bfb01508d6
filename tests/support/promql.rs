//! What an expression of PromQL names: its metrics, the label values that it asks for, and the
//! numbers that it holds quantiles against. A line of `/metrics` reads like an expression, so the
//! same functions say what a server exposes.
#![allow(dead_code, reason = "not every test binary that includes this file needs all of it")]

use std::collections::BTreeSet;

/// A sign, or the smallest thing with a meaning.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Number(String),
    /// A literal, without its quotes.
    Text(String),
    Sign(char),
}

impl Token {
    fn is(&self, sign: char) -> bool {
        *self == Self::Sign(sign)
    }

    fn word(&self) -> Option<&str> {
        if let Self::Word(word) = self { Some(word) } else { None }
    }
}

/// A label that must have one of these values: `outcome=~"placed|pending"`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Matcher {
    pub metric: String,
    pub label: String,
    pub values: Vec<String>,
}

const KEYWORDS: &[&str] = &["and", "or", "unless", "offset", "bool", "inf", "nan"];
/// Words that a list of labels in parentheses follows.
const LISTS: &[&str] = &["by", "without", "on", "ignoring", "group_left", "group_right"];
/// Of an expression such as `route=~"/v1/.*"`: nobody can say which values those are.
const PATTERN: &[char] = &['.', '*', '+', '?', '(', ')', '[', ']', '\\', '^', '$'];

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == ':'
}

/// Comments and Grafana's variables (`$name`, `${name}`) are not among the tokens.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let (token, length) = match first {
            '#' => (None, rest.find('\n').unwrap_or(rest.len())),
            '$' => (None, variable_length(rest)),
            '"' | '\'' | '`' => {
                let (text, length) = literal(rest, first);
                (Some(Token::Text(text)), length)
            }
            '0'..='9' => {
                let length = rest.find(|c| !is_word(c) && c != '.').unwrap_or(rest.len());
                (Some(Token::Number(rest[..length].to_owned())), length)
            }
            _ if word > 0 => (Some(Token::Word(rest[..word].to_owned())), word),
            _ => (Some(Token::Sign(first)), first.len_utf8()),
        };
        tokens.extend(token);
        rest = rest[length..].trim_start();
    }
    tokens
}

fn variable_length(rest: &str) -> usize {
    if rest.starts_with("${") {
        return rest.find('}').map_or(rest.len(), |end| end + 1);
    }
    1 + rest[1..].find(|c| !is_word(c)).unwrap_or(rest.len() - 1)
}

/// The text of the literal that `rest` begins with, and its length with both quotes.
fn literal(rest: &str, quote: char) -> (String, usize) {
    let mut text = String::new();
    let mut escaped = false;
    for (index, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' if quote != '`' => escaped = true,
            _ if c == quote => return (text, index + 1),
            _ => {}
        }
        if !escaped {
            text.push(c);
        }
    }
    (text, rest.len())
}

/// Just past the sign that closes the one at `start`.
fn past(tokens: &[Token], start: usize, open: char, close: char) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(start) {
        if token.is(open) {
            depth += 1;
        } else if token.is(close) {
            depth = depth.saturating_sub(1);
        }
        if depth == 0 {
            return index + 1;
        }
    }
    tokens.len()
}

/// Every selector: the metric's name, and what stands between its braces.
fn selectors(tokens: &[Token]) -> Vec<(&str, &[Token])> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let next = tokens.get(at + 1);
        let opens = |sign| next.is_some_and(|next| next.is(sign));
        let Some(word) = tokens[at].word() else {
            at = if tokens[at].is('{') { past(tokens, at, '{', '}') } else { at + 1 };
            continue;
        };
        if LISTS.contains(&word) && opens('(') {
            at = past(tokens, at + 1, '(', ')');
            continue;
        }
        let aggregates = matches!(next.and_then(Token::word), Some("by" | "without"));
        let keyword = KEYWORDS.contains(&word.to_lowercase().as_str()) || LISTS.contains(&word);
        if !(keyword || aggregates || opens('(')) {
            let end = if opens('{') { past(tokens, at + 1, '{', '}') } else { at + 1 };
            found.push((word, &tokens[at + 1..end]));
        }
        at += 1;
    }
    found
}

/// The whole that `name` may be a part of: a histogram has `_bucket`, `_sum` and `_count`.
pub fn family(name: &str) -> &str {
    let part = ["_bucket", "_sum", "_count"].iter().find_map(|part| name.strip_suffix(part));
    part.unwrap_or(name)
}

/// The metrics that an expression names.
pub fn names_in(text: &str) -> BTreeSet<String> {
    let tokens = tokens(text);
    selectors(&tokens).iter().map(|(name, _)| family(name).to_owned()).collect()
}

/// The label values that an expression asks for; exclusions and patterns ask for none.
pub fn matchers_in(text: &str) -> Vec<Matcher> {
    let tokens = tokens(text);
    let mut matchers = Vec::new();
    for (metric, braces) in selectors(&tokens) {
        for at in 0..braces.len() {
            let (label, values) = match &braces[at..] {
                [Token::Word(label), Token::Sign('='), Token::Text(value), ..] => {
                    (label, vec![value.clone()])
                }
                [Token::Word(label), Token::Sign('='), Token::Sign('~'), Token::Text(any), ..]
                    if !any.contains(PATTERN) =>
                {
                    (label, any.split('|').map(str::to_owned).collect())
                }
                _ => continue,
            };
            matchers.push(Matcher {
                metric: family(metric).to_owned(),
                label: label.clone(),
                values,
            });
        }
    }
    matchers
}

/// The numbers that quantiles are held against, with the histogram that they are of.
pub fn quantile_thresholds(text: &str) -> Vec<(String, f64)> {
    let tokens = tokens(text);
    let mut thresholds = Vec::new();
    for start in 0..tokens.len() {
        if tokens[start].word() != Some("histogram_quantile") {
            continue;
        }
        let end = past(&tokens, start + 1, '(', ')');
        let signs = [')', '>', '<', '='];
        let rest = tokens[end..].iter().find(|token| !signs.iter().any(|sign| token.is(*sign)));
        let compared = tokens[end..].iter().find(|token| !token.is(')'));
        if let (Some(Token::Sign('>' | '<')), Some(Token::Number(number))) = (compared, rest)
            && let Ok(threshold) = number.parse()
        {
            let histograms = selectors(&tokens[start..end]).into_iter();
            thresholds.extend(histograms.map(|(name, _)| (family(name).to_owned(), threshold)));
        }
    }
    thresholds
}

#[test]
fn metrics_are_told_from_functions_labels_and_words() {
    for (text, expected) in [
        ("up == 0", vec!["up"]),
        (r#"up{job="docket", instance=~"$instance"} == 0"#, vec!["up"]),
        ("sum by (job) (rate(orders_total[5m])) / sum(b)", vec!["b", "orders_total"]),
        ("sum(rate(a_bucket[$__rate_interval])) by (le) > a_sum / a_count", vec!["a"]),
        ("time() - max without (id) (a{x!~'b|c'}) > 9e3 and on (job) b offset 1d", vec!["a", "b"]),
        ("a > ignoring (x) group_left b or on (c) group_right (d) e", vec!["a", "b", "e"]),
        (r#"label_replace(rate(a[5m]), "b", "$1", "c", "\"d(e).*")"#, vec!["a"]),
        ("job:a:rate5m offset 1w unless bool # c{d}\n > -Inf", vec!["job:a:rate5m"]),
        ("topk(3, sum by (b, le) (increase(a_total{c=~\"4..\"}[${range}])))", vec!["a_total"]),
        ("{job=\"a\"} or vector(0)", vec![]),
    ] {
        let expected = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(names_in(text), expected, "{text}");
    }
}

#[test]
fn a_line_of_metrics_reads_like_an_expression() {
    let line = r#"a_duration_seconds_bucket{route="/v1/\"x{y}",le="+Inf"} 1.5e+06"#;
    assert_eq!(names_in(line), BTreeSet::from(["a_duration_seconds".to_owned()]));
    let matchers = matchers_in(line);
    assert_eq!(matchers[0].values, ["/v1/\"x{y}"]);
    assert_eq!((matchers[1].label.as_str(), matchers[1].values[0].as_str()), ("le", "+Inf"));
    assert_eq!(names_in("a_total 3"), BTreeSet::from(["a_total".to_owned()]));
}

#[test]
fn label_values_are_those_that_are_asked_for() {
    let text = r#"a{x="1", y=~"2|3", z!="4", v!~"5", w=~"6.."} + b{x=~"$x"}"#;
    let told: Vec<_> = matchers_in(text).into_iter().map(|m| (m.label, m.values)).collect();
    let owned = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>();
    assert_eq!(told, [("x".into(), owned(&["1"])), ("y".into(), owned(&["2", "3"]))]);
}

#[test]
fn thresholds_on_quantiles_are_found() {
    let quantile = "histogram_quantile(0.95, sum by (le) (rate(a_bucket[5m])))";
    let found = |text: String| quantile_thresholds(&text);
    assert_eq!(found(format!("{quantile} > 2.5 and b > 1")), [("a".to_owned(), 2.5)]);
    assert_eq!(found(format!("(({quantile})) >= 7 and b")), [("a".to_owned(), 7.0)]);
    assert_eq!(found(format!("{quantile} and b > 1")), []);
    assert_eq!(found("a > 3".to_owned()), []);
}
