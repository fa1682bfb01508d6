//! Idempotency keys.

use super::invariant::{Invariant, Query};

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant {
        id: "I1",
        what: "A key is claimed once per holder and endpoint.",
        query: Query::Same(
            "SELECT 'key of ' || holder || ' for ' || endpoint || ', ' || COUNT(*) || ' times'
                 AS row_at_fault
             FROM idempotency_keys GROUP BY holder, endpoint, key HAVING COUNT(*) > 1",
        ),
    },
    Invariant {
        id: "I2",
        what: "A finished key holds its answer, and only a finished one.",
        query: Query::Same(
            "SELECT 'key ' || id || ' is ' || state AS row_at_fault FROM idempotency_keys
             WHERE (state = 'finished'
                     AND (status IS NULL OR headers IS NULL OR body IS NULL))
                OR (state <> 'finished'
                     AND (status IS NOT NULL OR headers IS NOT NULL OR body IS NOT NULL))",
        ),
    },
    Invariant {
        id: "I3",
        what: "A key makes at most one order while it is kept.",
        // A key is forgotten after 72 hours and may then make another.
        query: Query::Same(
            "SELECT 'order ' || id || ' of key ' || idempotency_id AS row_at_fault
             FROM (
                 SELECT id, idempotency_id, created_at - LAG(created_at) OVER (
                     PARTITION BY idempotency_id ORDER BY created_at, id) AS after_the_last
                 FROM orders WHERE idempotency_id IS NOT NULL
             ) AS orders_of_keys
             WHERE after_the_last < 259200000000",
        ),
    },
    Invariant {
        id: "I4",
        what: "No key stays running two minutes after its lock ended, unless a gateway is still \
               being asked.",
        query: Query::Same(
            "SELECT 'key ' || k.id AS row_at_fault FROM idempotency_keys k
             WHERE k.state = 'running' AND k.locked_until < ? - 120000000
                AND NOT EXISTS (SELECT 1 FROM payment_operations o
                    WHERE o.idempotency_id = k.id AND o.status = 'pending')",
        ),
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Dialect;
    use crate::idempotency::KEPT;

    #[test]
    fn the_check_knows_how_long_keys_are_kept() {
        let keys = INVARIANTS.iter().find(|invariant| invariant.id == "I3").unwrap();
        let text = keys.query.text(Dialect::Sqlite).unwrap();
        assert!(text.contains(&format!("< {}", KEPT.as_micros())));
    }
}
