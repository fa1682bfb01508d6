//! Closed sets of label values: each value is a time series, so nothing open becomes one.

/// Makes an enum whose values are label values.
macro_rules! label {
    (
        $(#[$doc:meta])*
        $name:ident { $($(#[$inner:meta])* $variant:ident = $word:literal),+ $(,)? }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $($(#[$inner])* $variant),+ }

        impl $name {
            /// Every value, as its word.
            pub(in crate::telemetry) const WORDS: &'static [&'static str] = &[$($word),+];

            /// The word.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }
    };
}
pub(super) use label;

/// A label with all values that it can have; none when they are not known before they are seen.
pub(super) type Label = (&'static str, &'static [&'static str]);

pub(super) fn names(labels: &[Label]) -> Vec<&'static str> {
    labels.iter().map(|(name, _)| *name).collect()
}

/// Every combination of values, in the order of the labels.
pub(super) fn combinations(labels: &[Label]) -> Vec<Vec<&'static str>> {
    labels.iter().fold(vec![Vec::new()], |rows, (_, values)| {
        let longer = |row: Vec<&'static str>| {
            values.iter().map(move |value| [row.as_slice(), &[*value]].concat())
        };
        rows.into_iter().flat_map(longer).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_combination_is_made_and_none_when_a_set_is_open() {
        let closed: [Label; 2] = [("a", &["1", "2"]), ("b", &["x", "y"])];
        let all = [["1", "x"], ["1", "y"], ["2", "x"], ["2", "y"]];
        assert_eq!(combinations(&closed), all);
        assert_eq!(combinations(&[("a", &["1"]), ("b", &[])]), Vec::<Vec<&str>>::new());
        assert_eq!(combinations(&[]), [Vec::<&str>::new()]);
    }
}
