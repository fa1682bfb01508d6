//! Money in the ledger, and the sums of it that payments carry.

use super::invariant::{Invariant, Query};

pub(super) const INVARIANTS: &[Invariant] = &[
    Invariant {
        id: "M1",
        what: "Every ledger transfer moves money from one account to another, in its payment's \
               currency.",
        query: Query::Same(
            "SELECT 'transfer ' || t.id || ' of payment ' || t.payment_id AS row_at_fault
             FROM ledger_transfers t LEFT JOIN payments p ON p.id = t.payment_id
             WHERE t.amount <= 0 OR t.debit_account = t.credit_account
                OR p.id IS NULL OR p.currency <> t.currency",
        ),
    },
    Invariant {
        id: "M3",
        what: "No payment refunds more than it captured, or captures and voids more than was \
               authorized.",
        query: Query::Same(
            "SELECT 'payment ' || id AS row_at_fault FROM payments
             WHERE amount_capturing < 0 OR amount_captured < 0 OR amount_voiding < 0
                OR amount_voided < 0 OR amount_refunding < 0 OR amount_refunded < 0
                OR amount_refunding + amount_refunded > amount_captured
                OR amount_capturing + amount_captured + amount_voiding + amount_voided
                   > amount_authorized
                OR amount_authorized > amount",
        ),
    },
    Invariant {
        id: "M4",
        what: "A payment's amounts are the sums of its ledger transfers.",
        // A manual payment has no gateway to authorize or void it, so nothing to transfer for that.
        query: Query::Same(
            "SELECT 'payment ' || p.id AS row_at_fault
             FROM payments p LEFT JOIN (
                 SELECT payment_id,
                     SUM(CASE WHEN kind = 'authorization' THEN amount ELSE 0 END) AS authorized,
                     SUM(CASE WHEN kind = 'capture' THEN amount ELSE 0 END) AS captured,
                     SUM(CASE WHEN kind = 'void' THEN amount ELSE 0 END) AS voided,
                     SUM(CASE WHEN kind = 'refund' THEN amount ELSE 0 END) AS refunded
                 FROM ledger_transfers GROUP BY payment_id
             ) t ON t.payment_id = p.id
             WHERE p.amount_captured <> COALESCE(t.captured, 0)
                OR p.amount_refunded <> COALESCE(t.refunded, 0)
                OR (p.method = 'card' AND (p.amount_authorized <> COALESCE(t.authorized, 0)
                    OR p.amount_voided <> COALESCE(t.voided, 0)))",
        ),
    },
    Invariant {
        id: "M5",
        what: "A capture or void that settles an authorization names one of the same payment.",
        query: Query::Same(
            "SELECT 'transfer ' || t.id || ' of payment ' || t.payment_id AS row_at_fault
             FROM ledger_transfers t
             JOIN payments p ON p.id = t.payment_id
             LEFT JOIN ledger_transfers a ON a.id = t.pending_id
                 AND a.kind = 'authorization' AND a.payment_id = t.payment_id
             WHERE a.id IS NULL AND (t.pending_id IS NOT NULL
                 OR (t.kind IN ('capture', 'void') AND p.method = 'card'))",
        ),
    },
];
