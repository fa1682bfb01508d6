//! How often each rule hid something.

use std::sync::atomic::{AtomicU64, Ordering};

/// What gave a secret away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::telemetry) enum Rule {
    FieldName,
    NamedValue,
    Card,
    Credential,
    Jwt,
    Key,
    PrivateKey,
    UrlUserinfo,
    Email,
}

const NAMES: [&str; 9] = [
    "field_name",
    "named_value",
    "card",
    "credential",
    "jwt",
    "key",
    "private_key",
    "url_userinfo",
    "email",
];

impl Rule {
    /// The name of the rule, as in the metric.
    pub(in crate::telemetry) fn name(self) -> &'static str {
        NAMES[self as usize]
    }
}

static COUNTS: [AtomicU64; NAMES.len()] = [const { AtomicU64::new(0) }; NAMES.len()];

pub(super) fn count(rule: Rule) {
    COUNTS[rule as usize].fetch_add(1, Ordering::Relaxed);
}

/// Every rule with the number of values that it hid since the process started.
#[must_use]
pub fn counts() -> [(&'static str, u64); NAMES.len()] {
    std::array::from_fn(|rule| (NAMES[rule], COUNTS[rule].load(Ordering::Relaxed)))
}
