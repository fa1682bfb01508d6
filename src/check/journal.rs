//! The journal: complete, and numbered and sealed without a gap. Whether anything in it was changed
//! afterwards is for `docket audit verify` to say.

use super::invariant::{Invariant, Query};

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant {
        id: "A1",
        what: "The journal's sequence runs from 1 without a gap.",
        query: Query::Same(
            "SELECT 'sequence number ' || s.seq AS row_at_fault
             FROM journal_sequence s LEFT JOIN journal_sequence p ON p.seq = s.seq - 1
             WHERE s.seq < 1 OR (s.seq > 1 AND p.seq IS NULL)",
        ),
    },
    Invariant {
        id: "A2",
        what: "Every journal entry has one number, or waits for it.",
        query: Query::Same(
            "SELECT 'entry ' || e.id AS row_at_fault
             FROM journal_entries e
             LEFT JOIN journal_sequence s ON s.entry_id = e.id
             LEFT JOIN journal_unsequenced u ON u.entry_id = e.id
             WHERE (s.seq IS NULL) = (u.entry_id IS NULL)",
        ),
    },
    Invariant {
        id: "A3",
        what: "Every order is in the journal as placed, once.",
        query: Query::Same(
            "SELECT s.subject AS row_at_fault
             FROM (
                 SELECT 'order:' || id AS subject, 1 AS placed FROM orders
                 UNION ALL
                 SELECT subject, -1 FROM journal_entries WHERE type = 'order.placed'
             ) s GROUP BY s.subject HAVING SUM(s.placed) <> 0",
        ),
    },
    Invariant {
        id: "A4",
        what: "Seals are numbered without a gap, and each begins where the one before it ended.",
        query: Query::Same(
            "SELECT 'seal ' || s.number AS row_at_fault
             FROM journal_seals s LEFT JOIN journal_seals p ON p.number = s.number - 1
             WHERE s.number < 1 OR s.first_seq > s.last_seq
                OR s.last_seq > (SELECT COALESCE(MAX(seq), 0) FROM journal_sequence)
                OR (s.number = 1 AND s.first_seq <> 1)
                OR (s.number > 1 AND (p.number IS NULL OR s.first_seq <> p.last_seq + 1))",
        ),
    },
    Invariant {
        id: "A5",
        what: "Every request to a gateway that came out has its journal entry.",
        query: Query::Same(
            "SELECT 'payment ' || o.payment_id || ': ' || o.operations || ' times ' || o.entry
                 AS row_at_fault
             FROM (
                 SELECT d.payment_id, COUNT(*) AS operations, CASE
                     WHEN d.status = 'failed' THEN 'payment.failed'
                     WHEN d.kind = 'authorize' AND p.capture_mode = 'manual'
                         THEN 'payment.authorized'
                     WHEN d.kind IN ('authorize', 'capture') THEN 'payment.captured'
                     WHEN d.kind = 'void' THEN 'payment.voided'
                     ELSE 'payment.refunded' END AS entry
                 FROM payment_operations d JOIN payments p ON p.id = d.payment_id
                 WHERE d.status <> 'pending' GROUP BY d.payment_id, entry
             ) o LEFT JOIN (
                 SELECT subject, type, COUNT(*) AS entries FROM journal_entries
                 WHERE subject LIKE 'payment:%' GROUP BY subject, type
             ) e ON e.subject = 'payment:' || o.payment_id AND e.type = o.entry
             WHERE COALESCE(e.entries, 0) < o.operations",
        ),
    },
];
