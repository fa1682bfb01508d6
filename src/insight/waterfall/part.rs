//! Parts of a trace's time.

/// From one moment of a trace to another, in microseconds from its beginning on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Part {
    /// Its beginning.
    pub from: u64,
    /// Its end, never before its beginning.
    pub to: u64,
}

impl Part {
    /// How long it is.
    #[must_use]
    pub fn us(self) -> u64 {
        self.to.saturating_sub(self.from)
    }
}

pub(super) fn total(parts: &[Part]) -> u64 {
    parts.iter().map(|part| part.us()).sum()
}

/// The same time in parts that neither overlap nor touch.
pub(super) fn merged(mut parts: Vec<Part>) -> Vec<Part> {
    parts.sort_unstable();
    let mut merged: Vec<Part> = Vec::with_capacity(parts.len());
    for part in parts.into_iter().filter(|part| part.to > part.from) {
        match merged.last_mut().filter(|last| part.from <= last.to) {
            Some(last) => last.to = last.to.max(part.to),
            None => merged.push(part),
        }
    }
    merged
}

/// What of `whole` is in none of `parts`.
pub(super) fn left_over(whole: Part, parts: Vec<Part>) -> Vec<Part> {
    let mut left = Vec::new();
    let mut from = whole.from;
    for part in merged(parts) {
        let until = part.from.min(whole.to);
        if until > from {
            left.push(Part { from, to: until });
        }
        from = from.max(part.to);
    }
    if whole.to > from {
        left.push(Part { from, to: whole.to });
    }
    left
}
