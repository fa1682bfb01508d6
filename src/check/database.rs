//! The database file itself.

use super::invariant::{Invariant, Query};

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant {
        id: "D1",
        what: "The database file is intact: every page, index and CHECK rule.",
        query: Query::Sqlite(
            "SELECT integrity_check AS row_at_fault FROM pragma_integrity_check
             WHERE integrity_check <> 'ok'",
        ),
    },
    Invariant {
        id: "D2",
        what: "Every reference to another row finds it.",
        query: Query::Sqlite(
            "SELECT \"table\" || ' refers to a missing row of ' || \"parent\" AS row_at_fault
             FROM pragma_foreign_key_check",
        ),
    },
];
