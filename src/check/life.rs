//! The life of an order, as the journal tells it.

use super::invariant::{Invariant, Query};

/// A query over `moves`: each change of an order's status in the journal's order, with the status
/// before and after it (`came_from`, `went_to`), and where the change before it had led
/// (`had_led_to`). What waits for its number comes last.
macro_rules! over_moves {
    ($query:literal) => {
        Query::Each {
            sqlite: over_moves!(
                "json_extract(e.before, '$.status')",
                "json_extract(e.after, '$.status')",
                $query
            ),
            postgres: over_moves!(
                "(CAST(e.before AS json) ->> 'status')",
                "(CAST(e.after AS json) ->> 'status')",
                $query
            ),
        }
    };
    ($before:literal, $after:literal, $query:literal) => {
        concat!(
            "WITH statuses AS (
                 SELECT e.id, e.subject, COALESCE(s.seq, 9223372036854775807) AS place, ",
            $before,
            " AS came_from, ",
            $after,
            " AS went_to
                 FROM journal_entries e LEFT JOIN journal_sequence s ON s.entry_id = e.id
                 WHERE e.subject LIKE 'order:%'
             ), moves AS (
                 SELECT statuses.*,
                     LAG(went_to) OVER (PARTITION BY subject ORDER BY place, id) AS had_led_to,
                     ROW_NUMBER() OVER (PARTITION BY subject ORDER BY place DESC, id DESC)
                         AS last_is_1
                 FROM statuses WHERE went_to IS NOT NULL
             ) ",
            $query
        )
    };
}

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant {
        id: "T1",
        what: "An order moves from pending to confirmed to completed, or from the first two to \
               cancelled.",
        query: over_moves!(
            "SELECT 'entry ' || id || ' of ' || subject || ': ' || COALESCE(came_from, 'nothing')
                 || ' to ' || went_to AS row_at_fault
             FROM moves
             WHERE (came_from IS NULL AND went_to NOT IN ('pending', 'confirmed', 'cancelled'))
                OR (came_from IS NOT NULL AND came_from <> went_to AND NOT (
                     (came_from = 'pending' AND went_to IN ('confirmed', 'cancelled'))
                     OR (came_from = 'confirmed' AND went_to IN ('completed', 'cancelled'))))"
        ),
    },
    Invariant {
        id: "T2",
        what: "Each change of an order begins where the one before it ended.",
        query: over_moves!(
            "SELECT 'entry ' || id || ' of ' || subject AS row_at_fault FROM moves
             WHERE COALESCE(came_from, 'nothing') <> COALESCE(had_led_to, 'nothing')"
        ),
    },
    Invariant {
        id: "T3",
        what: "An order is where its last change left it.",
        query: over_moves!(
            "SELECT 'order ' || o.id || ' is ' || o.status || ', not '
                 || COALESCE(m.went_to, 'unknown to the journal') AS row_at_fault
             FROM orders o LEFT JOIN moves m ON m.subject = 'order:' || o.id AND m.last_is_1 = 1
             WHERE m.went_to IS NULL OR m.went_to <> o.status"
        ),
    },
];
