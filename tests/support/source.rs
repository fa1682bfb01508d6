//! Rust source as text: its tokens, its functions, and the modules that it names.

/// A word or a sign of a program, with the line it is on. `::` is one sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub text: String,
    pub line: usize,
}

/// The tokens of a program without its tests; comments and literals are not among them.
pub fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    for (index, line) in without_tests(&code(text)).lines().enumerate() {
        let mut rest = line.trim_start();
        while let Some(first) = rest.chars().next() {
            let length = match first {
                _ if is_word(first) => rest.find(|c| !is_word(c)).unwrap_or(rest.len()),
                _ if rest.starts_with("::") => 2,
                _ => first.len_utf8(),
            };
            tokens.push(Token { text: rest[..length].to_owned(), line: index + 1 });
            rest = rest[length..].trim_start();
        }
    }
    tokens
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The text with comments and literals blanked; every line stays where it is.
fn code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = ' ';
    while let Some(first) = rest.chars().next() {
        let blank = if is_word(before) { None } else { literal_length(rest) };
        let blank = blank.or_else(|| comment_length(rest));
        let length = blank.unwrap_or(first.len_utf8());
        let (taken, after) = rest.split_at(length);
        match blank {
            Some(_) => code.extend(taken.chars().map(|c| if c == '\n' { c } else { ' ' })),
            None => code.push_str(taken),
        }
        before = taken.chars().next_back().unwrap_or(' ');
        rest = after;
    }
    code
}

fn comment_length(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    rest.starts_with("/*").then(|| rest.find("*/").map_or(rest.len(), |end| end + 2))
}

/// The length of the string or character that the text begins with.
fn literal_length(rest: &str) -> Option<usize> {
    let plain = rest.strip_prefix('b').unwrap_or(rest);
    let prefix = rest.len() - plain.len();
    if let Some(raw) = plain.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let inner = raw[hashes..].strip_prefix('"')?;
        let close = format!("\"{}", "#".repeat(hashes));
        let end = inner.find(&close).map_or(inner.len(), |end| end + close.len());
        return Some(prefix + 1 + hashes + 1 + end);
    }
    if let Some(inner) = plain.strip_prefix('"') {
        return Some(prefix + 1 + quoted_length(inner, '"'));
    }
    let inner = plain.strip_prefix('\'')?;
    let mut characters = inner.chars();
    let (first, second) = (characters.next()?, characters.next()?);
    // Anything else is a lifetime.
    (first == '\\' || second == '\'').then(|| prefix + 1 + quoted_length(inner, '\''))
}

/// How far it is past the closing quote.
fn quoted_length(inner: &str, quote: char) -> usize {
    let mut escaped = false;
    for (index, c) in inner.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return index + c.len_utf8(),
            _ => {}
        }
    }
    inner.len()
}

/// Blanks every item under `#[cfg(test)]`.
fn without_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(start) = rest.find(MARK) {
        let (before, item) = rest.split_at(start);
        let (item, after) = item.split_at(item_length(item));
        kept.push_str(before);
        kept.extend(item.chars().map(|c| if c == '\n' { c } else { ' ' }));
        rest = after;
    }
    kept + rest
}

/// Up to the brace that closes the first one, or to the semicolon of an item without braces.
fn item_length(item: &str) -> usize {
    let mut depth = 0_usize;
    for (index, c) in item.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 1 => return index + 1,
            '}' => depth = depth.saturating_sub(1),
            ';' if depth == 0 => return index + 1,
            _ => {}
        }
    }
    item.len()
}

/// The name and the number of lines of every function with a body.
pub fn functions(tokens: &[Token]) -> Vec<(String, usize)> {
    let mut functions = Vec::new();
    for (start, two) in tokens.windows(2).enumerate() {
        let named = two[1].text.chars().all(is_word);
        if two[0].text == "fn"
            && named
            && let Some(end) = body_end(&tokens[start..])
        {
            let lines = tokens[start + end].line - tokens[start].line + 1;
            functions.push((two[1].text.clone(), lines));
        }
    }
    functions
}

/// Where the body's closing brace is; `None` for a function that is only declared.
fn body_end(tokens: &[Token]) -> Option<usize> {
    let (mut brackets, mut braces) = (0_i32, 0_i32);
    for (index, token) in tokens.iter().enumerate() {
        match token.text.as_str() {
            "(" | "[" => brackets += 1,
            ")" | "]" => brackets -= 1,
            ";" if brackets == 0 && braces == 0 => return None,
            "{" => braces += 1,
            "}" => {
                braces -= 1;
                if braces == 0 {
                    return Some(index);
                }
            }
            _ => {}
        }
    }
    None
}

/// The top-level modules that a file names by a path: `crate::a`, `docket::a`, `crate::{a, b::c}`,
/// or as many `super::` as lead out of its own. `depth` is how many modules deep the file is.
pub fn modules_named(tokens: &[Token], depth: usize) -> Vec<Token> {
    let mut named = Vec::new();
    let text = |index: usize| tokens.get(index).map_or("", |token| token.text.as_str());
    for start in 0..tokens.len() {
        if start > 0 && text(start - 1) == "::" {
            continue;
        }
        let supers = (start..).step_by(2).take_while(|at| text(*at) == "super").count();
        let root = match text(start) {
            "crate" | "docket" => start,
            "super" if supers == depth => start + 2 * (supers - 1),
            _ => continue,
        };
        if text(root + 1) == "::" {
            named.extend(first_names(&tokens[root + 2..]));
        }
    }
    named
}

/// The name that a path goes on with, or all the names of its group.
fn first_names(path: &[Token]) -> Vec<Token> {
    let Some(first) = path.first() else { return Vec::new() };
    if first.text != "{" {
        return vec![first.clone()];
    }
    let mut names = Vec::new();
    let mut depth = 0;
    for (index, token) in path.iter().enumerate() {
        match token.text.as_str() {
            "{" => depth += 1,
            "}" => depth -= 1,
            _ if depth == 1 && matches!(path[index - 1].text.as_str(), "{" | ",") => {
                names.push(token.clone());
            }
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}
