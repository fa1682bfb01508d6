//! A text under the net, and how far rules may look around in it.

/// The bytes of a text. Nothing before `floor` may be looked at: it has been cut out already, and
/// what follows it stands as at the beginning of a text.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) floor: usize,
}

impl<'a> Text<'a> {
    pub(super) fn byte(&self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    pub(super) fn before(&self, at: usize) -> Option<u8> {
        (at > self.floor).then(|| self.bytes[at - 1])
    }

    /// What lies between the floor and here.
    pub(super) fn head(&self, end: usize) -> &'a [u8] {
        self.bytes.get(self.floor..end).unwrap_or_default()
    }

    pub(super) fn tail(&self, start: usize) -> &'a [u8] {
        self.bytes.get(start..).unwrap_or_default()
    }

    /// Where the run of such bytes that ends here starts.
    pub(super) fn run_before(&self, end: usize, belongs: impl Fn(u8) -> bool) -> usize {
        let run = self.head(end).iter().rev().take_while(|byte| belongs(**byte)).count();
        end - run
    }

    /// Where the run of such bytes that starts here ends.
    pub(super) fn run_after(&self, start: usize, belongs: impl Fn(u8) -> bool) -> usize {
        start + self.tail(start).iter().take_while(|byte| belongs(**byte)).count()
    }

    /// Whether a word may start here: not after a letter, a digit or `_`, but after an escape
    /// (`\n`) all the same.
    pub(super) fn starts_word(&self, at: usize) -> bool {
        self.before(at).is_none_or(|byte| !is_word(byte)) || self.follows_escape(at)
    }

    pub(super) fn follows_escape(&self, at: usize) -> bool {
        matches!(self.head(at), [.., b'\\', b'n' | b'r' | b't'])
    }
}

/// Letters, digits and `_`.
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The letters of base64url: tokens are made of them.
pub(super) fn is_token(byte: u8) -> bool {
    is_word(byte) || byte == b'-'
}
