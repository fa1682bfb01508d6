//! Payments, the requests to gateways, and what the test gateway says it did.

use super::invariant::{Invariant, Query};

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant {
        id: "P4",
        what: "A gateway's reference belongs to one payment.",
        query: Query::Same(
            "SELECT gateway || ' ' || gateway_reference AS row_at_fault FROM payments
             WHERE gateway_reference IS NOT NULL
             GROUP BY gateway, gateway_reference HAVING COUNT(*) > 1",
        ),
    },
    Invariant {
        id: "P5",
        what: "Money was captured by exactly those payments that say so.",
        query: Query::Same(
            "SELECT 'payment ' || id || ' is ' || status AS row_at_fault FROM payments
             WHERE amount > 0
                AND (amount_captured > 0) <> (status IN ('captured', 'partially_captured'))",
        ),
    },
    Invariant {
        id: "P6",
        what: "No request to a gateway waits longer than two minutes past its time.",
        query: Query::Same(
            "SELECT 'operation ' || id || ' of payment ' || payment_id AS row_at_fault
             FROM payment_operations WHERE status = 'pending' AND due_at < ? - 120000000",
        ),
    },
    Invariant {
        id: "P7",
        what: "What a payment has under way is what its open requests to the gateway ask for.",
        query: Query::Same(
            "SELECT 'payment ' || p.id AS row_at_fault
             FROM payments p LEFT JOIN (
                 SELECT payment_id,
                     SUM(CASE WHEN kind = 'capture' THEN amount ELSE 0 END) AS capturing,
                     SUM(CASE WHEN kind = 'void' THEN amount ELSE 0 END) AS voiding,
                     SUM(CASE WHEN kind = 'refund' THEN amount ELSE 0 END) AS refunding
                 FROM payment_operations WHERE status = 'pending' GROUP BY payment_id
             ) o ON o.payment_id = p.id
             WHERE p.amount_capturing <> COALESCE(o.capturing, 0)
                OR p.amount_voiding <> COALESCE(o.voiding, 0)
                OR p.amount_refunding <> COALESCE(o.refunding, 0)",
        ),
    },
    Invariant {
        id: "P8",
        what: "Every request that succeeded at the test gateway is in its own record, with its \
               amount.",
        query: Query::Same(
            "SELECT 'operation ' || o.id || ' of payment ' || o.payment_id AS row_at_fault
             FROM payment_operations o JOIN payments p ON p.id = o.payment_id
             LEFT JOIN test_gateway_records r ON r.id = o.id
             WHERE p.gateway = 'test' AND o.status = 'succeeded'
                AND (r.id IS NULL OR r.outcome <> 'approved' OR r.amount <> o.amount
                    OR r.currency <> p.currency)",
        ),
    },
    Invariant {
        id: "P9",
        what: "Everything that the test gateway approved is known here as done, or still open.",
        query: Query::Same(
            "SELECT 'record ' || r.id AS row_at_fault
             FROM test_gateway_records r LEFT JOIN payment_operations o ON o.id = r.id
             WHERE r.outcome = 'approved'
                AND (o.id IS NULL OR o.status NOT IN ('succeeded', 'pending'))",
        ),
    },
];
