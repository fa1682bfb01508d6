//! Texts in a file that a spreadsheet may open: what it would run as a formula begins with an
//! apostrophe there (OWASP, "CSV injection"), and reading takes that off again.

use std::borrow::Cow;

/// Whether a spreadsheet would run it, or it looks like one that was kept from it: so that what was
/// written is what is read, whatever it was.
fn is_risky(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// A text as it is written.
#[must_use]
pub fn for_spreadsheet(text: &str) -> Cow<'_, str> {
    if is_risky(text) { format!("'{text}").into() } else { text.into() }
}

/// A text that was written so, or that another program wrote as it is.
pub(super) fn read(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| is_risky(rest)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_spreadsheet_runs_what_is_written_and_it_is_read_as_it_was() {
        for text in ["=1+1", "+1", "-1", "@a", "\ta", "\ra", "'=1", "''-1", "=", "'\t"] {
            assert_eq!(for_spreadsheet(text), format!("'{text}"));
            assert_eq!(read(&for_spreadsheet(text)), text);
        }
        for text in ["", "Tea", "'t Hooft", "'", "''", "a=1", "1-2"] {
            assert_eq!((&*for_spreadsheet(text), read(text)), (text, text));
        }
        assert_eq!(read("=1"), "=1");
    }
}
